// The real server in a process of its own.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const binary = process.env.SERVER_BINARY ?? fileURLToPath(new URL("../../../build/release/carillon", import.meta.url));

const running = new Set<ChildProcess>();
// A test that fails at its start, or a worker that is ended, leaves no server behind.
process.on("exit", () => running.forEach((server) => server.kill("SIGKILL")));

/** A loopback port that nobody listens on at this moment. */
export async function freePort(): Promise<number> {
  return new Promise((done, failed) => {
    const probe = createServer().once("error", failed);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => done(port));
    });
  });
}

/** Waits until `holds` is true or gives what it returns; fails after `limit` milliseconds. */
export async function until<T>(what: string, holds: () => T | Promise<T>, limit = 15_000): Promise<NonNullable<T>> {
  for (const end = Date.now() + limit; Date.now() < end; await sleep(20)) {
    const value = await holds();
    if (value) return value;
  }
  throw new Error(`${what}: not within ${limit} ms`);
}

export class Server {
  private process: ChildProcess | undefined;
  private log = "";
  /** What `publish` and `metric` show, where the server wants a token. */
  token: string | undefined;
  private readonly data = mkdtempSync(join(tmpdir(), "carillon-"));

  private constructor(
    readonly port: number,
    private readonly args: string[],
  ) {}

  /** Starts it with these arguments, and waits until it is ready. */
  static async start(...args: string[]): Promise<Server> {
    return Server.startAt(await freePort(), ...args);
  }

  static async startAt(port: number, ...args: string[]): Promise<Server> {
    const server = new Server(port, args);
    await server.start();
    return server;
  }

  get url(): string {
    return `http://localhost:${this.port}`;
  }

  /** Starts it on the same port and the same data, after `kill` or `drain`. */
  async start(): Promise<void> {
    this.log = "";
    const fixed = ["serve", "--listen", `127.0.0.1:${this.port}`, "--data-dir", this.data];
    this.process = spawn(binary, [...fixed, ...this.args], { stdio: ["ignore", "pipe", "pipe"] });
    const { process: server } = this;
    running.add(server);
    server.once("exit", () => running.delete(server));
    for (const stream of [this.process.stdout, this.process.stderr])
      stream?.on("data", (text) => (this.log += String(text)));
    await until("the server is ready", async () => {
      if (this.process?.exitCode !== null) throw new Error(`the server has ended: ${this.log}`);
      return fetch(`${this.url}/ready`).then((answer) => answer.ok, () => false);
    });
  }

  private async ended(signal: NodeJS.Signals): Promise<void> {
    const running = this.process;
    if (!running || running.exitCode !== null || running.signalCode !== null) return;
    const over = new Promise((done) => running.once("exit", done));
    running.kill(signal);
    await over;
  }

  kill = (): Promise<void> => this.ended("SIGKILL");
  drain = (): Promise<void> => this.ended("SIGTERM");

  /** From now on it keeps its connections and says nothing, as a machine that is out of reach. */
  freeze = (): void => void this.process?.kill("SIGSTOP");
  thaw = (): void => void this.process?.kill("SIGCONT");

  /** Ends it for good. */
  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.data, { recursive: true, force: true });
  }

  private get shown(): Record<string, string> {
    return this.token ? { Authorization: `Bearer ${this.token}` } : {};
  }

  /** Publishes one event; returns its id. */
  async publish(topic: string, data: unknown, more: object = {}): Promise<string> {
    const answer = await fetch(`${this.url}/events/publish/${topic}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", ...this.shown },
      body: JSON.stringify({ data, ...more }),
    });
    const body = (await answer.json()) as { id: string };
    if (!answer.ok) throw new Error(JSON.stringify(body));
    return body.id;
  }

  /** The topics of each stream, sorted. */
  async topics(): Promise<string[][]> {
    // Without keys, the machine itself may show a token that anybody can make.
    const admin = Buffer.from("tester:tester:tester@example.com:admin").toString("base64");
    const answer = await fetch(`${this.url}/events/clients`, { headers: { Authorization: `Bearer ${admin}` } });
    const { clients } = (await answer.json()) as { clients: { topics: string[] }[] };
    return clients.map((client) => client.topics.sort());
  }

  /** A number from `/metrics`. */
  async metric(name: string): Promise<number> {
    const text = await (await fetch(`${this.url}/metrics`, { headers: this.shown })).text();
    return Number(text.match(new RegExp(`^${name} (\\S+)$`, "m"))?.[1]);
  }
}
