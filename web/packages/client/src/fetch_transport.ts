import { createParser } from "./parser.js";
import { StreamFailure, type TransportRequest } from "./types.js";

/** Reads the stream with fetch, so that headers can be set and comments are seen. */
export async function fetchTransport(request: TransportRequest): Promise<void> {
  const { signal, lastEventId, fetch } = request;
  const headers: Record<string, string> = { Accept: "text/event-stream", ...(await request.headers()) };
  if (lastEventId) headers["Last-Event-ID"] = lastEventId;
  const answer = await fetch(request.url, {
    headers,
    signal,
    cache: "no-store",
    credentials: request.withCredentials ? "include" : "same-origin",
  });
  const { status, body } = answer;
  // In seconds or as a date (RFC 9110, section 10.2.3); what is neither counts as none.
  const after = answer.headers.get("Retry-After")!;
  const retryAfter = Math.max(0, +after * 1000 || Date.parse(after) - Date.now() || 0);
  // The attempt's signal ends the body of an answer that no stream follows.
  if (status !== 200) throw new StreamFailure("http", { status, retryAfter });
  if (!/^text\/event-stream\b/i.test(answer.headers.get("Content-Type")!)) throw new StreamFailure("content-type", { status, retryAfter });
  request.opened();
  const feed = createParser(request, lastEventId, request.maxEventSize);
  const decoder = new TextDecoder();
  const reader = body!.getReader();
  // Node forgets to end a body whose request has been collected.
  signal.addEventListener("abort", () => reader.cancel().catch(() => {}));
  for (;;) {
    const { done, value } = await reader.read();
    if (done || signal.aborted) return;
    request.alive();
    feed(decoder.decode(value, { stream: true }));
  }
}
