import type { Carillon } from "./carillon.js";
import type { User } from "./caller.js";
import { headersOf, unlessAborted } from "./connection.js";
import { CarillonError, errorOf, isCarillonError } from "./errors.js";
import { usualSilence } from "./pass_through.js";
import { EventParser, type ReceivedEvent } from "./event_parser.js";
import { longestTimer, pause, waitBefore } from "./backoff.js";

export interface ReadOptions {
  query?: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** For whom; default this process. */
  as?: User;
  signal?: AbortSignal;
  /** Milliseconds without a byte, heartbeats included, after which the way to Carillon is dead. Default 120000; 0: never. */
  maxSilence?: number;
  /** Called when the stream stands, for the first time and again. */
  onOpen?: () => void;
}

/**
 * Reads a stream as an `EventSource` does: it comes back with its cursor after a cut, and ends at a 204, a refusal (which it
 * throws) or the signal.
 */
export async function* readStream(
  carillon: Carillon,
  path: string,
  options: ReadOptions = {},
): AsyncGenerator<ReceivedEvent, void, undefined> {
  const { connection } = carillon;
  const stop = new AbortController();
  const end = () => stop.abort();
  options.signal?.addEventListener("abort", end, { once: true });
  connection.closed.addEventListener("abort", end, { once: true });
  if (options.signal?.aborted || connection.closed.aborted) end();
  let cursor = "";
  let retry = 3000;
  try {
    for (let attempt = 0; !stop.signal.aborted; attempt += 1) {
      const opened = await open(carillon, path, options, cursor, stop.signal);
      if (opened === "over") return;
      if (opened !== "again") {
        options.onOpen?.();
        const parser = new EventParser(undefined, cursor);
        const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
        try {
          for await (const bytes of piecesOf(opened, stop.signal, options.maxSilence ?? usualSilence)) {
            const events = parser.push(decoder.decode(bytes, { stream: true }));
            for (const event of events) {
              cursor = event.id;
              attempt = 0;
              yield event;
              // Nothing follows the end of a stream that ends.
              if (event.event === "carillon.end") return;
            }
            cursor = parser.id;
          }
        } catch (why) {
          // A cut, or the signal; what is wrong with an event is not mended by coming back.
          if (why instanceof RangeError) throw new CarillonError("EVENT_TOO_LARGE", why.message);
        }
        retry = parser.retry ?? retry;
      }
      await pause(Math.max(opened === "again" ? 0 : Math.min(retry, 30_000), waitBefore(attempt, {})), stop.signal);
    }
  } finally {
    end();
    options.signal?.removeEventListener("abort", end);
    connection.closed.removeEventListener("abort", end);
  }
}

async function open(
  carillon: Carillon,
  path: string,
  options: ReadOptions,
  cursor: string,
  signal: AbortSignal,
): Promise<ReadableStream<Uint8Array> | "again" | "over"> {
  const { caller, timeout } = carillon.connection;
  // One for each attempt: a server that takes the connection and says nothing is given up.
  const attempt = new AbortController();
  const give = () => attempt.abort();
  if (signal.aborted) give();
  signal.addEventListener("abort", give, { once: true });
  const late = setTimeout(give, Math.min(timeout, longestTimer));
  try {
    const token = options.as ? await carillon.tokenFor(options.as) : await unlessAborted(caller.own(), attempt.signal);
    const headers = headersOf({
      Accept: "text/event-stream",
      Authorization: token === undefined ? undefined : `Bearer ${token}`,
      "Last-Event-ID": cursor === "" ? undefined : cursor,
    });
    const answer = await fetch(carillon.connection.address(path, options.query), { signal: attempt.signal, redirect: "error", headers });
    if (answer.status === 204) return "over";
    if (answer.ok && answer.body) return answer.body;
    const text = await answer.text();
    if (answer.status >= 500 || answer.status === 408 || answer.status === 429) return "again";
    throw errorOf(answer.status, text);
  } catch (why) {
    // What Carillon refuses stays refused; the network and a token function may do better next time.
    if (!signal.aborted && isCarillonError(why) && (why.status ?? 400) < 500 && why.code !== "NETWORK_ERROR" && why.code !== "TIMEOUT") throw why;
    return "again";
  } finally {
    clearTimeout(late);
    signal.removeEventListener("abort", give);
  }
}

/**
 * A body's bytes until it or the signal ends. The signal that was given to `fetch` is not enough: Node forgets its connection with the
 * body when memory is collected.
 */
async function* piecesOf(
  body: ReadableStream<Uint8Array>,
  signal: AbortSignal,
  maxSilence: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = body.getReader();
  const leave = () => void reader.cancel().catch(() => undefined);
  const next = () => {
    const silent = maxSilence > 0 ? setTimeout(leave, Math.min(maxSilence, longestTimer)) : undefined;
    return reader.read().finally(() => clearTimeout(silent));
  };
  signal.addEventListener("abort", leave, { once: true });
  try {
    if (signal.aborted) return;
    for (let piece = await next(); !piece.done; piece = await next()) yield piece.value;
  } finally {
    signal.removeEventListener("abort", leave);
    leave();
  }
}
