import { type Carillon, isCarillonError, readDevelopmentToken, type User, verifyToken } from "carillon-server";
import type { SSEModuleOptions } from "./options.js";

/** What guards put into `request.user`. */
export interface AuthenticatedUser extends User {
  /** The same as `id`. */
  userId: string;
  roles: readonly string[];
  username?: string;
  email?: string;
}

/** As much of a request as guards read; Express and Fastify have it. */
export interface GuardedRequest {
  headers: Record<string, string | string[] | undefined>;
  query?: unknown;
  socket?: { remoteAddress?: string | undefined };
  user?: AuthenticatedUser;
}

/** Says whose a token is. */
export class TokenCheck {
  private readonly secret: string | undefined;

  constructor(
    private readonly carillon: Carillon,
    private readonly options: SSEModuleOptions,
  ) {
    this.secret = options.secret ?? (process.env.CARILLON_AUTH_SECRET || undefined);
  }

  /** The user of the request's token: undefined if it shows none; throws `UNAUTHENTICATED` if it shows a wrong one. */
  async userOf(request: GuardedRequest): Promise<AuthenticatedUser | undefined> {
    const token = tokenOf(request);
    if (token === undefined) return undefined;
    const found = await this.check(token, request);
    return found && { ...found, userId: found.id, roles: found.roles ?? [] };
  }

  private async check(token: string, request: GuardedRequest): Promise<User | undefined> {
    if (this.options.verify) return (await this.options.verify(token)) ?? undefined;
    if (this.secret !== undefined) {
      const { issuer, audience } = this.options;
      const said = verifyToken(token, this.secret, { ...(issuer && { issuer }), ...(audience && { audience }) });
      return {
        id: said.user,
        roles: said.roles,
        ...(said.session !== undefined && { session: said.session }),
        ...pick(said.claims, ["username", "email"]),
      };
    }
    if (!this.carillon.isDevelopment || !isLocal(request)) return undefined;
    try {
      const { user, name, email, roles } = readDevelopmentToken(token);
      return { id: user, roles, ...{ username: name, email } };
    } catch (why) {
      if (isCarillonError(why)) return undefined;
      throw why;
    }
  }
}

function pick(claims: Readonly<Record<string, unknown>>, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name): [string, string][] => {
      const value = claims[name];
      return typeof value === "string" ? [[name, value]] : [];
    }),
  );
}

function tokenOf(request: GuardedRequest): string | undefined {
  const { authorization } = request.headers;
  if (typeof authorization === "string") {
    const [scheme, token] = authorization.split(" ");
    if (scheme?.toLowerCase() === "bearer" && token) return token;
  }
  const { query } = request;
  if (typeof query !== "object" || query === null || !("token" in query)) return undefined;
  return typeof query.token === "string" && query.token !== "" ? query.token : undefined;
}

/** Like Carillon: a development token counts only from this machine, and if no proxy has passed it on. */
function isLocal({ headers, socket }: GuardedRequest): boolean {
  const passedOn = Object.keys(headers).some((name) => name.startsWith("x-forwarded-") || name === "forwarded" || name === "via");
  const address = socket?.remoteAddress ?? "";
  return !passedOn && (address === "::1" || /^(::ffff:)?127\./.test(address));
}
