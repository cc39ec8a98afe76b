import { CarillonClient, type EventMap } from "./client.js";
import { lead, type Message, protocol, topicsOf } from "./leader.js";
import type { RawEvent } from "./parser.js";
import { type ClientOptions, StreamErrorEvent, StreamFailure, type Transport, type TransportRequest } from "./types.js";
import type { Membership } from "./worker.js";

/** Events that are remembered while a tab catches up on a connection of its own. */
const mostQueued = 1000;
/** The longest that a timer can wait. What leads has the watchdogs. */
const never = 2 ** 31 - 1;

export interface SharedOptions extends ClientOptions {
  /**
   * Which streams are one. Default: those of the same URL, topics and headers. With a `token` it is needed, and names
   * the user: tabs in which different people are signed in must not share a stream.
   */
  name?: string;
  /** `() => new SharedWorker(new URL("carillon-client/worker", import.meta.url), { type: "module" })` */
  worker?: () => SharedWorker;
}

/**
 * A stream that all tabs of the browser share: one connection to the server, whatever their number. A SharedWorker
 * holds it if one is given, else one of the tabs; when that is closed another takes over where it was. Without
 * BroadcastChannel, without either a worker or Web Locks, or where storage is forbidden, each tab has its own.
 *
 * All tabs see all events, also of topics that another of them has added; a topic that one of them removes stays until
 * the stream is opened anew.
 */
export function connectShared<Events extends EventMap = EventMap>(url: string | URL, options: SharedOptions = {}): CarillonClient<Events> {
  const { name, worker, ...own } = options;
  if (own.token && !name) throw new TypeError("connectShared: where there is a token, `name` must say whose stream it is");
  const target = new URL(url, globalThis.location?.href).href;
  const locks = globalThis.navigator?.locks;
  const usesWorker = worker && typeof SharedWorker === "function";
  if (typeof BroadcastChannel !== "function" || !(usesWorker || locks)) return new CarillonClient<Events>(target, own);

  const topics = [...(own.topics ?? [])];
  const room = `carillon ${protocol} ${name ?? JSON.stringify([target, topics, own.headers])}`;
  const inner: ClientOptions = { ...own, topics, onGap: undefined, persist: undefined };

  const transport: Transport = async (request) => {
    if (!(await isAllowed())) return alone(inner, request);
    const { signal } = request;
    let cursor = request.lastEventId;
    const campaign = (): void => void lead(room, target, inner, signal, () => cursor).catch(() => {});
    const following = follow(room, target, inner, {
      ...request,
      id: (id) => request.id((cursor = id)),
    });
    if (!usesWorker) campaign();
    else {
      const join = (): Promise<void> | void => {
        try {
          const shared = worker();
          shared.onerror = campaign;
          const plain = Object.entries(inner).filter(([, value]) => typeof value !== "function" && !(value instanceof AbortSignal));
          const membership: Membership = { room, url: target, member, options: Object.fromEntries(plain), cursor, token: !!own.token };
          shared.port.postMessage(membership);
          return untilAborted(signal).then(() => shared.port.postMessage(member));
        } catch {
          campaign();
        }
      };
      // The worker learns of a tab that is gone, however it went, by getting its lock.
      const member = `${room} ${Math.random()} ${Date.now()}`;
      if (locks) locks.request(member, { signal }, join).catch(() => {});
      else void join();
    }
    return following;
  };
  transport.shared = true;
  return new CarillonClient<Events>(target, { ...own, transport, maxRetries: 0, silence: never, connectTimeout: never });
}

/** Storage that is forbidden, as in a sandboxed frame, forbids locks as well, and in some browsers channels. */
async function isAllowed(): Promise<boolean> {
  try {
    new BroadcastChannel("carillon").close();
    await navigator.locks?.request(`carillon ${Math.random()}`, () => {});
    return true;
  } catch {
    return false;
  }
}

