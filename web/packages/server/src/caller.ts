import { CarillonError } from "./errors.js";
import { developmentToken, signToken } from "./tokens.js";

/** Somebody in whose name a call is made or a stream is opened. */
export interface User {
  id: string;
  session?: string;
  roles?: readonly string[];
  /** More claims of the token. */
  claims?: Readonly<Record<string, unknown>>;
}

export type TokenSource = string | (() => string | Promise<string>);

export interface CallerOptions {
  /** What Carillon has as `auth.secret`: tokens are signed with it here. Default `CARILLON_AUTH_SECRET`. */
  secret?: string | undefined;
  /** A token that somebody else made, or a function that gives one that is still valid. Goes before `secret`. */
  token?: TokenSource;
  /** Of signed tokens; what Carillon has as `auth.issuer` and one of `auth.audience`. */
  issuer?: string;
  audience?: string;
  /** Roles of this process; default `publisher` and `admin`, for lists and clients need the latter. */
  roles?: readonly string[];
  /** The name of this process in tokens; default `carillon-server`. */
  name?: string;
}

/** Seconds that a signed token of this process lasts, and the milliseconds before its end at which a new one is made. */
const lifetime = 600;
const margin = 120_000;

/** Gives the tokens that calls bear. */
export class Caller {
  private kept: { token: string; until: number } | undefined;
  private readonly secret: string | undefined;
  private readonly roles: readonly string[];
  private readonly name: string;

  constructor(
    private readonly options: CallerOptions,
    private readonly url: URL,
  ) {
    this.secret = options.secret ?? (environment("CARILLON_AUTH_SECRET") || undefined);
    this.roles = options.roles ?? ["publisher", "admin"];
    this.name = options.name ?? "carillon-server";
  }

  /** True where Carillon may believe a token that nobody has signed: nothing is configured, and it is on this machine. */
  get isDevelopment(): boolean {
    return (
      this.options.token === undefined &&
      this.secret === undefined &&
      isLoopback(this.url.hostname) &&
      environment("NODE_ENV") !== "production"
    );
  }

  /** The token of this process; undefined if it has none. `refused` is one that the server did not take. */
  async own(refused?: string): Promise<string | undefined> {
    const { token } = this.options;
    if (token !== undefined) return typeof token === "string" ? token : token();
    if (this.secret !== undefined) {
      if (!this.kept || this.kept.token === refused || this.kept.until < Date.now()) {
        const made = this.sign({ id: this.name, roles: this.roles }, lifetime);
        this.kept = { token: made, until: Date.now() + lifetime * 1000 - margin };
      }
      return this.kept.token;
    }
    return this.isDevelopment ? developmentToken(this.name, this.roles) : undefined;
  }

  /** True if asking again may give another token than the one that was refused. */
  get canRenew(): boolean {
    return typeof this.options.token === "function" || (this.options.token === undefined && !!this.secret);
  }

  /** A token for somebody else, `expiresIn` seconds long; needs the secret, or a developer's machine. */
  for(user: User, expiresIn?: number): string {
    if (this.secret !== undefined) return this.sign(user, expiresIn);
    if (this.isDevelopment) return developmentToken(user.id, user.roles ?? ["user"]);
    throw new CarillonError("UNAUTHENTICATED", "a token for a user needs the option `secret`");
  }

  private sign(user: User, expiresIn?: number): string {
    const { issuer, audience } = this.options;
    return signToken(
      {
        user: user.id,
        ...(user.session !== undefined && { session: user.session }),
        ...(user.roles !== undefined && { roles: user.roles }),
        ...(user.claims !== undefined && { claims: user.claims }),
        ...(issuer !== undefined && { issuer }),
        ...(audience !== undefined && { audience }),
        ...(expiresIn !== undefined && { expiresIn }),
      },
      this.secret ?? "",
    );
  }
}

export function environment(name: string): string | undefined {
  return typeof process === "undefined" ? undefined : process.env[name];
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(host);
}
