import { randomBytes } from "node:crypto";
import { Batcher, type BatchLimits } from "./batcher.js";
import { Caller, type CallerOptions, environment, type User } from "./caller.js";
import { Connection, type ConnectionOptions } from "./connection.js";
import { CarillonError, checkNames, isCarillonError } from "./errors.js";
import { eventJson, type EventContent, type KeptEvent, type OutgoingEvent, type Published, timeText } from "./event.js";
import { FiniteStream, type Piped, type PipeOptions } from "./finite_stream.js";
import { type LaneKeys, Lanes } from "./lanes.js";
import { type AnswerOf, defaultPrefixes, type PathOf, type Prefixes, type RouteArguments, type Verb } from "./routes.js";

export type { Prefixes } from "./routes.js";

export interface CarillonOptions extends ConnectionOptions, CallerOptions {
  /** Default `CARILLON_URL`, otherwise http://localhost:3000. */
  url?: string | URL | undefined;
  batch?: Partial<BatchLimits>;
  /** Requests of the documents' calls at the same time; calls about one user keep their order. Default 8. */
  concurrency?: number;
  prefixes?: Partial<Prefixes>;
  /**
   * Told of every call of the documents' kind that fails (`sendToUser`, `broadcast`, …), also when nobody awaits it: such a
   * failure never ends the process. Default: a warning of the process, at most one a minute for each code.
   */
  onError?: (error: unknown) => void;
}

export interface HistoryQuery {
  /** The cursor to go on from: `next` of the page before. */
  after?: string;
  /** The last so many. */
  last?: number;
  /** `10m`, a time, `earliest`. */
  since?: string | Date;
  /** Events of one page; default 100, up to 1000. */
  limit?: number;
}

export interface HistoryPage<T = unknown> {
  events: KeptEvent<T>[];
  next: string;
  more: boolean;
  resume: "fresh" | "resumed" | "gap" | "reset";
  gap?: { from: string; to: string; reason: string };
}

export interface ScheduledEvent {
  scheduledId: string;
  deliverAt: string;
  event: KeptEvent;
}

/** A client as Carillon lists it. */
export interface ClientRecord {
  id: string;
  user?: string;
  session?: string;
  topics: string[];
  metadata?: Record<string, unknown>;
  address?: string;
  connectedAt: string;
  lastEventId?: string;
  lastEventAt?: string;
  lastHeartbeatAt?: string;
  events: number;
  bytes: number;
  durable: boolean;
  connected: boolean;
  behind: boolean;
}

export interface ClientQuery {
  client?: readonly string[];
  user?: readonly string[];
  session?: readonly string[];
  topic?: string;
}

/** What a publish of the documents' kind gives: the fields that Carillon answers. */
export type Receipt = Readonly<Record<string, unknown>>;

const defaultBatch: BatchLimits = {
  maxEvents: 500,
  maxBytes: 1024 * 1024,
  maxQueued: 10_000,
  maxQueuedBytes: 32 * 1024 * 1024,
};

/**
 * Carillon, as a back end sees it. One object for a process: it orders and batches what goes through it. Nothing is asked
 * before the first call, and nothing has to be closed for the process to end; `close()` waits for what is on its way.
 */
export class Carillon {
  readonly url: URL;
  readonly prefixes: Prefixes;
  /** @internal */
  readonly connection: Connection;
  /** @internal */
  readonly lanes: Lanes;
  private readonly batch: BatchLimits;
  private readonly batcher: Batcher<Published>;
  private readonly streams = new Set<FiniteStream>();
  private readonly keys = `${randomBytes(12).toString("base64url")}-`;
  private keyCount = 0;
  private closing: Promise<void> | undefined;
  private readonly warned = new Map<string, number>();
  /** A failure that several calls share, or that passes through several, is told once. */
  private readonly reported = new WeakSet<object>();

