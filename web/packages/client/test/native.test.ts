import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { CarillonClient, type ClientOptions } from "../src/index.js";
import { nativeTransport } from "../src/native.js";
import { FakeServer, settled } from "./support.js";

/** A browser's `EventSource` as far as the transport knows it. */
class FakeSource extends EventTarget {
  static readonly all: FakeSource[] = [];
  onopen: (() => void) | null = null;
  onerror: (() => void) | null = null;
  closed = false;
  readonly url: URL;

  constructor(
    url: URL,
    readonly options: EventSourceInit,
  ) {
    super();
    this.url = url;
    FakeSource.all.push(this);
  }

  close(): void {
    this.closed = true;
  }

  async send(type: string, data: string, lastEventId = ""): Promise<void> {
    this.dispatchEvent(new MessageEvent(type, { data, lastEventId }));
    await settled();
  }

  static get last(): FakeSource {
    return FakeSource.all.at(-1)!;
  }
}

let server: FakeServer;
let client: CarillonClient;

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, "random").mockReturnValue(0.5);
  vi.stubGlobal("EventSource", FakeSource);
  FakeSource.all.length = 0;
  server = new FakeServer();
});
afterEach(() => {
  client.close();
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

async function start(options: ClientOptions = {}): Promise<void> {
  const transport = nativeTransport({ types: ["tick"] });
  client = new CarillonClient("http://hub.test/events/subscribe/news", { fetch: server.fetch, transport, ...options });
  await settled();
}

test("asks for heartbeats as events, and hears the types that it was told", async () => {
  await start({ withCredentials: true });
  expect([FakeSource.last.url.href, FakeSource.last.options]).toEqual(["http://hub.test/events/subscribe/news?heartbeat=event", { withCredentials: true }]);
  FakeSource.last.onopen!();
  const heard: unknown[] = [];
  client.on("tick", ({ data, id }) => heard.push(["tick", data, id]));
  client.on("message", ({ data, id }) => heard.push(["message", data, id]));
  await FakeSource.last.send("tick", "1", "aaaaaaaa.1");
  await FakeSource.last.send("message", "2", "aaaaaaaa.2");
  await FakeSource.last.send("message", "3", "aaaaaaaa.2");
  expect(heard).toEqual([["tick", 1, "aaaaaaaa.1"], ["message", 2, "aaaaaaaa.2"], ["message", 3, "aaaaaaaa.2"]]);
  expect(client.status).toBe("open");
});

test("trades its token for a ticket, a new one for each attempt, and names its cursor", async () => {
  await start({ token: () => "secret", lastEventId: "aaaaaaaa.7" });
  expect([server.last.method, server.last.url.href, server.last.headers.get("Authorization")]).toEqual(["POST", "http://hub.test/auth/ticket", "Bearer secret"]);
  server.last.answer(200, '{"ticket":"t1","expiresIn":30}');
  await settled();
  expect(Object.fromEntries(FakeSource.last.url.searchParams)).toEqual({ heartbeat: "event", ticket: "t1", last_event_id: "aaaaaaaa.7" });
  expect(FakeSource.last.url.href).not.toContain("secret");
  FakeSource.last.onopen!();
  await FakeSource.last.send("message", "1", "aaaaaaaa.8");
  FakeSource.last.onerror!();
  await settled();
  expect([client.status, FakeSource.last.closed]).toEqual(["waiting", true]);
  await vi.advanceTimersByTimeAsync(1500);
  server.last.answer(200, '{"ticket":"t2","expiresIn":30}');
  await settled();
  expect(Object.fromEntries(FakeSource.last.url.searchParams)).toEqual({ heartbeat: "event", ticket: "t2", last_event_id: "aaaaaaaa.8" });
});

test("a token that gets no ticket is a refusal", async () => {
  await start({ token: () => "secret" });
  server.last.answer(403);
  await settled();
  expect([client.status, client.failure?.status, FakeSource.all.length]).toEqual(["closed", 403, 0]);
});

test("heartbeats keep it alive, silence does not", async () => {
  await start();
  FakeSource.last.onopen!();
  await vi.advanceTimersByTimeAsync(74_000);
  await FakeSource.last.send("heartbeat", "{}");
  await vi.advanceTimersByTimeAsync(74_000);
  expect(client.status).toBe("open");
  await vi.advanceTimersByTimeAsync(1000);
  expect([client.failure?.kind, FakeSource.last.closed]).toEqual(["silence", true]);
});

test("is closed with the client, also while it waits for a ticket", async () => {
  await start({ token: () => "secret" });
  client.close();
  await settled();
  expect([server.last.signal.aborted, FakeSource.all.length]).toEqual([true, 0]);
  await start();
  client.close();
  await settled();
  expect(FakeSource.last.closed).toBe(true);
});
