import { randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Carillon } from "./carillon.js";
import type { User } from "./caller.js";
import { CarillonError } from "./errors.js";
import { pipeStream } from "./express.js";
import { usualSilence } from "./pass_through.js";

/** A response of Node, Express or Fastify, which has Node's under `raw`. */
export type AnyResponse = ServerResponse | { raw: ServerResponse; hijack?: () => unknown };

interface PassedClient {
  response: ServerResponse;
  topics: Set<string>;
  /** True once the URL of the stream is made: from then on topics are changed by calls. */
  asked: boolean;
  named: boolean;
  /** Resolves with the last call about it. */
  tail: Promise<unknown>;
}

/**
 * The clients of this process: browsers whose streams pass through it. Each has a token, known before anything is asked, so
 * that `createClient` can give it at once; what is called in the same turn goes into the URL of its stream.
 */
export class PassedClients {
  private readonly clients = new Map<string, PassedClient>();

  constructor(
    private readonly carillon: Carillon,
    private readonly maxClients: number,
  ) {}

  get size(): number {
    return this.clients.size;
  }

  get(id: string): PassedClient | undefined {
    return this.clients.get(id);
  }

  ids(): string[] {
    return [...this.clients.keys()];
  }

  add(to: AnyResponse, user?: User): string {
    if (this.clients.size >= this.maxClients) {
      throw new CarillonError("MAX_CLIENTS", `${this.clients.size} clients are connected`, { status: 503 });
    }
    const response = "raw" in to ? to.raw : to;
    if ("raw" in to) to.hijack?.();
    const id = randomBytes(24).toString("base64url");
    const client: PassedClient = { response, topics: new Set(), asked: false, named: false, tail: Promise.resolve() };
    this.clients.set(id, client);
    response.once("close", () => this.forget(id));
    client.tail = new Promise<void>((opened) => queueMicrotask(() => this.open(id, client, user, opened)));
    return id;
  }

  /** Before the stream is asked for: into its URL; true if that was possible. */
  listenFromTheStart(id: string, topic: string): boolean {
    const client = this.clients.get(id);
    client?.topics.add(topic);
    return client !== undefined && !client.asked;
  }

  /** The stream's heartbeats are named events; true if that was possible. */
  nameHeartbeats(id: string): boolean {
    const client = this.clients.get(id);
    if (!client || client.asked) return false;
    client.named = true;
    return true;
  }

  /** Runs a call about a client behind those before it, once its stream stands. */
  after<T>(id: string, call: () => Promise<T>): Promise<T> {
    const client = this.clients.get(id);
    if (!client) return call();
    const done = client.tail.then(call);
    client.tail = done.catch(() => undefined);
    return done;
  }

  /** Ends a client of this process; false if it is none. */
  end(id: string): boolean {
    const client = this.clients.get(id);
    if (!client) return false;
    client.response.end();
    client.response.destroy();
    this.forget(id);
    return true;
  }

  private open(id: string, client: PassedClient, user: User | undefined, opened: () => void): void {
    client.asked = true;
    const { carillon } = this;
    const { response } = client;
    const request = (response as ServerResponse & { req: IncomingMessage }).req;
    // A stream needs a topic. One that nobody else knows stands in until there is another.
    const topics = client.topics.size > 0 ? [...client.topics] : [`clients/${randomBytes(12).toString("base64url")}`];
    const url = carillon.connection.address(`${carillon.prefixes.topics}/subscribe`, {
      topic: topics,
      client: id,
      heartbeat: client.named ? "event" : undefined,
    });
    const cursor = request.headers["last-event-id"];
    const headers: Record<string, string> = { Accept: request.headers.accept ?? "text/event-stream" };
    if (typeof cursor === "string") headers["Last-Event-ID"] = cursor;
    const ask = (token: string | undefined) => {
      if (token !== undefined) headers.Authorization = `Bearer ${token}`;
      const { timeout } = carillon.connection;
      return pipeStream({ url, headers, timeout, maxSilence: usualSilence }, request, response, opened);
    };
    const token = user ? carillon.tokenFor(user) : Promise.resolve(undefined);
    void carillon
      .watched(token.then(ask))
      .catch(() => response.destroy())
      .finally(opened);
  }

  private forget(id: string): void {
    const client = this.clients.get(id);
    if (!client) return;
    this.clients.delete(id);
    // Carillon would wait for the client to come back; a browser that returns is another one.
    void client.tail.then(() => this.carillon.removeClient(id)).catch(() => undefined);
  }
}
