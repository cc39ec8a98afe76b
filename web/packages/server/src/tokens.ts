import { createHmac, timingSafeEqual } from "node:crypto";
import { CarillonError } from "./errors.js";

/** Who a token is for, and what it says besides. */
export interface TokenContent {
  user: string;
  session?: string;
  roles?: readonly string[];
  /** Seconds; default 300. Carillon ends a stream with its token, so make it last as long as a stream may. */
  expiresIn?: number;
  issuer?: string;
  audience?: string;
  /** More claims. */
  claims?: Readonly<Record<string, unknown>>;
}

/** What a verified token says. */
export interface VerifiedToken {
  user: string;
  session?: string;
  roles: string[];
  /** Milliseconds since 1970. */
  expiresAt?: number;
  claims: Readonly<Record<string, unknown>>;
}

const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");

function signature(text: string, secret: string): Buffer {
  return createHmac("sha256", secret).update(text).digest();
}

/** A JSON Web Token (RFC 7519), signed with HS256 and the secret that Carillon has as `auth.secret`. */
export function signToken(content: TokenContent, secret: string, now = Date.now()): string {
  if (secret === "") throw new CarillonError("INVALID_REQUEST", "the secret is empty");
  if (typeof content.user !== "string" || content.user === "") throw new CarillonError("INVALID_REQUEST", "a token needs a user");
  const issued = Math.floor(now / 1000);
  const text = `${encoded({ alg: "HS256", typ: "JWT" })}.${encoded({
    ...content.claims,
    sub: content.user,
    iat: issued,
    exp: issued + (content.expiresIn ?? 300),
    ...(content.session !== undefined && { sid: content.session }),
    ...(content.roles !== undefined && { roles: content.roles }),
    ...(content.issuer !== undefined && { iss: content.issuer }),
    ...(content.audience !== undefined && { aud: content.audience }),
  })}`;
  return `${text}.${signature(text, secret).toString("base64url")}`;
}

export interface VerifyOptions {
  issuer?: string;
  audience?: string;
  /** Seconds that clocks may be apart; default 30. */
  leeway?: number;
  now?: number;
}

/** What an HS256 token says, by the rules that Carillon itself applies; throws `UNAUTHENTICATED` if it is not valid. */
export function verifyToken(token: string, secret: string, options: VerifyOptions = {}): VerifiedToken {
  const refuse = (why: string): never => {
    throw new CarillonError("UNAUTHENTICATED", why, { status: 401 });
  };
  const [head, body, signed, more] = token.split(".");
  if (!head || !body || !signed || more !== undefined) return refuse("this is no JSON Web Token");
  const expected = signature(`${head}.${body}`, secret);
  const given = Buffer.from(signed, "base64url");
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return refuse("the signature is wrong");
  const header = objectIn(head);
  if (header?.alg !== "HS256" || "crit" in header) return refuse("only HS256 is accepted");
  const claims = objectIn(body);
  if (!claims || typeof claims.sub !== "string" || claims.sub === "") return refuse("the token names no user");
  const now = (options.now ?? Date.now()) / 1000;
  const leeway = options.leeway ?? 30;
  if (typeof claims.exp !== "number") return refuse("the token has no end");
  if (now > claims.exp + leeway) return refuse("the token has expired");
  if (typeof claims.nbf === "number" && now + leeway < claims.nbf) return refuse("the token is not valid yet");
  if (options.issuer !== undefined && claims.iss !== options.issuer) return refuse("the token is of another issuer");
  const audiences = Array.isArray(claims.aud) ? claims.aud : claims.aud === undefined ? [] : [claims.aud];
  if (audiences.length > 0 && !audiences.includes(options.audience)) return refuse("the token is for others");
  return {
    user: claims.sub,
    ...(typeof claims.sid === "string" && { session: claims.sid }),
    roles: rolesIn(claims.roles),
    expiresAt: claims.exp * 1000,
    claims,
  };
}

/** The documents' `Base64(userId:username:email:roles)`. It proves nothing: Carillon believes it on a developer's machine only. */
export function developmentToken(user: string, roles: readonly string[] = ["user"], name = user, email = ""): string {
  if (typeof user !== "string" || user === "") throw new CarillonError("INVALID_REQUEST", "a token needs a user");
  for (const text of [user, name, email, ...roles]) {
    if (text.includes(":")) throw new CarillonError("INVALID_REQUEST", "a development token holds no colons");
  }
  return Buffer.from(`${user}:${name}:${email}:${roles.join(",")}`).toString("base64");
}

/** The user of a development token. */
export function readDevelopmentToken(token: string): VerifiedToken & { name: string; email: string } {
  const [user, name, email, roles, more] = Buffer.from(token, "base64").toString("utf8").split(":");
  if (!user || name === undefined || email === undefined || roles === undefined || more !== undefined) {
    throw new CarillonError("UNAUTHENTICATED", "this is no development token", { status: 401 });
  }
  return { user, name, email, roles: rolesIn(roles), claims: { name, email } };
}

function objectIn(part: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, "base64url").toString("utf8"));
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

function rolesIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.filter((role): role is string => typeof role === "string");
  return typeof value === "string" ? value.split(/[\s,]+/).filter((role) => role !== "") : [];
}
