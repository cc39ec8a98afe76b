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

  declare readonly url: string;
  declare readonly withCredentials: boolean;
  onopen: ((event: Event) => void) | null = null;
  onmessage: ((event: MessageEvent<string>) => void) | null = null;
  onerror: ((event: Event) => void) | null = null;

  readonly #options: ClientOptions;
  readonly #origin: string;
  readonly #shared: (() => void) | undefined;
  #status: Status = "connecting";
  #lastEventId: string;
  #clientId: string | undefined;
  /** Topics that were asked for (true) or given up (false) besides those of the URL. */
  readonly #topics = new Map<string, boolean>();
  /** Topics for whose change a new stream was opened. */
  readonly #tried: string[] = [];
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
    this.#shared = options.transport?.shared;
    this.withCredentials = !!options.withCredentials;
    this.#retry = options.retry ?? 3000;
    this.#lastEventId = options.lastEventId ?? this.#store() ?? "";
    for (const topic of options.topics ?? []) this.#topics.set(topic, true);
    if (options.onGap) this.#gapWatchers.add(options.onGap);
    options.signal?.addEventListener("abort", () => this.close(), { signal: this.#life.signal });
    if (options.signal?.aborted) this.close();
    this.#watchPage();
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
  async addTopic(topic: string): Promise<void> {
    this.#topics.set(topic, true);
    await this.#change(true, topic);
    this.#shared?.();
  }

  async removeTopic(topic: string): Promise<void> {
    this.#topics[this.#shared ? "delete" : "set"](topic, false);
    await this.#change(false, topic);
    this.#shared?.();
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
    this.#life.abort();
  }

  /** All events but the hub's own, until the client is closed; throws if it gives up. */
  async *[Symbol.asyncIterator](): AsyncGenerator<StreamEvent, void, undefined> {
    const queue: RawEvent[] = [];
    const limit = this.#options.buffer ?? 1000;
    let wake = (): void => {};
    let told = false;
    const stopTap = this.tap((event) => {
      if (ownEvent.test(event.type)) return;
      if (queue.push(event) > limit) {
        queue.shift();
        if (!told) tell(this.#gapWatchers, { resume: "buffer" });
        told = true;
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
        } else {
          told = false;
          await new Promise<void>((done) => (wake = done));
        }
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
      const failure = await this.#connect(attempt).catch(failureOf);
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
        if (this.#isFinal(failure)) {
          // A change of topics that may be why it is refused is taken back: the others go on.
          if (!refuses(failure) || !this.#tried[0]) return this.#giveUp(failure);
          for (const topic of this.#tried.splice(0)) this.#topics.delete(topic);
        }
      }
      await this.#wait(failure);
    }
  }

  #isFinal({ kind, status }: StreamFailure): boolean {
    if (this.#failures >= this.#options.maxRetries!) return true;
    if (kind === "content-type") return this.#alike > 5;
    if (status === 401) return this.#alike > (this.#options.token ? 2 : 0);
    return /^4(?!08|25|29)/.test(`${status}`);
  }

  #giveUp(failure?: StreamFailure): void {
    this.#failure = failure;
    this.close();
    if (failure) this.#tellError(failure);
  }

  async #wait(failure: StreamFailure): Promise<void> {
    const pause = new Promise<void>((done) => (this.#endPause = done));
    const spread = Math.min(this.#options.maxDelay ?? 30_000, 1e9, Math.max(this.#retry, 100) * 2 ** this.#failures);
    this.#floor = Math.min(longestPause, failure.retryAfter ?? this.#floor);
    // A token that was refused is likely to be old: a fresh one need not wait.
    const delay = failure === again || (failure.status === 401 && this.#alike === 1) ? 0 : this.#floor + Math.random() * spread;
    this.#set("waiting");
    if (failure !== again) {
      ++this.#failures;
      this.#tellError(failure, delay);
    }
    if (!this.#suspended) this.#timer = setTimeout(this.#endPause!, delay);
    await pause;
    clearTimeout(this.#timer);
    this.#endPause = undefined;
    this.#floor = 0;
  }

  /** Gives or throws why it ended. */
  async #connect(attempt: AbortController): Promise<StreamFailure> {
    const { signal } = attempt;
    const watch = (ms: number, kind: "timeout" | "silence"): void => {
      clearTimeout(this.#timer);
      // A timer that is too long, of 2^31 ms, would end at once.
      if (ms < 2e9) this.#timer = setTimeout(() => attempt.abort(new StreamFailure(kind)), ms);
    };
    watch(this.#options.connectTimeout ?? 30_000, "timeout");
    const alive = (): void => {
      this.#lastSign = Date.now();
      if (!signal.aborted) watch(this.#options.silence ?? 75_000, "silence");
    };
    const done = (this.#options.transport ?? fetchTransport)({
      url: (this.#asked = this.#target()),
      target: () => this.#target(),
      headers: () => this.#headers(this.#failure?.status === 401 ? "refused" : "connect"),
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
    return new StreamFailure("ended");
  }

  async #headers(why: TokenRequest["why"]): Promise<Record<string, string>> {
    const { signal } = this.#attempt!;
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
    let facts: { resume?: string; client?: string; topics?: string[]; dropped?: string[]; in_ms?: number } & Omit<Gap, "resume">;
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
        if (listened.includes(topic) !== wanted) this.#change(wanted, topic).catch((why) => this.#shared || this.#tellError(why));
    }
    // Topics that the renewed token does not allow.
    this.#tried.push(...(facts.dropped ?? []));
    const { reason, from, to } = facts;
    const resume = type === "carillon.gap" ? "gap" : facts.resume;
    if (resume === "gap" || resume === "reset") tell(this.#gapWatchers, { resume, reason, from, to });
    if (type === "carillon.expiring") {
      // A fresh token for the live stream, at a random moment of the first half of the time that is left: tokens of many
      // may end at once, and one that is valid for less than the server's warning would be renewed without a pause. If it
      // fails, the stream ends at its time, and a new one asks for a token.
      const { signal } = this.#attempt!;
      const renew = (): unknown => signal.aborted || this.#call(this.#options.renewUrl ?? "/auth/renew", "POST", { client: this.#clientId }).catch((why) => this.#tellError(why));
      setTimeout(renew, (Math.random() * facts.in_ms!) / 2);
    }
  }

  async #change(wanted: boolean, topic: string): Promise<void> {
    if (this.#status !== "open" || !this.#clientId || (this.#shared && !wanted)) return;
    const clients = this.#options.clientsUrl ?? this.url.replace(/[?#].*/, "").replace(/\/subscribe(\/.*)?$/, "/clients");
    // Segments of dots would lead elsewhere; the server refuses what stands in their place.
    const path = [this.#clientId, "topics", ...topic.split("/")].map((part) => encodeURIComponent(part).replace(/^\.+$/, "%00")).join("/");
    try {
      await this.#call(`${clients}/${path}`, wanted ? "PUT" : "DELETE");
    } catch (why) {
      const failure = why as StreamFailure;
      // Nobody's stream may not be changed by anybody, and one that is gone cannot be. A new one asks for the topics,
      // unless this one has asked for the same.
      if (!/^40[145]$/.test(`${failure.status}`) || this.#target() === this.#asked) {
        // A topic that is refused now would be the end of the next stream.
        if (wanted && refuses(failure)) this.#topics.delete(topic);
        throw why;
      }
      this.#tried.push(topic);
      return this.#shared ? this.#shared() : this.reconnect();
    }
    // What has been asked for meanwhile may have arrived before this.
    if (this.#topics.get(topic) === !wanted) await this.#change(!wanted, topic);
  }

  /** A request beside the stream; when that has ended, its outcome is of no interest. */
  async #call(url: string, method: string, body?: object): Promise<void> {
    const { signal } = this.#attempt!;
    try {
      const headers = await this.#headers(body ? "expiring" : "connect");
      if (body) headers["Content-Type"] = "application/json";
      const answer = await (this.#options.fetch ?? fetch)(new URL(url, this.url), {
        method,
        headers,
        signal,
        body: body && JSON.stringify(body),
        credentials: this.withCredentials ? "include" : "same-origin",
      });
      await answer.text();
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
    const heard = (types: string, act: (event: Event) => void): void => {
      // Some of them happen to the document; the window sees these too on their way down.
      // What elements of the page call by these names is their own affair.
      for (const type of types.split(" ")) globalThis.addEventListener?.(type, (event) => (event.target as Node).parentNode || act(event), { signal: this.#life.signal, capture: true });
    };
    heard("pagehide freeze", () => {
      this.#store(this.#lastEventId);
      this.#suspended = true;
      this.#attempt?.abort(again);
    });
    heard("offline", () => (this.#wasOffline = !this.#shared));
    heard("online pageshow resume visibilitychange", ({ type }) => {
      if (type === "visibilitychange" && document.hidden) return;
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
  #store(cursor?: string): string | null | undefined | void {
    const key = this.#options.persist;
    try {
      if (key) return cursor ? sessionStorage.setItem(key, cursor) : sessionStorage.getItem(key);
    } catch {}
  }
}

const refuses = (failure: StreamFailure): boolean => /^40[03]$/.test(`${failure.status}`);

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
  return new Promise((done, failed) => {
    const stop = (): void => failed(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop);
    Promise.resolve(promise)
      .then(done, failed)
      .then(() => signal.removeEventListener("abort", stop));
  });
}