  constructor(private readonly options: CarillonOptions = {}) {
    this.url = new URL(options.url ?? (environment("CARILLON_URL") || "http://localhost:3000"));
    this.prefixes = { ...defaultPrefixes, ...options.prefixes };
    this.connection = new Connection(this.url, new Caller(options, this.url), options, this.prefixes);
    this.lanes = new Lanes(options.concurrency ?? 8, options.batch?.maxQueued ?? defaultBatch.maxQueued);
    this.batch = { ...defaultBatch, ...options.batch };
    this.batcher = new Batcher(async (body, _, deadline, key = this.nextKey()) => {
      const answer = await this.connection.call("POST", "/events/publish", { body, key, deadline });
      return Array.isArray(answer.body) ? (answer.body as Published[]) : [answer.body as Published];
    }, this.batch);
  }

  /** Publishes an event; resolves when it is stored. Events keep the order of the calls, and go out together when they can. */
  publish<T>(topic: string, data: T, more?: Omit<OutgoingEvent<T>, "data" | "topic" | "topics">): Promise<Published>;
  publish<T>(event: OutgoingEvent<T>): Promise<Published>;
  async publish(where: string | OutgoingEvent, data?: unknown, more?: object): Promise<Published> {
    const event: OutgoingEvent = typeof where === "string" ? { ...more, topic: where, data } : where;
    if (event.topic === undefined && !event.topics?.length) {
      throw new CarillonError("INVALID_REQUEST", "the event names no topic");
    }
    this.checkOpen();
    return this.batcher.add(eventJson(event), this.connection.deadline(), event.idempotencyKey);
  }

  /** Publishes each; resolves when all are stored. Large lists go in several requests, each of which is taken whole. */
  async publishMany(events: Iterable<OutgoingEvent> | AsyncIterable<OutgoingEvent>): Promise<Published[]> {
    const all: Promise<Published>[] = [];
    let failed = false;
    for await (const event of events) {
      if (failed) break;
      const one = this.publish(event);
      one.catch(() => {
        failed = true;
      });
      all.push(one);
      // A source that is quicker than the server waits here rather than fills the queue.
      if (all.length % this.batch.maxEvents === 0) await one.catch(() => undefined);
    }
    return Promise.all(all);
  }

  /** All of them or none: one request, at most `publish.max_batch` events of the server. */
  async publishAtomically(events: readonly OutgoingEvent[], idempotencyKey = this.nextKey()): Promise<Published[]> {
    if (events.length === 0) return [];
    const body = `[${events.map((event) => eventJson(event)).join(",")}]`;
    return (await this.post("/events/publish", { body, key: idempotencyKey })) as Published[];
  }

  /** Publishes later; it can be called off until then. */
  async schedule(event: OutgoingEvent, deliverAt: string | Date): Promise<{ scheduledId: string }> {
    const body = eventJson({ ...event, deliverAt: timeText(deliverAt) } as OutgoingEvent);
    const key = event.idempotencyKey ?? this.nextKey();
    return (await this.post("/events/publish", { body, key })) as { scheduledId: string };
  }

  /** What waits for its time, soonest first, up to 1000. */
  async scheduled(): Promise<ScheduledEvent[]> {
    const body = await this.get("/events/scheduled");
    return (body as { scheduled: ScheduledEvent[] }).scheduled;
  }

  async cancelScheduled(scheduledId: string): Promise<void> {
    await this.connection.call("DELETE", "/events/scheduled/{id}", { params: { id: scheduledId } });
  }

  /** A page of what is kept of topics or patterns. */
  async history<T = unknown>(topics: string | readonly string[], query: HistoryQuery = {}): Promise<HistoryPage<T>> {
    const { after, since, ...rest } = query;
    const topic = typeof topics === "string" ? [topics] : topics;
    const wanted = { ...rest, topic, last_event_id: after, since: since === undefined ? undefined : timeText(since) };
    return (await this.get("/events/history", { query: wanted })) as HistoryPage<T>;
  }

