// The SharedWorker of `connectShared`: leads for as long as a tab wants the stream.
import { lead, type Message, note, protocol, type Standing } from "./leader.js";
import type { ClientOptions, TokenRequest } from "./types.js";

/** What a tab sends when it begins to listen. When it ceases it sends the name of its `member` alone. */
export interface Membership {
  protocol: number;
  room: string;
  url: string;
  /** A Web Lock that the tab holds, where there are any. */
  member: string;
  options: ClientOptions;
  cursor: string;
  /** Whether tabs are to be asked for tokens. */
  token: boolean;
}

interface Room {
  members: Set<string>;
  end: AbortController;
}
const rooms = new Map<string, Room>();

/** Whichever tab answers first. */
function askTabs(room: string, { why, signal }: TokenRequest): Promise<string | undefined> {
  const channel = new BroadcastChannel(room);
  return new Promise<string | undefined>((done) => {
    channel.onmessage = ({ data }: MessageEvent<Message>) => {
      if (data.is === "token") done(data.token);
    };
    signal.addEventListener("abort", () => done(undefined));
    channel.postMessage({ is: "token?", why } satisfies Message);
  }).finally(() => channel.close());
}

function enter({ room, url, member, options, cursor, token }: Membership): void {
  let held = rooms.get(room);
  if (!held) {
    const end = new AbortController();
    held = { members: new Set(), end };
    rooms.set(room, held);
    const asking: ClientOptions = token ? { ...options, token: (request) => askTabs(room, request) } : options;
    // A tab may lead, and for long, before this worker can.
    const at: Standing = { cursor, topics: [] };
    const channel = new BroadcastChannel(room);
    channel.onmessage = ({ data }: MessageEvent<Message>) => note(at, data);
    const begin = (): Standing => {
      channel.close();
      return at;
    };
    end.signal.addEventListener("abort", begin);
    const over = (): void => void (rooms.get(room)?.end === end && rooms.delete(room));
    void lead(room, url, asking, end.signal, begin, over)
      .catch(() => {})
      .then(over);
  }
  held.members.add(member);
  if (navigator.locks) void navigator.locks.request(member, () => leave(member));
}

function leave(member: string): void {
  for (const [name, { members, end }] of rooms) {
    if (!members.delete(member) || members.size > 0) continue;
    rooms.delete(name);
    end.abort();
  }
}

globalThis.addEventListener("connect", (event) => {
  const [port] = (event as MessageEvent).ports;
  // A browser keeps the worker of one URL for pages of another version too: those look elsewhere.
  port!.postMessage(protocol);
  port!.onmessage = ({ data }: MessageEvent<Membership | string>) => {
    if (typeof data === "string") leave(data);
    else if (data.protocol === protocol) enter(data);
  };
});
