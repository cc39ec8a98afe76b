// Tabs and a worker in one process: channels and locks in memory stand for the browser's, streams are told by the test.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type CarillonClient, type Gap, StreamErrorEvent } from "../src/index.js";
import { connectShared, type SharedOptions } from "../src/sharing.js";
import { protocol } from "../src/leader.js";
import { FakeServer, type Stream, settled } from "./support.js";

class FakeChannel {
  static readonly all = new Set<FakeChannel>();
  onmessage: ((event: { data: unknown }) => void) | null = null;

  constructor(readonly name: string) {
    FakeChannel.all.add(this);
  }

  postMessage(data: unknown): void {
    if (!FakeChannel.all.has(this)) throw new DOMException("closed", "InvalidStateError");
    const copy = structuredClone(data);
    for (const other of FakeChannel.all)
      if (other !== this && other.name === this.name) queueMicrotask(() => FakeChannel.all.has(other) && other.onmessage?.({ data: copy }));
  }

  close(): void {
    FakeChannel.all.delete(this);
  }
}

interface Wait {
  signal: AbortSignal | undefined;
  hold: () => unknown;
  done: (value: unknown) => void;
}

/** Web Locks, exclusive ones. */
class FakeLocks {
  readonly #queues = new Map<string, Wait[]>();

  async request(name: string, options: { signal?: AbortSignal } | (() => unknown), act?: () => unknown): Promise<unknown> {
    const hold = typeof options === "function" ? options : act!;
    const signal = typeof options === "function" ? undefined : options.signal;
    signal?.throwIfAborted();
    const queue = this.#queues.get(name) ?? [];
    this.#queues.set(name, queue);
    return new Promise((done, failed) => {
      const wait = { signal, hold, done };
      queue.push(wait);
      signal?.addEventListener("abort", () => {
        if (queue.indexOf(wait) <= 0) return;
        queue.splice(queue.indexOf(wait), 1);
        failed(signal.reason as Error);
      });
      if (queue.length === 1) this.#grant(queue);
    });
  }

  /** Whoever holds it has died, with whatever it held. */
  crash(name: string): void {
    const queue = this.#queues.get(name)!;
    queue.shift();
    this.#grant(queue);
  }

  #grant(queue: Wait[]): void {
    const [first] = queue;
    if (!first) return;
    queueMicrotask(async () => {
      if (queue[0] !== first) return;
      const value = await first.hold();
      first.done(value);
      if (queue[0] !== first) return;
      queue.shift();
      this.#grant(queue);
    });
  }
}

let server: FakeServer;
let locks: FakeLocks;
let tabs: CarillonClient[];
let view: { visibilityState: string };
/** What the global scope of the worker is told when a tab connects. */
let connected: ((event: { ports: [FakePort] }) => void) | undefined;

beforeEach(() => {
  vi.useFakeTimers();
  server = new FakeServer();
  locks = new FakeLocks();
  tabs = [];
  view = { visibilityState: "visible" };
  connected = undefined;
  vi.stubGlobal("BroadcastChannel", FakeChannel);
  vi.stubGlobal("navigator", { locks });
  vi.stubGlobal("document", view);
  vi.stubGlobal("SharedWorker", FakeWorker);
  vi.stubGlobal("fetch", server.fetch);
});
afterEach(async () => {
  for (const tab of tabs) tab.close();
  await settled();
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.resetModules();
  FakeChannel.all.clear();
});

class FakePort {
  onmessage: ((event: { data: unknown }) => void) | null = null;
  other!: FakePort;
  postMessage(data: unknown): void {
    const copy = structuredClone(data);
    queueMicrotask(() => this.other.onmessage?.({ data: copy }));
  }
}

class FakeWorker {
  readonly port = new FakePort();
  onerror: (() => void) | null = null;

  constructor() {
    const there = new FakePort();
    there.other = this.port;
    this.port.other = there;
    connected?.({ ports: [there] });
  }
}

/** Loads the script of the worker, with a window-like `addEventListener` of its own. */
async function startWorker(): Promise<void> {
  vi.stubGlobal("addEventListener", (type: string, heard: (event: { ports: [FakePort] }) => void) => {
    if (type === "connect") connected = heard;
  });
  await import("../src/worker.js");
  vi.stubGlobal("addEventListener", undefined);
}

const url = "http://hub.test/events/subscribe?topic=news";
const room = `carillon ${protocol} me`;
const seen = new WeakMap<CarillonClient, string[]>();

async function tab(options: SharedOptions = {}): Promise<CarillonClient> {
  const client = connectShared(url, { name: "me", ...options });
  const data: string[] = [];
  seen.set(client, data);
  client.onmessage = (event) => data.push(event.data);
  tabs.push(client);
  await settled();
  return client;
}

const opening = (n: number, topics: string[], more = {}): string =>
  `id: aaaaaaaa.${n}\nevent: carillon.open\ndata: ${JSON.stringify({ resume: "fresh", client: `c${n}`, topics, ...more })}\n\n`;