/** A connection of the tab's own. */
function alone(options: ClientOptions, request: TransportRequest): Promise<void> {
  return new Promise((_, failed) => {
    const { signal, lastEventId } = request;
    const client = new CarillonClient(request.url, { ...options, topics: [], signal, lastEventId });
    client.tap((event) => {
      if (event.type === "carillon.expiring") return;
      if (event.own) request.id(event.id);
      request.event(event);
    });
    client.onStatus((status) => {
      if (status === "open") request.opened();
      if (status === "closed") failed(client.failure ?? new StreamFailure("http", { status: 204 }));
    });
    client.addEventListener("error", (event) => {
      if (event instanceof StreamErrorEvent && event.retryIn !== undefined) request.lost(event.failure, event.retryIn);
    });
  });
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((done) => (signal.aborted ? done() : signal.addEventListener("abort", () => done())));
}

/** Hears what the leader tells. */
function follow(room: string, url: string, options: ClientOptions, request: TransportRequest): Promise<void> {
  return new Promise((_, failed) => {
    const { signal } = request;
    const channel = new BroadcastChannel(room);
    const say = (message: Message): void => channel.postMessage(message);
    const greet = (): void => say({ is: "hello", topics: topicsOf(request.url) });
    const deliver = (event: RawEvent): void => {
      if (event.own) request.id(event.id);
      request.event(event);
    };
    let joined = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let hear = deliver;

    const join = (cursor: string): void => {
      if (!joined && request.lastEventId && request.lastEventId !== cursor) hear = catchUp(url, { ...options, signal, lastEventId: request.lastEventId }, deliver, () => (hear = deliver));
      joined = true;
      request.opened();
    };
    channel.onmessage = ({ data }: MessageEvent<Message>) => {
      clearTimeout(timer);
      switch (data.is) {
        case "open":
          // A leader that is new does not know what the tabs want.
          greet();
          return join(data.cursor);
        case "state":
          if (joined) return;
          join(data.cursor);
          if (hear === deliver) request.id(data.cursor);
          if (data.first) request.event({ ...data.first, id: data.cursor });
          return;
        case "event":
          return joined ? hear(data.event) : undefined;
        case "lost":
          // A browser slows the timers of hidden tabs down, and so of a leader; those that are seen keep time for it.
          if (globalThis.document?.visibilityState === "visible") timer = setTimeout(() => say({ is: "now" }), data.retryIn);
          return request.lost(new StreamFailure(data.kind ?? "network", data), data.retryIn);
        case "end":
          return failed(data.kind ? new StreamFailure(data.kind, data) : new StreamFailure("http", { status: 204 }));
        case "token?":
          Promise.resolve(options.token?.({ why: data.why, signal })).then(
            (token) => token && say({ is: "token", token }),
            () => {},
          );
      }
    };
    void untilAborted(signal).then(() => {
      clearTimeout(timer);
      channel.close();
    });
    greet();
  });
}

/**
 * A tab that was away has a cursor of its own: it reads on a connection of its own, until it has what the opening event
 * announces, or an event comes both there and from the leader. What comes from the leader until then is kept.
 *
 * @returns what hears the leader meanwhile
 */
function catchUp(url: string, options: ClientOptions, deliver: (event: RawEvent) => void, done: () => void): (event: RawEvent) => void {
  let queue: RawEvent[] = [];
  const mine = new Set<string>();
  /** Events that are still to come, where the server says how many. */
  let left = NaN;
  const client = new CarillonClient(url, options);
  const finish = (rest: RawEvent[]): void => {
    client.close();
    done();
    rest.forEach(deliver);
  };
  client.onStatus((status) => {
    if (status === "closed" && !options.signal?.aborted && client.failure) finish(queue);
  });
  client.tap((event) => {
    if (event.type === "carillon.expiring") return;
    deliver(event);
    if (!event.own) return;
    left = event.type === "carillon.open" ? +(/"events":(\d+)/.exec(event.data)?.[1] ?? NaN) : left - 1;
    if (left <= 0) return finish(queue);
    const at = queue.findIndex(({ own, id }) => own && id === event.id);
    if (at >= 0) return finish(queue.slice(at + 1));
    mine.add(event.id);
    if (mine.size > mostQueued) mine.delete(mine.values().next().value!);
  });
  return (event) => {
    if (event.own && mine.has(event.id)) finish([]);
    // What is forgotten here comes on its own connection.
    else if (queue.push(event) > mostQueued) queue = [];
  };
}
