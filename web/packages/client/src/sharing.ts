import { CarillonClient, type EventMap } from "./client.js";
import { change, lead, type Message, note, protocol, type Standing, topicsOf } from "./leader.js";
import type { RawEvent } from "./parser.js";
import { type ClientOptions, StreamErrorEvent, StreamFailure, type Transport, type TransportRequest } from "./types.js";
import type { Membership } from "./worker.js";

/** Events that are remembered while a tab catches up on a connection of its own. */
const mostQueued = 1000;
/** Tabs that nobody sees leave it to others for so long at most, in milliseconds, to give the worker a token. */
const patience = 3000;

export interface SharedOptions extends ClientOptions {
  /**
   * Which streams are one. Default: those of the same URL, topics and headers. With a `token` it is needed, and names
   * the user: tabs in which different people are signed in must not share a stream.
   */
  name?: string;
  /** `() => new SharedWorker(new URL("carillon-client/worker", import.meta.url), { type: "module" })` */
  worker?: () => SharedWorker;
  /**
   * False where the server allows each user one stream (`/api/v1/sse/notifications`): a tab that was away is told of a gap,
   * rather than reads on a connection of its own, which would take the place of all others. Default true.
   */
  catchUp?: boolean;
}

/**
 * A stream that all tabs of the browser share: one connection to the server, whatever their number. A SharedWorker
 * holds it if one is given, else one of the tabs; when that is closed another takes over where it was. Without
 * BroadcastChannel, without either a worker or Web Locks, or where storage is forbidden, each tab has its own.
 *
 * All tabs see all events, also of topics that another of them has added; a topic is given up when no tab wants it.
 */
