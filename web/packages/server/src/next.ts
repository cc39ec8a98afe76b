import { longestTimer } from "./backoff.js";
import { CarillonError, isCarillonError } from "./errors.js";
import {
  headersToPassOn,
  type PassThroughOptions,
  problemOf,
  streamHeaders,
  unavailableStream,
  upstreamOf,
  wantsStream,
} from "./pass_through.js";

export type { PassThroughOptions } from "./pass_through.js";

/**
 * A route handler for Next's app router, and for whatever speaks `Request` and `Response`:
 * `export const GET = streamRoute({…})`. Next must not keep it: `export const dynamic = "force-dynamic"`.
 */
export function streamRoute(options: PassThroughOptions<Request>): (request: Request) => Promise<Response> {
  return async (request) => {
    const url = new URL(request.url);
    const header = (name: string) => request.headers.get(name) ?? undefined;
    const refused = (why: string) => new CarillonError("UNAUTHENTICATED", why, { status: 401 });
    const asked = { path: url.pathname, query: url.searchParams, header, remote: undefined };
    const stop = new AbortController();
    const leave = () => stop.abort();
    request.signal.addEventListener("abort", leave, { once: true });
    if (request.signal.aborted) leave();
    try {
      const upstream = await upstreamOf(request, asked, options, refused).catch((why: unknown) => {
        // The browser is asked to come back; whoever runs the application is told why.
        if (!isCarillonError(why)) options.carillon.watched(Promise.reject(why)).catch(() => undefined);
        throw why;
      });
      const method = request.method === "HEAD" ? "HEAD" : "GET";
      const late = setTimeout(leave, Math.min(upstream.timeout, longestTimer));
      const init = { method, headers: upstream.headers, signal: stop.signal, redirect: "manual" } as const;
      const answer = await fetch(upstream.url, init).finally(() => clearTimeout(late));
      const headers = headersToPassOn(answer.headers);
      return new Response(answer.body && endingWith(answer.body, request.signal, upstream.maxSilence, leave), { status: answer.status, headers });
    } catch (why) {
      if (isCarillonError(why)) return problem(why);
      if (wantsStream(header("accept"))) return new Response(unavailableStream(), { headers: streamHeaders });
      return problem(new CarillonError("UNAVAILABLE", "the event server cannot be reached", { status: 503 }));
    }
  };
}

function problem(error: CarillonError): Response {
  const { status, body } = problemOf(error);
  return new Response(body, { status, headers: { "Content-Type": "application/problem+json" } });
}

/** The same bytes, read only as fast as they are taken; `leave` is called when the reader has gone. */
function endingWith(
  body: ReadableStream<Uint8Array>,
  browser: AbortSignal,
  maxSilence: number,
  leave: () => void,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  // Node forgets the connection of a signal with a body when memory is collected, so the body is told itself.
  const cancel = () => void reader.cancel().catch(() => undefined);
  if (browser.aborted) cancel();
  else browser.addEventListener("abort", cancel, { once: true });
  return new ReadableStream<Uint8Array>(
    {
      async pull(to) {
        const cut = () => {
          to.error(new Error("Carillon is silent"));
          cancel();
        };
        const silent = maxSilence > 0 ? setTimeout(cut, Math.min(maxSilence, longestTimer)) : undefined;
        const { done, value } = await reader.read().finally(() => clearTimeout(silent));
        if (!done) return to.enqueue(value);
        browser.removeEventListener("abort", cancel);
        to.close();
      },
      cancel() {
        leave();
        return reader.cancel().catch(() => undefined);
      },
    },
    // One piece at a time: what a slow reader does not take stays with Carillon.
    { highWaterMark: 0 },
  );
}
