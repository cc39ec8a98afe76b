// A topic service as teams write it: clients and topics in memory.
import { randomUUID } from "node:crypto";
import { type DynamicModule, Module } from "@nestjs/common";
import type { Response } from "express";

export interface SSEConfig {
  enabled?: boolean;
  heartbeatInterval?: number;
  retryInterval?: number;
  maxEventSize?: number;
  compression?: boolean;
  maxClients?: number;
}

export interface SSEEvent {
  id?: string;
  event?: string;
  data: unknown;
  topic?: string;
  timestamp?: string;
}

export class SSEService {
  private readonly clients = new Map<string, { response: Response; topics: Set<string>; timer?: NodeJS.Timeout }>();

  constructor(private readonly config: SSEConfig) {}

  createClient(response: Response): string {
    const id = randomUUID();
    response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-cache" });
    response.write(`retry: ${this.config.retryInterval ?? 3000}\n\n`);
    this.clients.set(id, { response, topics: new Set() });
    return id;
  }

  removeClient(id: string): void {
    clearInterval(this.clients.get(id)?.timer);
    this.clients.delete(id);
  }

  subscribe(id: string, topic: string): void {
    this.clients.get(id)?.topics.add(topic);
  }

  startHeartbeat(id: string): void {
    const client = this.clients.get(id);
    if (!client) return;
    client.timer = setInterval(() => client.response.write(":\n\n"), this.config.heartbeatInterval ?? 30000);
  }

  broadcast(event: SSEEvent): void {
    for (const { response, topics } of this.clients.values()) {
      if (!topics.has(event.topic ?? "")) continue;
      if (event.id) response.write(`id: ${event.id}\n`);
      if (event.event) response.write(`event: ${event.event}\n`);
      response.write(`data: ${JSON.stringify(event.data)}\n\n`);
    }
  }
}

@Module({})
export class SSEModule {
  static forRoot(config: SSEConfig): DynamicModule {
    const service = { provide: SSEService, useValue: new SSEService(config) };
    return { module: SSEModule, providers: [service], exports: [SSEService] };
  }
}