export function connectShared<Events extends EventMap = EventMap>(url: string | URL, options: SharedOptions = {}): CarillonClient<Events> {
  const { name, worker, catchUp, ...own } = options;
  if (own.token && !name) throw new TypeError("connectShared: where there is a token, `name` must say whose stream it is");
  const target = new URL(url, globalThis.location?.href).href;
  const locks = globalThis.navigator?.locks;
  const usesWorker = worker && typeof SharedWorker === "function";
  if (typeof BroadcastChannel !== "function" || !(usesWorker || locks)) return new CarillonClient<Events>(target, own);

  const topics = [...(own.topics ?? [])];
  const room = `carillon ${protocol} ${name ?? JSON.stringify([target, topics, own.headers])}`;
  const inner: ClientOptions = { ...own, topics, onGap: undefined, persist: undefined };
  let tellTopics = (): void => {};

  const transport: Transport = async (request) => {
    const { signal, lastEventId } = request;
    const told = (by: () => void): void => void (tellTopics = () => signal.aborted || by());
    if (!(await isAllowed())) return alone(inner, request, told);
    const at: Standing = { cursor: lastEventId, topics: [] };
    let leads = false;
    const campaign = (): void => {
      if (!leads) void lead(room, target, inner, signal, () => at).catch(() => {});
      leads = true;
    };
    const member = `${room} ${Math.random()} ${Date.now()}`;
    // If the worker dies, one of the tabs that it has served takes over.
    const following = follow(room, member, inner, request, at, catchUp !== false, told, usesWorker && locks ? campaign : undefined);
    if (!usesWorker) campaign();
    else {
      const join = (): Promise<void> | void => {
        try {
          const shared = worker();
          shared.onerror = campaign;
          const { port } = shared;
          port.onmessage = ({ data }) => void (data === protocol || campaign());
          const plain = Object.entries(inner).filter(([, value]) => typeof value !== "function" && !(value instanceof AbortSignal));
          port.postMessage({ protocol, room, url: target, member, options: Object.fromEntries(plain), cursor: lastEventId, token: !!own.token } satisfies Membership);
          return untilAborted(signal).then(() => shared.port.postMessage(member));
        } catch {
          campaign();
        }
      };
      // The worker learns of a tab that is gone, however it went, by getting its lock.
      if (locks) locks.request(member, { signal }, join).catch(() => {});
      else void join();
    }
    return following;
  };
  transport.shared = () => tellTopics();
  return new CarillonClient<Events>(target, { ...own, transport, maxRetries: 0, silence: Infinity, connectTimeout: Infinity });
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
function alone(options: ClientOptions, request: TransportRequest, told: (by: () => void) => void): Promise<void> {
  return new Promise((_, failed) => {
    const { signal, lastEventId } = request;
    const client = new CarillonClient(request.url, { ...options, topics: [], signal, lastEventId });
    const asked = new Set(topicsOf(request.url));
    told(() => change(client, asked, topicsOf(request.target())));
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

/** Hears what the leader tells; `met` is called when there is one. */
function follow(room: string, member: string, options: ClientOptions, request: TransportRequest, at: Standing, catchesUp: boolean, told: (by: () => void) => void, met?: () => void): Promise<void> {
  return new Promise((_, failed) => {
    const { signal } = request;
    const channel = new BroadcastChannel(room);
    const say = (message: Message): void => channel.postMessage(message);
    const greet = (): void => say({ is: "hello", member, topics: topicsOf(request.target()) });
    const deliver = (event: RawEvent): void => {
      if (event.own) request.id(event.id);
      request.event(event);
    };
    let joined = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let tokenTimer: typeof timer;
    let hear = deliver;

    const join = (cursor: string): void => {
      const { lastEventId } = request;
      const missed = !joined && lastEventId && lastEventId !== cursor;
      if (!joined) met?.();
      joined = true;
      request.opened();
      if (!missed) return;
      if (catchesUp) hear = readAlone(request.target(), { ...options, topics: [], signal, lastEventId }, deliver, () => (hear = deliver));
      else deliver(gap);
    };
    channel.onmessage = ({ data }: MessageEvent<Message>) => {
      clearTimeout(timer);
      note(at, data);
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
          if (isSeen()) timer = setTimeout(() => say({ is: "now" }), data.retryIn);
          return request.lost(new StreamFailure(data.kind ?? "network", data), data.retryIn);
        case "end":
          return failed(data.kind ? new StreamFailure(data.kind, data) : new StreamFailure("http", { status: 204 }));
        case "token?":
          if (!options.token) return;
          tokenTimer = setTimeout(
            async () => {
              try {
                const token = await options.token!({ why: data.why, signal });
                if (!signal.aborted) say({ is: "token", token });
              } catch {
                // Another tab may have one; without any the attempt ends at its time.
              }
            },
            isSeen() ? 0 : Math.random() * patience,
          );
          return;
        case "token":
          clearTimeout(tokenTimer);
      }
    };
    told(greet);
    void untilAborted(signal).then(() => {
      clearTimeout(timer);
      clearTimeout(tokenTimer);
      say({ is: "hello", member });
      channel.close();
    });
    greet();
  });
}

/** Says that something is missing. */
const gap: RawEvent = { type: "carillon.gap", data: "{}", id: "", own: false };

const isSeen = (): boolean => globalThis.document?.visibilityState === "visible";

/**
 * A tab that was away has a cursor of its own: it reads on a connection of its own, until it has what the opening event
 * announces, or an event comes both there and from the leader. What comes from the leader until then is kept.
 *
 * @returns what hears the leader meanwhile
 */
function readAlone(url: string, options: ClientOptions, deliver: (event: RawEvent) => void, done: () => void): (event: RawEvent) => void {
  let queue: RawEvent[] = [];
  const mine = new Set<string>();
  /** Events that are still to come, where the server says how many. */
  let left = NaN;
  let forgot = false;
  let over = false;
  const client = new CarillonClient(url, options);
  const finish = (rest: RawEvent[]): void => {
    over = true;
    client.close();
    done();
    rest.forEach(deliver);
  };
  client.onStatus((status) => {
    if (status !== "closed" || over || options.signal?.aborted) return;
    // It is refused what it missed.
    deliver(gap);
    finish(queue);
  });
  client.tap((event) => {
    if (event.type === "carillon.expiring") return;
    deliver(event);
    if (!event.own || over) return;
    left = event.type === "carillon.open" ? +(/"events":(\d+)/.exec(event.data)?.[1] ?? NaN) : left - 1;
    const at = queue.findIndex(({ own, id }) => own && id === event.id);
    if (at >= 0) return finish(queue.slice(at + 1));
    if (left <= 0 && !forgot) return finish(queue);
    mine.add(event.id);
    if (mine.size > mostQueued) mine.delete(mine.values().next().value!);
  });
  return (event) => {
    if (event.own && mine.has(event.id)) return finish([]);
    // What is forgotten here comes on its own connection.
    if (queue.push(event) <= mostQueued) return;
    forgot = true;
    queue = [];
  };
}
