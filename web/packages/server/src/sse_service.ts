import type { Carillon, ClientRecord, Receipt } from "./carillon.js";
import type { User } from "./caller.js";
import { CarillonError, checkNames, isCarillonError } from "./errors.js";
import { type EventContent, eventJson, type OutgoingEvent, type Published } from "./event.js";
import { type AnyResponse, PassedClients } from "./passed_clients.js";
import { openUserStream, type UserStream } from "./user_stream.js";

/** An event for topics or for one client. */
export interface SSEEvent<T = unknown> {
  id?: string;
  event?: string;
  data: T;
  retry?: number;
  comment?: string;
  topic?: string;
  metadata?: Record<string, unknown>;
  timestamp?: string;
}

export interface SSEConfig {
  /** False: every call fails with `DISABLED`. */
  enabled?: boolean;
  debug?: boolean;
  /** Carillon's `stream.heartbeat_interval`; accepted here so that a configuration can stay as it is. */
  heartbeatInterval?: number;
  /** Carillon's `stream.retry`; the same. */
  retryInterval?: number;
  /** Bytes of an event's JSON, refused here with `EVENT_TOO_LARGE`; Carillon's `publish.max_event_size` holds as well. */
  maxEventSize?: number;
  /** Streams are not compressed. */
  compression?: boolean;
  /** Clients of this process; Carillon's `topic_service.max_clients` holds as well. */
  maxClients?: number;
}

/** A client of the topic service. */
export interface SSEClient {
  id: string;
  topics: Set<string>;
  metadata?: Record<string, unknown>;
  connectedAt: string;
  lastEventId?: string;
  lastEventAt: string;
  lastHeartbeatAt: string;
}

/** An open stream, of whichever system. */
export interface ActiveConnection {
  id: string;
  userId?: string;
  sessionId?: string;
  surface?: string;
  address?: string;
  connectedAt: string;
  lastEventId?: string;
  lastEventAt?: string;
  eventsSent?: number;
  bytesSent?: number;
}

export interface SendOptions {
  /** Not stored: whoever is away misses it. For typing, progress and the like. */
  ephemeral?: boolean;
}

interface ConnectionPage {
  total: number;
  connections: ActiveConnection[];
  next?: string;
}

interface UserEventBody extends SendOptions {
  type: string;
  data: unknown;
  userId?: string;
  userIds?: readonly string[];
}

/**
 * The calls of a topic service (`createClient`, `subscribe`, `broadcast`, …) and of a service that knows users (`sendToUser`,
 * `hasConnection`, …). Each gives a promise; a call that nobody awaits and that fails is told to the client's `onError`.
 */
export class SSEService {
  private readonly clients: PassedClients;

  constructor(
    readonly carillon: Carillon,
    private readonly config: SSEConfig = {},
  ) {
    this.clients = new PassedClients(carillon, config.maxClients ?? Number.POSITIVE_INFINITY);
  }

  // Topics.

  /**
   * Makes the response a stream that Carillon serves, and gives the client's id. The topics that are subscribed to in the same
   * turn are in the stream from its start. When the browser leaves, the client is removed by itself. The id is a secret: whoever
   * has it can open this client's stream.
   */
  createClient(response: AnyResponse, options: { user?: User } = {}): string {
    if (this.config.enabled === false) throw disabled();
    return this.clients.add(response, options.user);
  }

  /** Ends its stream; nothing happens if it has gone already. */
  removeClient(clientId: string): Promise<void> {
    if (this.clients.end(clientId)) return Promise.resolve();
    return this.run(async () => {
      try {
        await this.carillon.removeClient(clientId);
      } catch (why) {
        if (!isCarillonError(why) || !["CLIENT_NOT_FOUND", "CLOSED"].includes(why.code)) throw why;
      }
    });
  }

  subscribe(clientId: string, topic: string): Promise<void> {
    if (this.clients.listenFromTheStart(clientId, topic)) return Promise.resolve();
    return this.run(() => this.clients.after(clientId, () => this.carillon.addTopic(clientId, topic)));
  }

  unsubscribe(clientId: string, topic: string): Promise<void> {
    this.clients.get(clientId)?.topics.delete(topic);
    return this.run(() => this.clients.after(clientId, () => this.carillon.removeTopic(clientId, topic)));
  }

  /** `CLIENT_NOT_FOUND` if there is no such client any more, `SEND_ERROR` if it is just closing. */
  sendEvent(clientId: string, event: SSEEvent): Promise<Partial<Published>> {
    return this.run(() => {
      const { topic: _, ...content } = event;
      this.checkSize(content);
      return this.clients.after(clientId, () => this.carillon.sendTo(clientId, content));
    });
  }

