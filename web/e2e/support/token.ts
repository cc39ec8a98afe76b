// JSON Web Tokens as a back end signs them.
import { createHmac } from "node:crypto";

export const secret = "a secret of at least thirty-two bytes";

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");

/** A token of this user that is valid for so many seconds. */
export function tokenOf(user: string, seconds: number, more: object = {}): string {
  const body = `${part({ alg: "HS256", typ: "JWT" })}.${part({ sub: user, exp: Math.floor(Date.now() / 1000) + seconds, ...more })}`;
  return `${body}.${createHmac("sha256", secret).update(body).digest("base64url")}`;
}
