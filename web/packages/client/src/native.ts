import { StreamFailure, type Transport } from "./types.js";

export interface NativeOptions {
  /** Events by these names are heard; a native `EventSource` passes on no other. Those without a name always are. */
  types?: Iterable<string>;
  /** Where a token is traded for a ticket. Default `/auth/ticket` on the stream's server. */
  ticketUrl?: string;
}

/** Names that are always listened to. */
const always = ["message", "heartbeat", "carillon.open", "carillon.cursor", "carillon.gap", "carillon.close", "carillon.unavailable", "carillon.expiring", "carillon.begin", "carillon.end", "carillon.deleted", "carillon.replaced"];

/**
 * A transport for where fetch reads no streams: a native `EventSource`. It can send no headers, so a token is traded
 * for a ticket first, which goes into the URL and says nothing to whoever reads it later. Heartbeats are asked for as
 * events, for the watchdog. `connect(url, { transport: nativeTransport() })`.
 */
export function nativeTransport(options: NativeOptions = {}): Transport {
  return async (request) => {
    const { signal, fetch } = request;
    const url = new URL(request.url);
    url.searchParams.set("heartbeat", "event");
    if (request.lastEventId) url.searchParams.set("last_event_id", request.lastEventId);
    const headers = await request.headers();
    if (headers["Authorization"]) {
      const answer = await fetch(new URL(options.ticketUrl ?? "/auth/ticket", url), {
        method: "POST",
        headers,
        signal,
        credentials: request.withCredentials ? "include" : "same-origin",
      });
      if (!answer.ok) throw new StreamFailure("http", { status: answer.status });
      url.searchParams.set("ticket", ((await answer.json()) as { ticket: string }).ticket);
    }
    if (signal.aborted) throw signal.reason;
    const source = new EventSource(url, { withCredentials: request.withCredentials });
    try {
      await new Promise<void>((_, failed) => {
        let last = request.lastEventId;
        const hear = ({ type, data, lastEventId: id }: MessageEvent<string>): void => {
          request.alive();
          const own = id !== last;
          if (own) request.id((last = id));
          request.event({ type, data, id, own });
        };
        for (const type of new Set([...always, ...(options.types ?? [])])) source.addEventListener(type, hear);
        source.onopen = () => request.opened();
        // It would come back by itself, at the same moment as all others: ours waits for a random time.
        source.onerror = () => failed(new StreamFailure("network"));
        signal.addEventListener("abort", () => failed(signal.reason));
      });
    } finally {
      source.close();
    }
  };
}
