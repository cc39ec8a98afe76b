import type { Carillon } from "./carillon.js";
import type { User } from "./caller.js";
import type { CarillonError } from "./errors.js";

type Awaitable<T> = T | Promise<T>;

/** How a stream is passed through; `Request` is the framework's own. */
export interface PassThroughOptions<Request> {
  carillon: Carillon;
  /** The path of the stream on Carillon: `/events/subscribe`, `/api/sse/connect`, … Default: the request's own path. */
  path?: string | ((request: Request) => string);
  /** Topics that the stream listens to, in place of those that the request asks for. */
  topics?: readonly string[] | ((request: Request) => Awaitable<readonly string[]>);
  /**
   * Your login: for whom the stream is opened. Nobody (`undefined`, `null`) is answered 401, unless `optional` is set. What
   * the request shows itself (`Authorization`, cookies, `?token=`) never reaches Carillon.
   */
  user?: (request: Request) => Awaitable<User | string | undefined | null>;
  /** True if streams may be opened for nobody in particular. Default: true without `user`. */
  optional?: boolean;
  /** Seconds that the token lasts, after which the stream ends, comes back and your login is asked again. Default 3600. */
  expiresIn?: number;
  /**
   * Milliseconds without a byte, heartbeats included, after which the stream is cut so that the browser comes back: the way to Carillon
   * is dead. Default 120000; longer than Carillon's heartbeat interval; 0: never.
   */
  maxSilence?: number;
  /** The address of the browser, for Carillon's limits; it believes it from `http.trusted_proxies`. */
  address?: (request: Request) => string | undefined;
}

/** Parameters of a stream that a page may choose by itself, whatever the surface. */
const ownParameters = new Set(["token", "access_token", "ticket"]);

/** What is asked of Carillon for a request. */
export interface Upstream {
  url: URL;
  headers: Record<string, string>;
  /** Milliseconds until the head has to be there. */
  timeout: number;
  maxSilence: number;
}

export const usualSilence = 120_000;

interface Asked {
  path: string;
  query: URLSearchParams;
  header: (name: string) => string | undefined;
  remote: string | undefined;
}

/** The request to Carillon; throws `UNAUTHENTICATED` if there has to be a user and is none. */
export async function upstreamOf<Request>(
  request: Request,
  asked: Asked,
  options: PassThroughOptions<Request>,
  refuse: (why: string) => CarillonError,
): Promise<Upstream> {
  const { carillon } = options;
  const path = typeof options.path === "function" ? options.path(request) : (options.path ?? asked.path);
  const url = carillon.connection.address(path);
  for (const [name, value] of asked.query) if (!ownParameters.has(name)) url.searchParams.append(name, value);
  if (options.topics) {
    const topics = typeof options.topics === "function" ? await options.topics(request) : options.topics;
    url.searchParams.delete("topic");
    for (const topic of topics) url.searchParams.append("topic", topic);
  }
  const found = options.user ? await options.user(request) : undefined;
  if (!found && !(options.optional ?? !options.user)) throw refuse("nobody is signed in");
  const user = typeof found === "string" ? { id: found } : found;
  const headers: Record<string, string> = { Accept: asked.header("accept") ?? "text/event-stream" };
  const cursor = asked.header("last-event-id");
  if (cursor !== undefined) headers["Last-Event-ID"] = cursor;
  if (user) headers.Authorization = `Bearer ${await carillon.tokenFor(user, options.expiresIn ?? 3600)}`;
  const address = options.address?.(request) ?? asked.remote;
  // Carillon believes development tokens only in requests that nobody has passed on.
  if (address && !carillon.connection.caller.isDevelopment) headers["X-Forwarded-For"] = address;
  return { url, headers, timeout: carillon.connection.timeout, maxSilence: options.maxSilence ?? usualSilence };
}

/** Of one connection only (RFC 9110, 7.6.1), or the application's own business: CORS, cookies, dates. */
const dropped = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "proxy-authenticate",
  "proxy-authorization",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "date",
  "server",
  "set-cookie",
  "vary",
  "content-encoding",
  "content-length",
]);

/** What of Carillon's head goes on to the browser. */
export function headersToPassOn(all: Iterable<[string, string]>): [string, string][] {
  const list = [...all];
  const named = list
    .filter(([name]) => name.toLowerCase() === "connection")
    .flatMap(([, value]) => value.split(",").map((token) => token.trim().toLowerCase()));
  return list.filter(([header]) => {
    const name = header.toLowerCase();
    return !dropped.has(name) && !named.includes(name) && !name.startsWith("access-control-");
  });
}

export const streamHeaders = {
  "Content-Type": "text/event-stream",
  "Cache-Control": "no-cache, no-transform",
  "X-Accel-Buffering": "no",
};

/**
 * What a browser gets while Carillon cannot be reached. Only a 200 keeps an `EventSource` alive, so it is an event
 * stream that says when to come back, at a time of its own for each.
 */
export function unavailableStream(): string {
  const retry = Math.round(3000 + Math.random() * 3000);
  return `retry: ${retry}\nevent: carillon.unavailable\ndata: {"code":"UNAVAILABLE"}\n\n`;
}

/** True for what an `EventSource` sends. */
export function wantsStream(accept: string | undefined): boolean {
  return accept === undefined || accept.includes("text/event-stream");
}

/** The same as Carillon's own problem documents. */
export function problemOf(error: CarillonError): { status: number; body: string } {
  const status = error.status ?? 503;
  const title = status === 401 ? "Unauthorized" : status === 503 ? "Service Unavailable" : "Error";
  const body = { type: "about:blank", title, status, detail: error.message, code: error.code };
  return { status, body: JSON.stringify(body) };
}
