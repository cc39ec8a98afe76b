import { CarillonClient } from "./client.js";
import type { RawEvent } from "./parser.js";
import { type ClientOptions, StreamErrorEvent, type StreamFailure, type TokenRequest } from "./types.js";

/** Tabs with another version of these messages share no stream with us. */
export const protocol = 1;

interface Lost {
  kind?: StreamFailure["kind"];
  status?: number;
  retryIn?: number;
}

/** What goes over the channel. The tab or worker that holds the connection leads. */
export type Message =
  /** From the leader: the stream has opened at a cursor. */
  | { is: "open"; cursor: string }
  /** To a tab that joins: the stream is open, stands at a cursor, and began with this event. */
  | { is: "state"; cursor: string; first?: RawEvent }
  | { is: "event"; event: RawEvent }
  | ({ is: "lost" } & Lost)
  /** It has given up; without a kind there is no more to come. */
  | ({ is: "end" } & Lost)
  | { is: "token?"; why: TokenRequest["why"] }
  /** From tabs: one joins; it is time for the next attempt; a token. */
  | { is: "hello"; topics?: string[] }
  | { is: "now" }
  | { is: "token"; token?: string };

/** Waits for its turn, then holds the stream and tells all tabs what comes, until the signal aborts or it gives up. */
export async function lead(room: string, url: string, options: ClientOptions, signal: AbortSignal, cursor: () => string | undefined): Promise<void> {
  const hold = (): Promise<void> =>
    new Promise((done) => {
      const channel = new BroadcastChannel(room);
      const say = (message: Message): void => channel.postMessage(message);
      let first: RawEvent | undefined;
      let awaitsFirst = false;
      const client = new CarillonClient(url, { ...options, signal, lastEventId: cursor() });
      const topics = new Set([...topicsOf(url), ...(options.topics ?? [])]);
      client.onStatus((status) => {
        awaitsFirst = status === "open";
        if (awaitsFirst) {
          first = undefined;
          say({ is: "open", cursor: client.lastEventId });
        } else if (status === "closed") {
          if (!signal.aborted) say({ is: "end", ...facts(client.failure) });
          channel.close();
          done();
        }
      });
      client.tap((event) => {
        // A tab that joins later begins where the stream is: what the verdict was does not concern it.
        if (awaitsFirst && event.data.includes('"resume":"')) first = { ...event, own: false, data: event.data.replace(/("resume":")\w+/, "$1fresh") };
        awaitsFirst = false;
        if (event.type !== "carillon.expiring") say({ is: "event", event });
      });
      client.addEventListener("error", (event) => {
        if (event instanceof StreamErrorEvent && event.retryIn !== undefined) say({ is: "lost", ...facts(event.failure), retryIn: event.retryIn });
      });
      channel.onmessage = ({ data }: MessageEvent<Message>) => {
        if (data.is === "hello") {
          if (client.status === "open") say({ is: "state", cursor: client.lastEventId, first });
          // Where tabs may not change the live stream, it is opened anew for them.
          for (const topic of data.topics ?? []) if (topics.size < topics.add(topic).size) client.addTopic(topic).catch(() => {});
        } else if (data.is === "now" && client.status === "waiting") client.reconnect();
      };
      if (client.status === "closed") done();
    });
  return globalThis.navigator?.locks ? navigator.locks.request(room, { signal }, hold) : hold();
}

/** The topics that a stream's URL names. */
export const topicsOf = (url: string): string[] => new URL(url).searchParams.getAll("topic");

const facts = (failure?: StreamFailure): Lost => ({ kind: failure?.kind, status: failure?.status });
