import { fetchTransport } from "./fetch_transport.js";
import type { RawEvent } from "./parser.js";
import {
  type ClientOptions,
  type Gap,
  type Status,
  StreamErrorEvent,
  type StreamEvent,
  StreamFailure,
  type TokenRequest,
} from "./types.js";

/** Ids of so many events are remembered to drop duplicates. */
const rememberedIds = 512;
/** What a server may ask for with `Retry-After` at most. */
const longestPause = 300_000;
/** A connection that held for so long was no failure. */
const healthyAfter = 5_000;

/** Why an attempt is given up that has not failed. */
const again = new StreamFailure("ended");

const ownEvent = /^(carillon\.|heartbeat$)/;

type Listener<T> = (event: StreamEvent<T>) => void;
/** Event types with their data; by default any type, with data of a type that is not known. */
export type EventMap = Record<string, unknown>;

// What `addEventListener` of an `EventSource` takes.
export interface CarillonClient<Events extends EventMap = EventMap> {
  addEventListener(type: "open" | "error", listener: (event: Event) => void, options?: boolean | AddEventListenerOptions): void;
  addEventListener(type: string, listener: (event: MessageEvent<string>) => void, options?: boolean | AddEventListenerOptions): void;
  addEventListener(type: string, listener: EventListenerOrEventListenerObject | null, options?: boolean | AddEventListenerOptions): void;
  removeEventListener(type: string, listener: (event: MessageEvent<string>) => void, options?: boolean | EventListenerOptions): void;
  removeEventListener(type: string, listener: EventListenerOrEventListenerObject | null, options?: boolean | EventListenerOptions): void;
}

/**
 * A stream that comes back until it is closed, and misses nothing that the server has kept. It can stand wherever
 * an `EventSource` stands; `on`, `onGap`, `addTopic` and iteration are its own. It connects when it is constructed.
 *
 * A connection that fails is tried again after a random part of a delay that doubles with each failure. It gives up,
 * `readyState` 2, after 204 and `carillon.end` without an error, and with an error event after: a status of 400 to
 * 499 but 401, 408, 425 and 429; a 401 without a token function or the third in a row with one; the sixth answer in
 * a row that is no event stream; `maxRetries` failures in a row.
 */
export class CarillonClient<Events extends EventMap = EventMap> extends EventTarget {
  static readonly CONNECTING = 0;
  static readonly OPEN = 1;
  static readonly CLOSED = 2;
  readonly CONNECTING = 0;
  readonly OPEN = 1;
  readonly CLOSED = 2;

  readonly url: string;
  readonly withCredentials: boolean;
  onopen: ((event: Event) => void) | null = null;
  onmessage: ((event: MessageEvent<string>) => void) | null = null;
  onerror: ((event: Event) => void) | null = null;

  readonly #options: ClientOptions;
  readonly #origin: string;
  #status: Status = "connecting";
  #lastEventId: string;
  #clientId: string | undefined;
  /** Topics that were asked for (true) or given up (false) besides those of the URL. */
  readonly #topics = new Map<string, boolean>();
  /** The URL of the latest attempt, with the topics of that moment. */
  #asked = "";
  readonly #gapWatchers = new Set<(gap: Gap) => void>();
  readonly #statusWatchers = new Set<(status: Status) => void>();
  readonly #taps = new Set<(event: RawEvent) => void>();
  readonly #seen = new Set<string>();
  /** An event is parsed once for all its listeners. */
  #parsedFrom: Event | undefined;
  #parsed: StreamEvent | undefined;
  /** Aborts when the client closes: whatever it listens to ends with it. */
  readonly #life = new AbortController();
  #attempt: AbortController | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #endPause: (() => void) | undefined;
  #failure: StreamFailure | undefined;
  #failures = 0;
  #alike = 0;
  #lastSign = 0;
  #retry: number;
  /** A `retry:` whose event has not come yet. */
  #told: number | undefined;
  /** How long the server wants to be left alone. */
  #floor = 0;
  #wasOffline = false;
  #suspended = false;
  #expectsVerdict = false;

