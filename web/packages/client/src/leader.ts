import { CarillonClient } from "./client.js";
import type { RawEvent } from "./parser.js";
import { type ClientOptions, StreamErrorEvent, type StreamFailure, type TokenRequest } from "./types.js";

/** Tabs with another version of these messages share no stream with us. */
export const protocol = 2;
/** So long a new leader keeps the topics of the one before, until all tabs have said what they want. */
const settling = 60_000;

interface Lost {
  kind?: StreamFailure["kind"];
  status?: number;
  retryIn?: number;
}

/** Where the stream stands, and all topics that it was asked for. */
export interface Standing {
  cursor: string;
  topics: string[];
}

/** What goes over the channel. The tab or worker that holds the connection leads. */
export type Message =
  /** From the leader: the stream has opened. */
  | ({ is: "open" } & Standing)
  /** To a tab that joins: the stream is open, and began with this event. */
  | ({ is: "state"; first?: RawEvent } & Standing)
  | { is: "event"; event: RawEvent }
  | ({ is: "lost" } & Lost)
  /** It has given up; without a kind there is no more to come. */
  | ({ is: "end" } & Lost)
  | { is: "token?"; why: TokenRequest["why"] }
  /** From tabs: one joins or wants other topics, or goes; it is time for the next attempt; a token. */
  | { is: "hello"; member: string; topics?: string[] }
  | { is: "now" }
  | { is: "token"; token?: string };

/**
 * Waits for its turn, then holds the stream and tells all tabs what comes, until the signal aborts or it gives up, which
 * `ended` is told at once. `begin` says where the stream stands at that moment.
 */
export async function lead(room: string, url: string, options: ClientOptions, signal: AbortSignal, begin: () => Standing, ended = (): void => {}): Promise<void> {
  const hold = (): Promise<void> =>
    new Promise((done) => {
      const channel = new BroadcastChannel(room);
      const say = (message: Message): void => channel.postMessage(message);
      const { cursor, topics } = begin();
      let first: RawEvent | undefined;
      let awaitsFirst = false;
      let settled = false;
      const fixed = topicsOf(url);
      const members = new Map<string, string[]>();
      const asked = new Set([...fixed, ...(options.topics ?? []), ...topics]);
      const client = new CarillonClient(url, { ...options, topics: asked, signal, lastEventId: cursor });
      const standing = (): Standing => ({ cursor: client.lastEventId, topics: [...asked] });
      // Where tabs may not change the live stream, it is opened anew for them.
      const sort = (): void => change(client, asked, [fixed, ...members.values()].flat(), settled);
      // Tabs say what they want when the stream opens: nobody's topics are given up before that.
      let timer: ReturnType<typeof setTimeout> | undefined;
      client.onStatus((status) => {
        clearTimeout(timer);
        awaitsFirst = status === "open";
        if (awaitsFirst && !settled)
          timer = setTimeout(() => {
            settled = true;
            sort();
          }, settling);
        if (awaitsFirst) {
          first = undefined;
          say({ is: "open", ...standing() });
        } else if (status === "closed") {
          ended();
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
          if (data.topics) members.set(data.member, data.topics);
          else members.delete(data.member);
          sort();
          if (client.status === "open") say({ is: "state", ...standing(), first });
        } else if (data.is === "now" && client.status === "waiting") client.reconnect();
      };
      if (client.status === "closed") done();
    });
  return globalThis.navigator?.locks ? navigator.locks.request(room, { signal }, hold) : hold();
}

/** Keeps to what the leader tells, for whoever may be the next. */
export function note(at: Standing, data: Message): void {
  if (data.is === "event" && data.event.own) at.cursor = data.event.id;
  else if ("cursor" in data) Object.assign(at, { cursor: data.cursor, topics: data.topics });
}

/** Asks for the topics that are wanted and have not been asked for; gives those up that are not wanted, if it may. */
export function change(client: CarillonClient, asked: Set<string>, topics: string[], drops = true): void {
  const wanted = new Set(topics);
  for (const topic of wanted) if (asked.size < asked.add(topic).size) client.addTopic(topic).catch(() => {});
  if (drops) for (const topic of asked) if (!wanted.has(topic) && asked.delete(topic)) client.removeTopic(topic).catch(() => {});
}

/** The topics that a stream's URL names. */
export const topicsOf = (url: string): string[] => new URL(url).searchParams.getAll("topic");

const facts = (failure?: StreamFailure): Lost => ({ kind: failure?.kind, status: failure?.status });
