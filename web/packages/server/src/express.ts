import { Agent, type IncomingMessage, request as httpRequest, type ServerResponse } from "node:http";
import { Agent as SecureAgent, request as httpsRequest } from "node:https";
import { CarillonError, isCarillonError } from "./errors.js";
import {
  headersToPassOn,
  type PassThroughOptions,
  problemOf,
  streamHeaders,
  type Upstream,
  unavailableStream,
  upstreamOf,
  wantsStream,
} from "./pass_through.js";

export type { PassThroughOptions } from "./pass_through.js";

/** A request of Node's `http`, and what Express adds to it. */
export type NodeRequest = IncomingMessage & { originalUrl?: string; ip?: string | undefined };

export type StreamHandler<Request extends NodeRequest = NodeRequest> = (
  request: Request,
  response: ServerResponse,
  next?: (why?: unknown) => void,
) => Promise<void>;

// A stream keeps its connection to itself, so there is nothing to keep for the next.
const agent = new Agent({ keepAlive: false });
const secureAgent = new SecureAgent({ keepAlive: false });

/**
 * A handler for Express, Next's pages and plain `http`: Carillon holds the stream, under your URL and your login. A slow
 * browser slows down its stream alone, and whichever side ends, the other ends with it.
 */
export function passThrough<Request extends NodeRequest = NodeRequest>(
  options: PassThroughOptions<Request>,
): StreamHandler<Request> {
  return async (request, response, next) => {
    if (request.method !== "GET" && request.method !== "HEAD") {
      if (next) return next();
      response.writeHead(405, { Allow: "GET, HEAD" }).end();
      return;
    }
    try {
      const upstream = await upstreamOf(request, askedBy(request), options, unauthenticated);
      await pipeStream(upstream, request, response);
    } catch (why) {
      if (isCarillonError(why)) refuse(response, why);
      else if (next) next(why);
      else if (response.headersSent) response.destroy();
      else response.writeHead(500).end();
    }
  };
}

function unauthenticated(why: string): CarillonError {
  return new CarillonError("UNAUTHENTICATED", why, { status: 401 });
}

function askedBy(request: NodeRequest) {
  const url = new URL(request.originalUrl ?? request.url ?? "/", "http://localhost");
  const header = (name: string) => {
    const value = request.headers[name];
    return Array.isArray(value) ? value[0] : value;
  };
  return { path: url.pathname, query: url.searchParams, header, remote: request.ip ?? request.socket?.remoteAddress };
}

export function refuse(response: ServerResponse, error: CarillonError): void {
  if (response.headersSent) return void response.destroy();
  const { status, body } = problemOf(error);
  response.writeHead(status, { "Content-Type": "application/problem+json" }).end(body);
}

/**
 * Asks Carillon and passes its answer on; resolves when the response is over. `onHead` is told the status as soon as it is
 * known, 0 if Carillon cannot be reached.
 */
export function pipeStream(
  upstream: Upstream,
  request: IncomingMessage,
  response: ServerResponse,
  onHead: (status: number) => void = () => undefined,
): Promise<void> {
  return new Promise((over) => {
    // The browser has gone. A request that is destroyed says nothing of it: one that was read to its end is, too.
    if (response.destroyed || request.socket.destroyed) return over();
    const secure = upstream.url.protocol === "https:";
    const asking = (secure ? httpsRequest : httpRequest)(upstream.url, {
      method: request.method === "HEAD" ? "HEAD" : "GET",
      headers: upstream.headers,
      agent: secure ? secureAgent : agent,
      // Of silence: before the head, and from then on.
      timeout: upstream.timeout,
    });
    asking.on("timeout", () => asking.destroy(new Error("Carillon is silent")));
    // The browser leaves, before or after the head.
    response.once("close", () => {
      asking.destroy();
      over();
    });
    asking.on("error", () => {
      onHead(0);
      if (response.headersSent) response.destroy();
      else comeBackLater(request, response);
    });
    asking.once("response", (answer) => {
      onHead(answer.statusCode ?? 0);
      asking.setTimeout(upstream.maxSilence);
      writeHead(answer, response);
      // A stream that breaks off is broken off here too: the browser comes back with its cursor.
      answer.once("close", () => {
        if (!answer.complete) response.destroy();
      });
      answer.once("error", () => response.destroy());
      answer.pipe(response);
    });
    asking.end();
  });
}

function writeHead(answer: IncomingMessage, response: ServerResponse): void {
  const raw: [string, string][] = [];
  for (let i = 0; i + 1 < answer.rawHeaders.length; i += 2) {
    raw.push([answer.rawHeaders[i] ?? "", answer.rawHeaders[i + 1] ?? ""]);
  }
  response.statusCode = answer.statusCode ?? 502;
  for (const [name, value] of headersToPassOn(raw)) response.setHeader(name, value);
  response.socket?.setNoDelay(true);
  response.socket?.setTimeout(0);
  response.flushHeaders();
}

function comeBackLater(request: IncomingMessage, response: ServerResponse): void {
  if (!wantsStream(request.headers.accept)) {
    refuse(response, new CarillonError("UNAVAILABLE", "the event server cannot be reached", { status: 503 }));
    return;
  }
  response.writeHead(200, streamHeaders).end(unavailableStream());
}
