// The application's own login, which stays: here a cookie.
import type { IncomingMessage } from "node:http";

export function userOf(request: IncomingMessage): string | undefined {
  return /user=(\w+)/.exec(request.headers.cookie ?? "")?.[1];
}
