// Clients with metadata as teams write them.
import type { Request, Response } from "express";

interface SSEEvent {
  event: string;
  data: unknown;
}

const clients = new Set<{ response: Response; userId: string }>();

export function initializeSSE(_config: { pingInterval?: number; clientTimeout?: number; maxClients?: number }): void {
  clients.clear();
}

export function connectSSE(request: Request, response: Response): void {
  response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-cache" });
  response.write(":\n\n");
  const client = { response, userId: String(request.query.userId) };
  clients.add(client);
  response.on("close", () => clients.delete(client));
}

export function notifyUser(userId: string, { event, data }: SSEEvent): void {
  for (const client of clients) if (client.userId === userId) write(client.response, { event, data });
}

export function broadcast(event: SSEEvent): void {
  for (const { response } of clients) write(response, event);
}

function write(response: Response, { event, data }: SSEEvent): void {
  response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
}