  constructor(url: string | URL, options: ClientOptions = {}) {
    super();
    const target = new URL(url, globalThis.location?.href);
    this.url = target.href;
    this.#origin = target.origin;
    for (const type of ["open", "message", "error"] as const)
      this.addEventListener(type, (event: Event) => this[`on${type}`]?.(event as MessageEvent<string>));
    this.#options = options;
    this.withCredentials = !!options.withCredentials;
    this.#retry = options.retry ?? 3000;
    this.#lastEventId = options.lastEventId ?? this.#store() ?? "";
    for (const topic of options.topics ?? []) this.#topics.set(topic, true);
    if (options.onGap) this.#gapWatchers.add(options.onGap);
    options.signal?.addEventListener("abort", () => this.close(), { signal: this.#life.signal });
    if (options.signal?.aborted) this.close();
    else this.#watchPage();
    void this.#run();
  }

  get readyState(): 0 | 1 | 2 {
    return this.#status === "open" ? 1 : this.#status === "closed" ? 2 : 0;
  }

  get status(): Status {
    return this.#status;
  }

  /** The cursor: the id of the last event. */
  get lastEventId(): string {
    return this.#lastEventId;
  }

  /** The id of this stream at the server, once it is open. */
  get clientId(): string | undefined {
    return this.#clientId;
  }

  /** Why it gave up, or why the last attempt failed. */
  get failure(): StreamFailure | undefined {
    return this.#failure;
  }

  /**
   * Listens to events of one type; without a name they are of the type `message`.
   *
   * @returns a function that stops it
   */
  on<K extends keyof Events & string>(type: K, listener: Listener<Events[K]>, options?: { signal?: AbortSignal }): () => void;
  on<T>(type: string, listener: Listener<T>, options?: { signal?: AbortSignal }): () => void;
  on(type: string, listener: Listener<never>, options?: { signal?: AbortSignal }): () => void {
    const heard = (event: MessageEvent<string>): void => {
      // A server may name an event `error` or `open`; what has no data is the client's own.
      if (event.data === undefined) return;
      if (this.#parsedFrom !== event) this.#parsed = this.#read((this.#parsedFrom = event), event.lastEventId);
      if (this.#parsed) (listener as Listener<unknown>)(this.#parsed);
    };
    this.addEventListener(type, heard, options);
    return () => this.removeEventListener(type, heard);
  }

  /** Hears of all events as they come, without their data parsed. */
  tap(watcher: (event: RawEvent) => void): () => void {
    return added(this.#taps, watcher);
  }

  onGap(watcher: (gap: Gap) => void): () => void {
    return added(this.#gapWatchers, watcher);
  }

  onStatus(watcher: (status: Status) => void): () => void {
    return added(this.#statusWatchers, watcher);
  }

  /** Listens to a topic or pattern as well: now, and after each reconnection. Rejects if the server refuses. */
  addTopic(topic: string): Promise<void> {
    this.#topics.set(topic, true);
    return this.#change("PUT", topic);
  }

  async removeTopic(topic: string): Promise<void> {
    if (this.#options.transport?.shared) this.#topics.delete(topic);
    else {
      this.#topics.set(topic, false);
      await this.#change("DELETE", topic);
    }
  }

  /** Connects at once, if it waits; reconnects, if it is open. */
  reconnect(): void {
    this.#attempt?.abort(again);
    this.#endPause?.();
  }

  close(): void {
    this.#store(this.#lastEventId);
    this.#set("closed");
    // What runs or waits ends, and finds that the client is closed.
    this.reconnect();
    clearTimeout(this.#timer);
    this.#life.abort();
  }

  /** All events but the hub's own, until the client is closed; throws if it gives up. */
  async *[Symbol.asyncIterator](): AsyncGenerator<StreamEvent, void, undefined> {
    const queue: RawEvent[] = [];
    const limit = this.#options.buffer ?? 1000;
    let wake = (): void => {};
    const stopTap = this.tap((event) => {
      if (ownEvent.test(event.type)) return;
      if (queue.push(event) > limit) {
        queue.shift();
        tell(this.#gapWatchers, { resume: "buffer" });
      }
      wake();
    });
    const stopStatus = this.onStatus(() => wake());
    try {
      for (;;) {
        const event = queue.shift();
        if (event) {
          const parsed = this.#read(event, event.id);
          if (parsed) yield parsed;
        } else if (this.#status === "closed") {
          if (this.#failure) throw this.#failure;
          return;
        } else await new Promise<void>((done) => (wake = done));
      }
    } finally {
      stopTap();
      stopStatus();
    }
  }

  async #run(): Promise<void> {
    while (this.#status !== "closed") {
      this.#set("connecting");
      const attempt = (this.#attempt = new AbortController());
      const start = Date.now();
      const seen = this.#lastEventId;
      let failure: StreamFailure;
      try {
        await this.#connect(attempt);
        failure = new StreamFailure("ended");
      } catch (why) {
        failure = failureOf(attempt.signal.aborted ? attempt.signal.reason : why);
      }
      attempt.abort();
      clearTimeout(this.#timer);
      if ((this.#status as Status) === "closed") return;
      if (this.#status === "open" && (Date.now() - start > healthyAfter || this.#lastEventId !== seen)) this.#failures = 0;
      this.#retry = this.#told ?? this.#retry;
      this.#told = undefined;
      if (failure !== again) {
        if (failure.status === 204) return this.#giveUp();
        this.#alike = failure.message === this.#failure?.message ? this.#alike + 1 : 1;
        this.#failure = failure;
        if (this.#isFinal(failure)) return this.#giveUp(failure);
      }
      await this.#wait(failure);
    }
  }

  #isFinal({ kind, status = 0 }: StreamFailure): boolean {
    if (this.#failures >= (this.#options.maxRetries ?? Infinity)) return true;
    if (kind === "content-type") return this.#alike > 5;
    if (status === 401) return this.#alike > (this.#options.token ? 2 : 0);
    return status >= 400 && status < 500 && ![408, 425, 429].includes(status);
  }

  #giveUp(failure?: StreamFailure): void {
    this.#failure = failure;
    this.close();
    if (failure) this.#tellError(failure);
  }

  async #wait(failure: StreamFailure): Promise<void> {
    const pause = new Promise<void>((done) => (this.#endPause = done));
    const spread = Math.min(this.#options.maxDelay ?? 30_000, Math.max(this.#retry, 100) * 2 ** this.#failures);
    this.#floor = Math.min(longestPause, failure.retryAfter ?? this.#floor);
    // A token that was refused is likely to be old: a fresh one need not wait.
    const delay = failure.status === 401 && this.#alike === 1 ? 0 : this.#floor + Math.random() * spread;
    this.#set("waiting");
    if (failure !== again) {
      ++this.#failures;
      this.#tellError(failure, delay);
    }
    if (!this.#suspended) {
      if (failure === again) this.#endPause!();
      else this.#timer = setTimeout(this.#endPause!, delay);
    }
    await pause;
    clearTimeout(this.#timer);
    this.#endPause = undefined;
    this.#floor = 0;
  }

  async #connect(attempt: AbortController): Promise<void> {
    const { signal } = attempt;
    const watch = (ms: number, kind: "timeout" | "silence"): void => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => attempt.abort(new StreamFailure(kind)), ms);
    };
    watch(this.#options.connectTimeout ?? 30_000, "timeout");
    const alive = (): void => {
      this.#lastSign = Date.now();
      if (!signal.aborted) watch(this.#options.silence ?? 75_000, "silence");
    };
    const done = (this.#options.transport ?? fetchTransport)({
      url: (this.#asked = this.#target()),
      headers: () => this.#headers(this.#failure?.status === 401 ? "refused" : "connect", signal),
      lastEventId: this.#lastEventId,
      signal,
      withCredentials: this.withCredentials,
      maxEventSize: this.#options.maxEventSize ?? 8 << 20,
      fetch: this.#options.fetch ?? fetch,
      opened: () => {
        if (signal.aborted) return;
        alive();
        this.#expectsVerdict = true;
        this.#clientId = undefined;
        this.#failure = undefined;
        this.#set("open");
        this.dispatchEvent(new Event("open"));
      },
      alive,
      id: (id) => {
        if (!signal.aborted) this.#lastEventId = id;
      },
      retry: (ms) => (this.#told = ms),
      event: (event) => {
        if (!signal.aborted) this.#deliver(event);
      },
      tooLarge: () => this.#tellError(new StreamFailure("too-large")),
      lost: (failure, retryIn) => {
        if (signal.aborted) return;
        this.#failure = failure;
        this.#set("waiting");
        this.#tellError(failure, retryIn);
      },
    });
    await unlessAborted(done, signal);
  }

  async #headers(why: TokenRequest["why"], signal: AbortSignal): Promise<Record<string, string>> {
    const headers: Record<string, string> = { ...this.#options.headers };
    try {
      const token = await unlessAborted(this.#options.token?.({ why, signal }), signal);
      if (token) headers["Authorization"] = `Bearer ${token}`;
    } catch (cause) {
      throw new StreamFailure("token", { cause });
    }
    return headers;
  }

  #target(): string {
    const url = new URL(this.url);
    const topics = new Set(url.searchParams.getAll("topic"));
    for (const [topic, wanted] of this.#topics) topics[wanted ? "add" : "delete"](topic);
    url.searchParams.delete("topic");
    for (const topic of topics) url.searchParams.append("topic", topic);
    return url.href;
  }

  #deliver(event: RawEvent): void {
    const { type, data, id, own } = event;
    if (/^carillon\.(close|unavailable)$/.test(type)) this.#floor = this.#told ?? 0;
    else this.#retry = this.#told ?? this.#retry;
    this.#told = undefined;
    // An opening event names the position before what follows: an id that was seen is no duplicate.
    if (own && type !== "carillon.open" && /^[0-9a-z]{8}\.\d/.test(id)) {
      if (this.#seen.has(id)) return;
      this.#seen.add(id);
      if (this.#seen.size > rememberedIds) this.#seen.delete(this.#seen.values().next().value!);
    }
    this.#control(type, data);
    tell(this.#taps, event);
    this.dispatchEvent(new MessageEvent(type, { data, lastEventId: id, origin: this.#origin }));
    if (type === "carillon.end") this.#giveUp();
  }

  /** What the hub says of the stream itself. Systems with an opening event of their own tell the verdict in it. */
  #control(type: string, data: string): void {
    if (!this.#expectsVerdict && !ownEvent.test(type)) return;
    let facts: { resume?: string; client?: string; topics?: string[]; in_ms?: number } & Omit<Gap, "resume">;
    try {
      facts = JSON.parse(data) ?? {};
    } catch {
      return;
    } finally {
      this.#expectsVerdict = false;
    }
    if (type === "carillon.open") {
      this.#clientId = facts.client;
      const listened = facts.topics ?? [];
      for (const [topic, wanted] of this.#topics)
        if (listened.includes(topic) !== wanted) this.#change(wanted ? "PUT" : "DELETE", topic).catch((why) => this.#options.transport?.shared || this.#tellError(why));
    }
    const { reason, from, to } = facts;
    const resume = type === "carillon.gap" ? "gap" : facts.resume;
    if (resume === "gap" || resume === "reset") tell(this.#gapWatchers, { resume, reason, from, to });
    if (type === "carillon.expiring") this.#renew(facts.in_ms ?? 0);
  }

  /**
   * A fresh token for the live stream, at a random moment of the first half of the time that is left: tokens of many
   * may end at once, and one that is valid for less than the server's warning would be renewed without a pause. If it
   * fails, the stream ends at its time, and a new one asks for a token.
   */
  #renew(left: number): void {
    const { signal } = this.#attempt!;
    setTimeout(
      () => signal.aborted || this.#call(this.#options.renewUrl ?? "/auth/renew", "POST", "expiring", signal, { client: this.#clientId }).catch((why) => this.#tellError(why)),
      (Math.random() * left) / 2,
    );
  }

  async #change(method: "PUT" | "DELETE", topic: string): Promise<void> {
    if (this.#status !== "open" || !this.#clientId) return;
    const { signal } = this.#attempt!;
    const clients = this.#options.clientsUrl ?? this.url.replace(/[?#].*/, "").replace(/\/subscribe(\/.*)?$/, "/clients");
    const path = [this.#clientId, "topics", ...topic.split("/")].map(encodeURIComponent).join("/");
    try {
      await this.#call(`${clients}/${path}`, method, "connect", signal);
    } catch (why) {
      // Nobody's stream may not be changed by anybody, and one that is gone cannot be. A new one asks for the topics,
      // unless this one has asked for the same.
      if (![401, 404, 405].includes((why as StreamFailure).status!) || this.#target() === this.#asked) throw why;
      this.reconnect();
    }
  }

  /** A request beside the stream; when that has ended, its outcome is of no interest. */
  async #call(url: string, method: string, why: TokenRequest["why"], signal: AbortSignal, body?: object): Promise<void> {
    try {
      const headers = await this.#headers(why, signal);
      if (body) headers["Content-Type"] = "application/json";
      const answer = await (this.#options.fetch ?? fetch)(new URL(url, this.url).href, {
        method,
        headers,
        signal,
        body: body && JSON.stringify(body),
        credentials: this.withCredentials ? "include" : "same-origin",
      });
      answer.body?.cancel().catch(() => {});
      if (!answer.ok) throw new StreamFailure("http", { status: answer.status });
    } catch (cause) {
      if (!signal.aborted) throw failureOf(cause);
    }
  }

  #read({ type, data }: { type: string; data: string }, id: string): StreamEvent | undefined {
    try {
      return { type, id, data: this.#options.parse ? this.#options.parse(data, type) : JSON.parse(data) };
    } catch (cause) {
      this.#tellError(new StreamFailure("data", { cause }));
      return undefined;
    }
  }

  #tellError(failure: StreamFailure, retryIn?: number): void {
    this.dispatchEvent(new StreamErrorEvent(failure, retryIn));
  }

  #set(status: Status): void {
    if (this.#status === status || this.#status === "closed") return;
    this.#status = status;
    tell(this.#statusWatchers, status);
  }

  /** Networks that come back, pages that are shown again, machines that wake up. */
  #watchPage(): void {
    if (typeof addEventListener !== "function") return;
    const heard = (types: string, act: (event: Event) => void): void => {
      // Some of them happen to the document; the window sees these too on their way down.
      for (const type of types.split(" ")) addEventListener(type, act, { signal: this.#life.signal, capture: true });
    };
    heard("pagehide freeze", () => {
      this.#store(this.#lastEventId);
      this.#suspended = true;
      this.#attempt?.abort(again);
    });
    heard("offline", () => (this.#wasOffline = !this.#options.transport?.shared));
    heard("online pageshow resume visibilitychange", ({ type }) => {
      if (type === "visibilitychange" && document.visibilityState === "hidden") return;
      const stale = Date.now() - this.#lastSign > (this.#options.silence ?? 75_000);
      // A server that asked to be left alone is.
      if (this.#suspended || (this.#endPause ? !this.#floor : this.#status === "open" && (stale || this.#wasOffline))) {
        this.#suspended = false;
        this.#failures = 0;
        this.reconnect();
      }
      this.#wasOffline = false;
    });
  }

  // Storage may be full or forbidden; then a reload begins anew.
  #store(cursor?: string): string | null | undefined {
    const key = this.#options.persist;
    try {
      if (key && cursor) sessionStorage.setItem(key, cursor);
      else if (key) return sessionStorage.getItem(key);
    } catch {}
  }
}

function failureOf(cause: unknown): StreamFailure {
  return cause instanceof StreamFailure ? cause : new StreamFailure("network", { cause });
}

function added<T>(set: Set<T>, value: T): () => void {
  set.add(value);
  return () => void set.delete(value);
}

/** Tells all watchers; one that throws keeps nothing from the others, nor from the stream. */
export function tell<T>(watchers: Iterable<(value: T) => void>, value: T): void {
  for (const watcher of watchers) {
    try {
      watcher(value);
    } catch (why) {
      setTimeout(() => {
        throw why;
      });
    }
  }
}

/** Rejects with the signal's reason as soon as it aborts, whatever becomes of the promise. */
function unlessAborted<T>(promise: T, signal: AbortSignal): Promise<Awaited<T>> {
  const aborted = new Promise<never>((_, failed) => {
    const stop = (): void => failed(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop);
  });
  return Promise.race([promise, aborted]);
}