  /** All that is kept of topics or patterns, page after page. */
  async *historyOf<T = unknown>(
    topics: string | readonly string[],
    query: HistoryQuery = { since: "earliest" },
  ): AsyncGenerator<KeptEvent<T>, void, undefined> {
    for (let page = await this.history<T>(topics, query); ; ) {
      yield* page.events;
      if (!page.more) return;
      page = await this.history<T>(topics, { after: page.next, ...(query.limit && { limit: query.limit }) });
    }
  }

  /** Takes a stored event back: nobody is shown it from now on. */
  async takeBack(id: string, topic: string): Promise<Published> {
    return (await this.connection.call("DELETE", "/events/history/{id}", { params: { id }, query: { topic } })).body as Published;
  }

  /** Puts another content in a stored event's place. */
  async replace(id: string, topic: string, content: EventContent): Promise<Published> {
    const call = { params: { id }, query: { topic }, body: eventJson(content) };
    return (await this.connection.call("PUT", "/events/history/{id}", call)).body as Published;
  }

  /** Begins a stream that ends. */
  async createStream(): Promise<FiniteStream> {
    this.checkOpen();
    // Beginning one twice leaves one that nobody knows, which the server ends as idle.
    const answer = await this.connection.call("POST", "/events/streams", { repeatable: true });
    return this.openStream((answer.body as { stream: string }).stream);
  }

  /** A stream that was begun elsewhere. */
  openStream(id: string): FiniteStream {
    const stream = new FiniteStream(id, this.connection, this.prefixes.topics, this.batch, () => this.nextKey());
    return stream;
  }

  /**
   * Begins a stream and appends to it what the source gives, then closes it. Resolves as soon as there is an id for readers;
   * `done` tells how it went. A failure that nobody awaits goes to `onError`.
   */
  async streamFrom<T>(
    source: AsyncIterable<T> | Iterable<T> | ((signal: AbortSignal) => AsyncIterable<T> | Iterable<T>),
    options: PipeOptions<T> = {},
  ): Promise<{ stream: FiniteStream; done: Promise<Piped> }> {
    const stream = await this.createStream();
    this.streams.add(stream);
    const done = stream
      .pipe(typeof source === "function" ? begunBy(() => source(stream.signal)) : source, options)
      .finally(() => this.streams.delete(stream));
    return { stream, done: this.watched(done) };
  }

  /** Who listens, page after page; for admins. */
  async *clients(query: ClientQuery = {}): AsyncGenerator<ClientRecord, void, undefined> {
    for (let after: string | undefined; ; ) {
      const page = (await this.get("/events/clients", { query: { ...query, after, limit: 1000 } })) as {
        clients: ClientRecord[];
        next?: string;
      };
      yield* page.clients;
      if (page.next === undefined) return;
      after = page.next;
    }
  }

  async client(id: string): Promise<ClientRecord> {
    return (await this.get("/events/clients/{id}", { params: { id } })) as ClientRecord;
  }

  /** Sends an event to one client alone. `CLIENT_NOT_FOUND` if it has gone, `SEND_ERROR` if it is closing. */
  async sendTo(id: string, content: EventContent, idempotencyKey = this.nextKey()): Promise<Partial<Published>> {
    const call = { params: { id }, body: eventJson(content), key: idempotencyKey };
    return (await this.post("/events/clients/{id}/send", call)) as Partial<Published>;
  }

  /** Sends a heartbeat to one client now. */
  async beat(id: string): Promise<void> {
    await this.connection.call("POST", "/events/clients/{id}/heartbeat", { params: { id }, repeatable: true });
  }

  async addTopic(id: string, topic: string): Promise<void> {
    await this.connection.call("PUT", "/events/clients/{id}/topics/{topic}", { params: { id, topic } });
  }

  async removeTopic(id: string, topic: string): Promise<void> {
    await this.connection.call("DELETE", "/events/clients/{id}/topics/{topic}", { params: { id, topic } });
  }

  /** Ends a client's stream. */
  async removeClient(id: string): Promise<void> {
    await this.connection.call("DELETE", "/events/clients/{id}", { params: { id } });
  }

