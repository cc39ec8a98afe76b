// The SharedWorker of `connectShared`: leads for as long as a tab wants the stream.
import { lead, type Message } from "./leader.js";
import type { ClientOptions, TokenRequest } from "./types.js";

/** What a tab sends when it begins to listen. When it ceases it sends the name of its `member` alone. */
export interface Membership {
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
    void lead(room, url, asking, end.signal, () => cursor)
      .catch(() => {})
      .then(() => rooms.get(room)?.end === end && rooms.delete(room));
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
  port!.onmessage = ({ data }: MessageEvent<Membership | string>) => (typeof data === "string" ? leave(data) : enter(data));
});
