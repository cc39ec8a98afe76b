// What hooks and composables of any framework stand on: one client for many components.
export { type ConnectionStatistics, type Polled, pollConnections, readStatistics } from "./connections.js";
import { CarillonClient, tell } from "./client.js";
import { connectShared, type SharedOptions } from "./sharing.js";
import type { RawEvent } from "./parser.js";
import type { Status, StreamEvent, StreamFailure } from "./types.js";

/** An event as components get it. */
export interface ReceivedEvent<T = unknown> extends StreamEvent<T> {
  /** What it was published to, where the stream says so (`envelope=full`). */
  topics?: string[];
  metadata?: Record<string, unknown>;
  timestamp?: string;
}

/** What a component sees at one moment; another object after each change. */
export interface Snapshot {
  status: Status;
  isConnected: boolean;
  /** The last event but the hub's own. */
  lastEvent: ReceivedEvent | undefined;
  /** Why the last attempt failed, or why it has given up. */
  failure: StreamFailure | undefined;
}

/** Which users listen to a topic, as far as the server tells: its `presence` says whom. */
export interface Presence {
  /** Not more than the server names; sorted. */
  users: readonly string[];
  /** Of all of them. */
  count: number;
  /** False until the server has told, and soon after its start: users may be about to come back. */
  complete: boolean;
}

export interface StoreOptions extends SharedOptions {
  url: string | URL;
  /** One connection for all tabs. */
  shared?: boolean;
}

type Listener = (event: ReceivedEvent<never>) => void;

/** Before the first connection, and on a server that renders pages. */
const idle: Snapshot = { status: "connecting", isConnected: false, lastEvent: undefined, failure: undefined };
const nobody: Presence = { users: [], count: 0, complete: false };
const own = /^(carillon\.|heartbeat$)/;

/**
 * One stream for many components. It connects when the first begins to use it, and is closed soon after the last has
 * ceased. Changes are told at most once for each piece that comes, however many events are in it.
 */
export class StreamStore {
  readonly #options: StoreOptions;
  readonly #url: URL | string;
  readonly #knowsTopics: boolean;
  #client: CarillonClient | undefined;
  /** Where the next stream begins. */
  #cursor: string | undefined;
  #snapshot = idle;
  #next: Snapshot | undefined;
  #users = 0;
  readonly #watchers = new Set<() => void>();
  readonly #listeners = new Map<string, Set<Listener>>();
  readonly #topics = new Map<string, number>();
  readonly #present = new Map<string, Presence>();

  constructor({ url, ...options }: StoreOptions) {
    this.#options = { url, ...options };
    const text = String(url);
    const query = new URLSearchParams(text.split("?")[1]);
    // Only the full envelope says of which topic an event is, and only the topic service has it.
    const ofTopics = /\/subscribe(\/|\?|$)/.test(text);
    this.#knowsTopics = query.get("envelope") === "full" || (ofTopics && !query.has("envelope"));
    this.#url = this.#knowsTopics && !query.has("envelope") ? `${text}${text.includes("?") ? "&" : "?"}envelope=full` : url;
    // A stream of topics with none yet is opened when the first is asked for.
    this.#needsTopic = /\/subscribe\/?(\?|$)/.test(text) && !query.has("topic");
    for (const topic of options.topics ?? []) this.#topics.set(topic, 1);
  }
  readonly #needsTopic: boolean;

  get client(): CarillonClient | undefined {
    return this.#client;
  }

  /** Arrow functions: frameworks take them off the object. */
  readonly getSnapshot = (): Snapshot => this.#snapshot;
  readonly getServerSnapshot = (): Snapshot => idle;