  /** A token for a user, signed here with the secret, or by the server if this process has only an admin's token. */
  async tokenFor(user: User, expiresIn = 3600): Promise<string> {
    const { caller } = this.connection;
    if (this.options.token === undefined) return caller.for(user, expiresIn);
    const { id, session, roles } = user;
    const json = { userId: id, sessionId: session, roles, expiresIn };
    const answer = await this.connection.call("POST", "/auth/token", { json, repeatable: true });
    return (answer.body as { token: string }).token;
  }

  /** Resolves when all that was published so far is stored or has failed. */
  async flush(): Promise<void> {
    const streams = [...this.streams].map((stream) => stream.flush());
    await Promise.all([this.batcher.drained(), this.lanes.drained(), ...streams]);
  }

  /**
   * Takes nothing new and waits for what is on its way, at most `within` milliseconds; what is left then fails with
   * `CLOSED`. Calling it again waits for the same.
   */
  close(within = 10_000): Promise<void> {
    this.closing ??= this.end(within);
    return this.closing;
  }

  /**
   * True on a developer's machine: nothing is configured, Carillon is on the same machine, and `NODE_ENV` is not `production`.
   * Tokens that nobody has signed are good there, and nowhere else.
   */
  get isDevelopment(): boolean {
    return this.connection.caller.isDevelopment;
  }

  /** @internal A call of the documents' kind: in order with those that share a key with it, once, never an unhandled rejection. */
  send<V extends Verb, P extends PathOf<V>>(keys: LaneKeys, method: V, path: P, ...[what]: RouteArguments<V, P>): Promise<Receipt> {
    const sent = (async () => {
      this.checkOpen();
      if (keys !== "all") checkNames(keys);
      const call = [{ key: this.nextKey(), deadline: this.connection.deadline(), ...what }] as unknown as RouteArguments<V, P>;
      const answer = await this.lanes.run(keys, () => this.connection.call(method, path, ...call));
      return (answer.body ?? {}) as Receipt;
    })();
    return this.watched(sent);
  }

  /** @internal */
  async get<P extends PathOf<"GET">>(path: P, ...what: RouteArguments<"GET", P>): Promise<AnswerOf<"GET", P>> {
    return (await this.connection.call("GET", path, ...what)).body;
  }

  /** @internal The same promise, whose failure is told to `onError` in any case. */
  watched<T>(promise: Promise<T>): Promise<T> {
    promise.catch((why: unknown) => this.report(why));
    return promise;
  }

  private async post<P extends PathOf<"POST">>(path: P, ...what: RouteArguments<"POST", P>): Promise<AnswerOf<"POST", P>> {
    this.checkOpen();
    return (await this.connection.call("POST", path, ...what)).body;
  }

  private nextKey(): string {
    this.keyCount += 1;
    return this.keys + this.keyCount.toString(36);
  }

  private checkOpen(): void {
    if (this.closing) throw new CarillonError("CLOSED", "this client is closed");
  }

  private async end(within: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((done) => (timer = setTimeout(done, within)));
    await Promise.race([this.flush(), late]);
    clearTimeout(timer);
    this.connection.close();
    await this.flush();
  }

  private report(why: unknown): void {
    if (typeof why === "object" && why !== null) {
      if (this.reported.has(why)) return;
      this.reported.add(why);
    }
    if (this.options.onError) {
      try {
        this.options.onError(why);
      } catch {
        // What reports failures has failed: there is nobody left to tell.
      }
      return;
    }
    const code = isCarillonError(why) ? why.code : "ERROR";
    const now = Date.now();
    if (now - (this.warned.get(code) ?? 0) < 60_000) return;
    this.warned.set(code, now);
    const message = why instanceof Error ? why.message : String(why);
    process.emitWarning(`${code}: ${message}`, { type: "CarillonWarning", code: `CARILLON_${code}` });
  }
}

/** What the function gives, asked for when it is read: what it throws at once is a failure like one in the middle. */
async function* begunBy<T>(begin: () => AsyncIterable<T> | Iterable<T>): AsyncGenerator<T, void, undefined> {
  yield* begin();
}
