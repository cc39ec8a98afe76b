// Records what is asked and answers what a test says: for shapes, and for failures that a real server has seldom.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Asked {
  method: string;
  path: string;
  headers: IncomingMessage["headers"];
  body: unknown;
}

/** What answers: a status with JSON, or whatever it does to the response. */
export type Script = (asked: Asked, response: ServerResponse, count: number) => unknown;

export class FakeServer {
  readonly asked: Asked[] = [];
  /** Connections that were made to it. */
  connections = 0;
  private script: Script = () => ({});

  private constructor(private readonly server: Server) {}

  static async start(script?: Script): Promise<FakeServer> {
    const server = createServer((request, response) => void fake.handle(request, response));
    const fake = new FakeServer(server);
    server.on("connection", () => (fake.connections += 1));
    if (script) fake.script = script;
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    return fake;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  answer(script: Script): void {
    this.script = script;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = "";
    for await (const piece of request) text += String(piece);
    const asked = {
      method: request.method ?? "",
      path: request.url ?? "",
      headers: request.headers,
      body: text === "" ? undefined : (JSON.parse(text) as unknown),
    };
    this.asked.push(asked);
    const answer = await this.script(asked, response, this.asked.length);
    if (answer === undefined || response.headersSent || response.destroyed) return;
    response.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify(answer));
  }
}

export function problem(response: ServerResponse, status: number, code: string, headers: Record<string, string> = {}): undefined {
  const body = JSON.stringify({ type: "about:blank", title: "no", status, detail: `this is ${code}`, code });
  response.writeHead(status, { "Content-Type": "application/problem+json", ...headers }).end(body);
  return undefined;
}

/** What a server that stores each event would answer. */
export const published: Script = ({ body }) =>
  Array.isArray(body)
    ? body.map((event: { topic: string }, index) => ({ id: `e.${index}`, position: index, topic: event.topic }))
    : { id: "e.0", position: 0, topic: (body as { topic?: string }).topic };