  /** Told after each change of the snapshot. Does not connect. */
  readonly subscribe = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  };

  /**
   * Keeps the stream open until the function that it returns is called. A store that takes the place of one with the same
   * URL goes on where that one stands.
   */
  readonly use = (before?: StreamStore): (() => void) => {
    if (before && before !== this && !this.#client && String(before.#url) === String(this.#url)) this.#cursor = before.#client?.lastEventId;
    ++this.#users;
    this.#connect();
    return once(() => {
      --this.#users;
      // A component that is only moved, or mounted twice as React's StrictMode does, keeps its stream.
      setTimeout(() => {
        if (this.#users > 0) return;
        this.#client?.close();
        this.#client = undefined;
        this.#change({ status: "closed", isConnected: false });
      });
    });
  };

  /** Hears events of one type, or of all with `*`, whenever the stream is open. */
  readonly addEventListener = <T = unknown>(type: string, listener: (event: ReceivedEvent<T>) => void): (() => void) => {
    const heard = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, heard.add(listener as Listener));
    return () => void heard.delete(listener as Listener);
  };

  /** Listens to a topic or pattern for as long as somebody wants it. */
  readonly addTopic = (topic: string): (() => void) => {
    const count = this.#topics.get(topic) ?? 0;
    this.#topics.set(topic, count + 1);
    // What it was refused for may be another topic.
    if (this.#client?.status === "closed") this.reconnect();
    else if (this.#client && count === 0) this.#client.addTopic(topic).catch(this.#failed);
    else this.#connect();
    return once(() => {
      setTimeout(() => {
        const left = this.#topics.get(topic)! - 1;
        if (left > 0) return void this.#topics.set(topic, left);
        this.#topics.delete(topic);
        this.#present.delete(topic);
        if (this.#needsTopic && this.#topics.size === 0) {
          this.#client?.close();
          this.#client = undefined;
        } else if (this.#client?.status === "closed" && this.#client.failure) this.reconnect();
        else this.#client?.removeTopic(topic).catch(this.#failed);
      });
    });
  };

  /** Whether an event is of a topic; true where the stream does not say. */
  readonly isOf = (event: ReceivedEvent, topic: string): boolean =>
    !event.topics || event.topics.some((name) => matches(topic, name));

  /** Another object after each change, which `subscribe` tells. Without an answer from the server: nobody. */
  readonly presenceOf = (topic: string): Presence => this.#present.get(topic) ?? nobody;

  readonly reconnect = (): void => {
    if (this.#client && this.#client.status !== "closed") return this.#client.reconnect();
    this.#cursor = this.#client?.lastEventId;
    this.#client = undefined;
    this.#connect();
  };

  readonly #failed = (failure: unknown): void => this.#change({ failure: failure as StreamFailure });

  #connect(): void {
    if (this.#client || this.#users === 0 || (this.#needsTopic && this.#topics.size === 0)) return;
    const { url: _, shared, ...options } = this.#options;
    const open = shared ? connectShared : (to: string | URL, how: SharedOptions) => new CarillonClient(to, how);
    const client = open(this.#url, { ...options, topics: this.#topics.keys(), lastEventId: this.#cursor || options.lastEventId });
    this.#cursor = undefined;
    this.#client = client;
    const update = (): void => {
      if (this.#client === client) this.#change({ status: client.status, isConnected: client.status === "open", failure: client.failure });
    };
    client.onStatus(update);
    client.addEventListener("error", update);
    client.tap((event) => this.#receive(event));
    update();
  }

  #receive(raw: RawEvent): void {
    const event = this.#read(raw);
    if (event.type === "carillon.presence") this.#notePresence(event.data);
    if (!own.test(event.type)) this.#change({ lastEvent: event });
    for (const type of [event.type, "*"]) tell(this.#listeners.get(type) ?? [], event as ReceivedEvent<never>);
  }

  /** `users` when a stream begins, `user` and `state` when one comes or goes; of a topic or of a room. */
  #notePresence(data: unknown): void {
    const told = data as { topic?: string; room?: string; users?: string[]; user?: string; state?: string; count?: number; complete?: boolean };
    const topic = told?.topic ?? told?.room;
    if (typeof topic !== "string") return;
    const before = this.presenceOf(topic);
    const others = before.users.filter((user) => user !== told.user);
    // Of a list that is not complete some may be missing who are about to come back.
    const listed = told.users && [...new Set([...(told.complete === false ? before.users : []), ...told.users])].sort();
    const users = listed ?? (told.state === "joined" && told.user !== undefined ? [...others, told.user].sort() : others);
    this.#present.set(topic, { users, count: Math.max(told.count ?? 0, users.length), complete: told.complete ?? before.complete });
    this.#change({});
  }

  #read({ type, data, id }: RawEvent): ReceivedEvent {
    // Data that is no JSON stays the text that it is: components show it, they do not parse it.
    const parsed = this.#options.parse ? this.#options.parse(data, type) : parsedOrText(data);
    if (!this.#knowsTopics || type !== "message") return { type, id, data: parsed };
    const { event, data: inner, topics, metadata, timestamp } = parsed as ReceivedEvent & { event?: string };
    return { type: event ?? "message", id, data: inner, topics, metadata, timestamp };
  }

  #change(what: Partial<Snapshot>): void {
    if (this.#next) return void Object.assign(this.#next, what);
    this.#next = { ...this.#snapshot, ...what };
    queueMicrotask(() => {
      this.#snapshot = this.#next!;
      this.#next = undefined;
      tell(this.#watchers, undefined);
    });
  }
}

function parsedOrText(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    return data;
  }
}

function once(call: () => void): () => void {
  let called = false;
  return () => {
    if (!called) call();
    called = true;
  };
}

/** `*` stands for one segment, `**` at the end for any number. */
function matches(pattern: string, topic: string): boolean {
  const wanted = pattern.split("/");
  const given = topic.split("/");
  const open = wanted.at(-1) === "**" ? wanted.pop() : undefined;
  return (
    (open ? given.length >= wanted.length : given.length === wanted.length) &&
    wanted.every((segment, at) => segment === given[at] || (segment === "*" && given[at] !== ""))
  );
}

/** What `useSSE` takes: a stream of clients with metadata, as `/api/sse` has them. */
export interface SSEOptions extends Omit<StoreOptions, "url" | "token" | "retry" | "maxRetries"> {
  /** Default `/api/sse`. */
  url?: string;
  userId?: string;
  sessionId?: string;
  /** Goes into the query as the client's metadata. */
  metadata?: Record<string, string | number | boolean>;
  /** Goes out as `Authorization: Bearer …`; a function is asked anew before each attempt. */
  token?: string | StoreOptions["token"];
  /** Whether a stream that fails is tried again. Default true. */
  autoReconnect?: boolean;
  /** The first delay in milliseconds; it doubles with each failure. Default 5000; the server's `retry:` replaces it. */
  reconnectInterval?: number;
  /** Default 10. */
  maxReconnectAttempts?: number;
}

/** A store from the options of `useSSE`. */
export function storeOf({
  url = "/api/sse",
  userId,
  sessionId,
  metadata = {},
  token,
  autoReconnect = true,
  reconnectInterval = 5000,
  maxReconnectAttempts = 10,
  ...options
}: SSEOptions): StreamStore {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries({ ...metadata, userId, sessionId })) if (value !== undefined) query.set(name, String(value));
  const joined = String(query) === "" ? url : `${url}${url.includes("?") ? "&" : "?"}${query}`;
  return new StreamStore({
    ...options,
    url: joined,
    token: typeof token === "string" ? () => token : token,
    retry: reconnectInterval,
    maxRetries: autoReconnect ? maxReconnectAttempts : 0,
  });
}

/** A text that is another when options are: functions count by whether they are there. */
export function keyOf(options: object): string {
  return JSON.stringify(options, (_, value: unknown) => {
    if (typeof value === "function") return true;
    if (value instanceof AbortSignal) return undefined;
    return value instanceof URL ? value.href : value !== null && typeof value === "object" && Symbol.iterator in value ? [...(value as Iterable<unknown>)] : value;
  });
}

/** The same options, whose functions call those that `latest` has at the time. */
export function following<T extends object>(options: T, latest: () => T): T {
  const entries = Object.entries(options).map(([name, value]) => [
    name,
    typeof value === "function" ? (...given: unknown[]) => ((latest() as Record<string, unknown>)[name] as typeof value | undefined)?.(...given) : value,
  ]);
  return Object.fromEntries(entries) as T;
}