  /** To everybody who listens to the event's topic. */
  broadcast(event: SSEEvent & { topic: string }): Promise<Published>;
  broadcast(event: OutgoingEvent): Promise<Published>;
  broadcast(event: OutgoingEvent): Promise<Published> {
    return this.run(() => {
      this.checkSize(event);
      return this.carillon.publish(event);
    });
  }

  /** Every stream has heartbeats. This makes them events named `heartbeat` if the stream has not begun, otherwise sends one now. */
  startHeartbeat(clientId: string): Promise<void> {
    if (this.clients.nameHeartbeats(clientId)) return Promise.resolve();
    return this.run(() => this.clients.after(clientId, () => this.carillon.beat(clientId)));
  }

  /** Ends the streams that pass through this process, before its HTTP server closes; browsers come back elsewhere. */
  endAll(): void {
    for (const id of this.clients.ids()) this.clients.end(id);
  }

  async getClient(clientId: string): Promise<SSEClient> {
    return clientOf(await this.carillon.client(clientId));
  }

  // Users.

  sendToUser(userId: string, type: string, data: unknown, options: SendOptions = {}): Promise<Receipt> {
    return this.run(() => this.sendBody([userId], { userId, type, data, ...options }));
  }

  /** To nobody if the list is empty. */
  sendToUsers(
    userIds: readonly string[],
    type: string,
    data: unknown,
    options: SendOptions = {},
  ): Promise<Receipt> {
    if (userIds?.length === 0) return Promise.resolve({});
    return this.run(() => this.sendBody(userIds, { userIds, type, data, ...options }));
  }

  sendToAll(type: string, data: unknown, options: SendOptions = {}): Promise<Receipt> {
    return this.run(() => this.sendBody("all", { type, data, ...options }));
  }

  /** True if the user listens anywhere. A promise: `await` it. */
  async hasConnection(userId: string): Promise<boolean> {
    checkNames([userId]);
    return (await this.getConnectionCount(userId)) > 0;
  }

  /** Of a user, or of all. */
  async getConnectionCount(userId?: string): Promise<number> {
    if (userId === undefined) return (await this.connectionPage(undefined, 1)).total;
    const body = await this.carillon.get("/api/sse/users/{user}/connections", { params: { user: userId } });
    return (body as { connections: number }).connections;
  }

  async getActiveConnections(): Promise<ActiveConnection[]> {
    const all: ActiveConnection[] = [];
    for (let after: string | undefined; ; ) {
      const page = await this.connectionPage(after, 1000);
      all.push(...page.connections);
      if (page.next === undefined) return all;
      after = page.next;
    }
  }

  /** The events of a user, in this process; for tests and for controllers that serve the stream themselves. */
  createConnection(userId: string, user: Omit<User, "id"> = {}): UserStream {
    return openUserStream(this.carillon, { ...user, id: userId });
  }

  private async connectionPage(after: string | undefined, limit: number): Promise<ConnectionPage> {
    return (await this.carillon.get("/api/sse/connections", { query: { after, limit } })) as ConnectionPage;
  }

  private sendBody(keys: readonly string[] | "all", json: UserEventBody): Promise<Receipt> {
    this.checkSize(json);
    return this.carillon.send(keys, "POST", "/api/sse/send", { json });
  }

  private checkSize(event: EventContent): void {
    const most = this.config.maxEventSize;
    if (most === undefined) return;
    const size = Buffer.byteLength(eventJson(event));
    if (size <= most) return;
    throw new CarillonError("EVENT_TOO_LARGE", `the event has ${size} bytes, at most ${most} are allowed`, { status: 413 });
  }

  private run<T>(call: () => Promise<T>): Promise<T> {
    const done = (async () => {
      if (this.config.enabled === false) throw disabled();
      return call();
    })();
    return this.carillon.watched(done);
  }
}

function disabled(): CarillonError {
  return new CarillonError("DISABLED", "the service is switched off", { status: 404 });
}

function clientOf(record: ClientRecord): SSEClient {
  const { id, topics, metadata, connectedAt, lastEventId, lastEventAt, lastHeartbeatAt } = record;
  return {
    id,
    topics: new Set(topics),
    connectedAt,
    lastEventAt: lastEventAt ?? connectedAt,
    lastHeartbeatAt: lastHeartbeatAt ?? connectedAt,
    ...(metadata !== undefined && { metadata }),
    ...(lastEventId !== undefined && { lastEventId }),
  };
}
