// Clients with metadata: `initializeSSE` once, then `notifyUser`, `notifyWithMetadata` and `broadcast` from anywhere.
import { Carillon, type CarillonOptions, type Receipt } from "./carillon.js";
import type { Call } from "./connection.js";
import { CarillonError } from "./errors.js";

/** An event for clients. */
export interface SSEEvent<T = unknown> {
  event: string;
  data: T;
  id?: string;
  retry?: number;
}

export type Metadata = Readonly<Record<string, string | number | boolean>>;

/** Which clients; all that is given has to hold. */
export interface ClientFilter {
  userId?: string;
  sessionId?: string;
  clientIds?: readonly string[];
  metadata?: Metadata;
}

export interface SSEConfig extends CarillonOptions {
  /** Use this one in place of one of its own. */
  carillon?: Carillon;
  /** Carillon's `metadata.heartbeat_interval`; accepted here so that a configuration can stay as it is. */
  pingInterval?: number;
  /** Carillon's `metadata.client_timeout`; the same. */
  clientTimeout?: number;
  /** Carillon's `metadata.max_clients`; the same. */
  maxClients?: number;
  /** Carillon's `metadata.logging`; the same. */
  enableLogging?: boolean;
}

export interface SSEClient {
  id: string;
  userId?: string;
  sessionId?: string;
  metadata?: Record<string, string>;
  connectedAt?: string;
  [more: string]: unknown;
}

export interface SSEStats {
  totalClients: number;
  clientsByUser: Record<string, number>;
  averageConnectionDuration: number;
  totalEventsSent: number;
  lastEventTime?: string | null;
  [more: string]: unknown;
}

/** The same calls on an object, for programs that dislike a common one. */
export class EventService {
  readonly carillon: Carillon;

  constructor(config: SSEConfig = {}) {
    const { carillon, pingInterval: _, clientTimeout: _1, maxClients: _2, enableLogging: _3, ...options } = config;
    this.carillon = carillon ?? new Carillon(options);
  }

  notifyUser(userId: string, event: SSEEvent): Promise<Receipt> {
    return this.notify({ userId }, event, [userId]);
  }

  /** To clients whose metadata has all of these values: claims of their tokens, and what `metadata.client_keys` of Carillon allows. */
  notifyWithMetadata(metadata: Metadata, event: SSEEvent): Promise<Receipt> {
    return this.notify({ metadata }, event, "all");
  }

  broadcast(event: SSEEvent): Promise<Receipt> {
    return this.notify({ broadcast: true }, event, "all");
  }

  notifyClients(filter: ClientFilter, event: SSEEvent): Promise<Receipt> {
    return this.notify(filter, event, "all");
  }

  /** All that are connected, or those of a user, a session, or with these ids. */
  async getClients(filter: Omit<ClientFilter, "metadata"> = {}): Promise<SSEClient[]> {
    const all: SSEClient[] = [];
    for (let after: string | undefined; ; ) {
      const page = await this.list({ ...filter, limit: 1000, after });
      all.push(...page.clients);
      if (page.next === undefined) return all;
      after = page.next;
    }
  }

  async getStats(): Promise<SSEStats> {
    return (await this.list({ limit: 1 })).stats;
  }

  private async list(query: Call["query"]): Promise<{ clients: SSEClient[]; stats: SSEStats; next?: string }> {
    const body = await this.carillon.get("/api/sse/clients", { query });
    return body as { clients: SSEClient[]; stats: SSEStats; next?: string };
  }

  private notify(filter: ClientFilter | { broadcast: true }, event: SSEEvent, keys: readonly string[] | "all"): Promise<Receipt> {
    // What is undefined is not in the JSON, and a call that names nobody is for everybody.
    const given = Object.values(filter);
    if (given.length > 0 && given.every((value) => value === undefined)) {
      return this.carillon.watched(Promise.reject(new CarillonError("INVALID_REQUEST", "the filter names nobody")));
    }
    return this.carillon.send(keys, "POST", "/api/sse/notify", { json: { ...filter, ...event } });
  }
}

let common: EventService | undefined;

/** Sets up what the calls below use. Without it they use the environment (`CARILLON_URL`, `CARILLON_AUTH_SECRET`). */
export function initializeSSE(config: SSEConfig = {}): EventService {
  common = new EventService(config);
  return common;
}

function service(): EventService {
  common ??= new EventService();
  return common;
}

export function notifyUser(userId: string, event: SSEEvent): Promise<Receipt> {
  return service().notifyUser(userId, event);
}

export function notifyWithMetadata(metadata: Metadata, event: SSEEvent): Promise<Receipt> {
  return service().notifyWithMetadata(metadata, event);
}

export function broadcast(event: SSEEvent): Promise<Receipt> {
  return service().broadcast(event);
}

export function notifyClients(filter: ClientFilter, event: SSEEvent): Promise<Receipt> {
  return service().notifyClients(filter, event);
}

export function getClients(filter?: Omit<ClientFilter, "metadata">): Promise<SSEClient[]> {
  return service().getClients(filter);
}

export function getStats(): Promise<SSEStats> {
  return service().getStats();
}