const event = (n: number): string => `id: aaaaaaaa.${n}\ndata: ${n}\n\n`;
const gets = (): string[] => server.calls.filter(({ method }) => method === "GET").map(({ url: { search } }) => search);

async function opened(at = 0, topics = ["news"], more = {}): Promise<Stream> {
  const stream = server.last.open();
  await settled();
  await stream.send(opening(at, topics, more));
  return stream;
}

/** Answers all changes of topics. */
async function agree(): Promise<void> {
  for (const call of server.calls) if (call.method !== "GET") call.answer(204, undefined);
  await settled();
}

test("topics that tabs have added are in the next stream from its start, whoever leads", async () => {
  const [first, second] = [await tab(), await tab()];
  const stream = await opened();
  void first.addTopic("a");
  void second.addTopic("b");
  await settled();
  await agree();
  await stream.send(event(1));
  await stream.cut();
  await vi.advanceTimersByTimeAsync(30_000);
  await settled();
  expect(gets().at(-1)).toBe("?topic=news&topic=a&topic=b");
  await opened(1, ["news", "a", "b"]);
  // Another tab takes over.
  first.close();
  await settled();
  expect(gets().at(-1)).toBe("?topic=news&topic=a&topic=b");
  expect(server.last.headers.get("Last-Event-ID")).toBe("aaaaaaaa.1");
});

test("topics outlive a server that is away for longer than topics that nobody wants are kept", async () => {
  await tab({ topics: ["a"] });
  for (let n = 0; n < 5; n++) {
    server.last.fail();
    await vi.advanceTimersByTimeAsync(30_000);
    await settled();
  }
  expect(gets().length).toBeGreaterThan(4);
  expect(gets().at(-1)).toBe("?topic=news&topic=a");
});

test("a topic that no tab wants any more is given up", async () => {
  const [first, second] = [await tab(), await tab()];
  await opened();
  for (const one of [first, second]) void one.addTopic("a");
  void second.addTopic("b");
  await settled();
  await agree();
  await vi.advanceTimersByTimeAsync(60_000);
  await settled();
  const given = (): string[] => server.calls.filter(({ method }) => method === "DELETE").map(({ url: { pathname } }) => pathname);
  await first.removeTopic("a");
  await settled();
  expect(given()).toEqual([]);
  await second.removeTopic("a");
  await settled();
  expect(given()).toEqual(["/events/clients/c0/topics/a"]);
  await agree();
  second.close();
  await settled();
  expect(given().at(-1)).toBe("/events/clients/c0/topics/b");
});

test("a tab that was away catches up on the topics that it has added, too", async () => {
  const page = new EventTarget();
  vi.stubGlobal("addEventListener", page.addEventListener.bind(page));
  const away = await tab();
  vi.stubGlobal("addEventListener", undefined);
  await tab();
  const stream = await opened();
  void away.addTopic("a");
  await settled();
  await agree();
  await stream.send(event(1));
  page.dispatchEvent(new Event("freeze"));
  await settled();
  // The other tab leads now.
  const next = await opened(1, ["news", "a"], { resume: "resumed" });
  await next.send(event(2) + event(3));
  page.dispatchEvent(new Event("resume"));
  await settled();
  expect(server.last.url.searchParams.getAll("topic")).toEqual(["news", "a"]);
  expect(server.last.headers.get("Last-Event-ID")).toBe("aaaaaaaa.1");
  const own = server.last.open();
  await settled();
  await own.send(opening(1, ["news", "a"], { resume: "resumed", events: 2 }) + event(2) + event(3));
  expect([seen.get(away), own.cancelled]).toEqual([["1", "2", "3"], true]);
});

/** A tab that comes with the cursor 1 to a stream that stands at 3, and is on its way to catch up. */
async function late(gaps: Gap[] = []): Promise<{ leader: Stream; client: CarillonClient }> {
  await tab();
  const leader = await opened();
  await leader.send(event(1) + event(2) + event(3));
  const client = await tab({ lastEventId: "aaaaaaaa.1", onGap: (gap) => gaps.push(gap) });
  expect(server.last.headers.get("Last-Event-ID")).toBe("aaaaaaaa.1");
  return { leader, client };
}

test("a tab that catches up loses nothing of what many events come meanwhile", async () => {
  const { leader, client } = await late();
  const many = Array.from({ length: 1500 }, (_, n) => n + 4);
  await leader.send(many.map(event).join(""));
  const own = server.last.open();
  await settled();
  // It was opened before they came, and says so.
  await own.send(opening(1, ["news"], { resume: "resumed", events: 2 }) + event(2) + event(3));
  expect(own.cancelled).toBe(false);
  await own.send(many.map(event).join(""));
  await leader.send(event(1504));
  expect(seen.get(client)).toEqual(Array.from({ length: 1503 }, (_, n) => `${n + 2}`));
  expect(own.cancelled).toBe(true);
});

