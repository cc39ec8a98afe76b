// The client of a test, and the server in memory that it talks to.
import { afterEach, beforeEach, vi } from "vitest";
import { type CarillonClient, type ClientOptions, StreamErrorEvent, type StreamFailure, connect } from "../src/index.js";
import { FakeServer, type Stream, settled } from "./support.js";

export let server: FakeServer;
export let client: CarillonClient | undefined;
export let failures: StreamFailure[];

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, "random").mockReturnValue(0.5);
  server = new FakeServer();
  failures = [];
});
afterEach(() => {
  client?.close();
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

export async function start(options: ClientOptions = {}, url = "http://hub.test/events/subscribe?topic=news"): Promise<CarillonClient> {
  client = connect(url, { fetch: server.fetch, ...options });
  client.addEventListener("error", (event) => {
    if (event instanceof StreamErrorEvent) failures.push(event.failure);
  });
  await settled();
  return client;
}

export async function opened(options: ClientOptions = {}, url?: string): Promise<Stream> {
  await start(options, url);
  const stream = server.last.open();
  await settled();
  return stream;
}

export const kinds = (): string[] => failures.map(({ kind, status }) => (kind === "http" ? String(status) : kind));
export const wait = async (ms: number): Promise<void> => {
  await vi.advanceTimersByTimeAsync(ms);
  await settled();
};