test.each([403, 204])("a tab that may not catch up (%i) is told that it misses something, and shares", async (status) => {
  const gaps: Gap[] = [];
  const { leader, client } = await late(gaps);
  await leader.send(event(4));
  server.last.answer(status, undefined);
  await settled();
  await leader.send(event(5));
  expect([gaps, seen.get(client)]).toEqual([[{ resume: "gap" }], ["4", "5"]]);
});

test("where each user has one stream, a tab that was away is told of a gap and opens none of its own", async () => {
  await tab({ catchUp: false });
  const leader = await opened();
  await leader.send(event(1) + event(2));
  const gaps: Gap[] = [];
  const client = await tab({ catchUp: false, lastEventId: "aaaaaaaa.1", onGap: (gap) => gaps.push(gap) });
  await leader.send(event(3));
  expect([gaps, seen.get(client), server.calls.length]).toEqual([[{ resume: "gap" }], ["3"], 1]);
});

test("when the worker dies, a tab takes over where it was", async () => {
  await startWorker();
  const worker = (): SharedWorker => new FakeWorker() as unknown as SharedWorker;
  const pages = [await tab({ worker }), await tab({ worker })];
  const stream = await opened();
  expect(server.calls).toHaveLength(1);
  await stream.send(event(1));
  const asked = server.calls.length;
  locks.crash(room);
  await settled();
  expect(server.calls).toHaveLength(asked + 1);
  expect(server.last.headers.get("Last-Event-ID")).toBe("aaaaaaaa.1");
  await (await opened(1, ["news"], { resume: "resumed" })).send(event(2));
  expect(pages.map((page) => seen.get(page))).toEqual([
    ["1", "2"],
    ["1", "2"],
  ]);
});

test("a worker that had to wait for a tab takes over where that tab was", async () => {
  const leader = await tab();
  const stream = await opened();
  await stream.send(event(1));
  await startWorker();
  const client = await tab({ worker: () => new FakeWorker() as unknown as SharedWorker });
  await stream.send(event(2) + event(3));
  leader.close();
  await settled();
  expect(server.last.headers.get("Last-Event-ID")).toBe("aaaaaaaa.3");
  expect(client.status).not.toBe("closed");
});

test("a worker of another version is left to tabs of its own", async () => {
  connected = ({ ports: [port] }) => port.postMessage(protocol + 1);
  await tab({ worker: () => new FakeWorker() as unknown as SharedWorker });
  expect(server.calls).toHaveLength(1);
});

test("a worker does not lead for tabs of another version", async () => {
  await startWorker();
  const { port } = new FakeWorker();
  port.postMessage({ protocol: protocol + 1, room: "other", url, member: "m", options: {}, cursor: "", token: false });
  await settled();
  expect(server.calls).toHaveLength(0);
});

test("a worker asks for a token: one tab gives it, and one that has none says so", async () => {
  await startWorker();
  const worker = (): SharedWorker => new FakeWorker() as unknown as SharedWorker;
  let asked = 0;
  let token: string | undefined = "t";
  const options: SharedOptions = { worker, token: () => (++asked, token) };
  await tab(options);
  await vi.advanceTimersByTimeAsync(10);
  await settled();
  expect([asked, server.last.headers.get("Authorization")]).toEqual([1, "Bearer t"]);
  const stream = await opened();
  view.visibilityState = "hidden";
  for (let n = 0; n < 5; ++n) await tab(options);
  vi.spyOn(Math, "random").mockReturnValueOnce(0.1);
  asked = 0;
  token = undefined;
  await stream.cut();
  // The worker waits for its turn, the tabs for one another.
  await vi.advanceTimersByTimeAsync(4000);
  await settled();
  expect([asked, server.last.headers.get("Authorization"), server.calls.length]).toEqual([1, null, 2]);
});

test("a room that has just ended is open again for who comes next", async () => {
  await startWorker();
  const worker = (): SharedWorker => new FakeWorker() as unknown as SharedWorker;
  const client = await tab({ worker });
  const again: CarillonClient[] = [];
  client.addEventListener("error", (event) => {
    if (event instanceof StreamErrorEvent && client.readyState === 2) again.push(connectShared(url, { name: "me", worker }));
  });
  server.last.answer(404);
  await settled();
  await settled();
  tabs.push(...again);
  expect([again.length, server.calls.length]).toEqual([1, 2]);
});

test("a token that comes when its tab has gone is nobody's error", async () => {
  await startWorker();
  let give: (token: string) => void = () => {};
  const client = await tab({ worker: () => new FakeWorker() as unknown as SharedWorker, token: () => new Promise<string>((done) => (give = done)) });
  await vi.advanceTimersByTimeAsync(10);
  client.close();
  await settled();
  give("t");
  await settled();
  expect(server.calls).toHaveLength(0);
});

test("a stream that is shared is not given up because it is quiet", async () => {
  const client = await tab({ silence: Infinity, connectTimeout: Infinity });
  await opened();
  await vi.advanceTimersByTimeAsync(2 ** 31);
  expect([client.status, server.calls.length]).toEqual(["open", 1]);
});
