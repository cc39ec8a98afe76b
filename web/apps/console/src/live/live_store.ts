// The open streams of the page and what came on them, outside of React: a burst renders once a frame.
import { connect, createParser, type CarillonClient, type RawEvent } from "carillon-client";
import { ApiProblem, reachability } from "../api/client.js";
import { onLeave } from "../api/session.js";
import { blocks } from "./blocks.js";
import type { SystemId } from "./systems.js";

/** What one block of a stream said. */
export interface Entry {
  key: number;
  at: number;
  system: SystemId;
  /** As it came over the wire, cut where it is long. */
  raw: string;
  bytes: number;
  kind: "event" | "opening" | "comment";
  type: string;
  id: string;
  data: string;
  /** Came on a stream that was opened with a token. */
  personal: boolean;
}

export interface OpenStream {
  system: SystemId;
  name: string;
  target: string;
  status: "connecting" | "open" | "waiting" | "closed";
  /** Why it is not open. */
  problem?: ApiProblem | undefined;
  events: number;
  since: number;
}

export interface LiveState {
  streams: Partial<Record<SystemId, OpenStream>>;
  entries: readonly Entry[];
  total: number;
  bytes: number;
  /** So many came while it is paused. */
  waiting: number;
}

/** A browser opens six connections to one host; two are left for calls. */
export const mostStreams = 4;
const mostEntries = 300;
const shownBytes = 16_384;

const encoder = new TextEncoder();

class LiveStore {
  private clients = new Map<SystemId, CarillonClient>();
  /** What was open when the reader went to another page. */
  private left: { stream: OpenStream; token: string | undefined; lastEventId: string }[] = [];
  private tokens = new Map<SystemId, string | undefined>();
  private state: LiveState = { streams: {}, entries: [], total: 0, bytes: 0, waiting: 0 };
  private watchers = new Set<() => void>();
  private fresh: Entry[] = [];
  private keys = 0;
  private frame = 0;
  /** Since the last flush, with those that were too many to keep. */
  private came = 0;
  private cameBytes = 0;
  /** When something came, for the staff: the last minute. */
  readonly notes: { at: number; system: SystemId; kind: Entry["kind"] | "lost"; bytes: number }[] = [];
  paused = false;
  /** Whether a stream has been opened for the first look at the page. */
  begun = false;

  subscribe = (watcher: () => void): (() => void) => {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  };
  getState = (): LiveState => this.state;

  private set(change: Partial<LiveState>): void {
    this.state = { ...this.state, ...change };
    this.watchers.forEach((watcher) => watcher());
  }

  private setStream(system: SystemId, change: Partial<OpenStream>): void {
    const before = this.state.streams[system];
    if (before) this.set({ streams: { ...this.state.streams, [system]: { ...before, ...change } } });
  }

  private note(system: SystemId, kind: Entry["kind"] | "lost", bytes: number): void {
    const now = Date.now();
    this.notes.push({ at: now, system, kind, bytes });
    while (this.notes.length > 2000 || (this.notes[0] && this.notes[0].at < now - 65_000)) this.notes.shift();
  }

  private add(system: SystemId, raw: string, personal: boolean): void {
    let event: RawEvent | undefined;
    createParser({ event: (one) => (event = one) })(`${raw}\n\n`);
    const bytes = encoder.encode(raw).length;
    const opens = event?.type === "carillon.open" || (event && /"type":"connection_established"|"type":"connection"/.test(event.data.slice(0, 64)));
    const kind = !event ? "comment" : opens ? "opening" : "event";
    this.note(system, kind, bytes);
    const stream = this.state.streams[system];
    if (stream && kind === "event") stream.events += 1;
    this.fresh.push({
      key: (this.keys += 1),
      at: Date.now(),
      system,
      raw: raw.length > shownBytes ? `${raw.slice(0, shownBytes)}…` : raw,
      bytes,
      kind,
      type: event?.type ?? (/^id:/m.test(raw) ? "cursor" : "comment"),
      id: event?.own ? event.id : "",
      data: event ? event.data.slice(0, shownBytes) : "",
      personal,
    });
    // Of a long pause only what will be shown is kept.
    if (this.fresh.length > 2 * mostEntries) this.fresh.splice(0, this.fresh.length - mostEntries);
    this.came += 1;
    this.cameBytes += bytes;
    // Some twenty times a second, and also while the page is in the background, where there are none.
    this.frame ||= window.setTimeout(() => this.flush(), document.hidden ? 500 : 40);
  }

  private flush(): void {
    this.frame = 0;
    const streams = { ...this.state.streams };
    if (this.paused) return this.set({ streams, waiting: this.came });
    const fresh = this.fresh.reverse();
    this.fresh = [];
    this.set({
      entries: [...fresh, ...this.state.entries].slice(0, mostEntries),
      total: this.state.total + this.came,
      bytes: this.state.bytes + this.cameBytes,
      waiting: 0,
      streams,
    });
    this.came = this.cameBytes = 0;
  }

  open(system: SystemId, name: string, target: string, token: string | undefined, lastEventId = ""): void {
    this.close(system);
    this.tokens.set(system, token);
    const open = Object.values(this.state.streams).filter((stream) => stream.status !== "closed");
    const oldest = open.sort((a, b) => a.since - b.since)[0];
    if (open.length >= mostStreams && oldest) this.close(oldest.system);
    let problem: ApiProblem | undefined;
    // The client reads what fetch gives it; here the same bytes are also shown as they are.
    const watched: typeof fetch = async (input, init) => {
      const answer = await fetch(input, init);
      reachability.tell(true);
      if (!answer.ok || !answer.body) {
        const told = (await answer.clone().json().catch(() => ({}))) as { code?: string; detail?: string };
        problem = new ApiProblem(answer.status, told.code ?? `HTTP_${answer.status}`, told.detail ?? answer.statusText);
        return answer;
      }
      problem = undefined;
      const [read, shown] = answer.body.tee();
      const cut = blocks((raw) => this.clients.get(system) === client && this.add(system, raw, token !== undefined));
      const decoder = new TextDecoder();
      void shown.pipeTo(new WritableStream({ write: (piece) => cut(decoder.decode(piece as Uint8Array, { stream: true })) })).catch(() => {});
      return new Response(read, { status: answer.status, headers: answer.headers });
    };
    const client = connect(new URL(target, location.origin).href, {
      ...(token ? { token: () => token } : {}),
      fetch: watched,
      ...(lastEventId ? { lastEventId } : {}),
      parse: (text) => text,
      maxDelay: 4000,
    });
    this.clients.set(system, client);
    this.set({ streams: { ...this.state.streams, [system]: { system, name, target, status: "connecting", events: 0, since: Date.now() } } });
    client.onStatus((status) => {
      if (this.clients.get(system) !== client) return;
      if (status === "waiting" && this.state.streams[system]?.status === "open") this.note(system, "lost", 0);
      // A stream that ends in order says nothing of the server; where none can be had, it is asked.
      if (status === "waiting" && !problem && client.failure?.kind !== "ended") reachability.ask();
      this.setStream(system, { status, problem: status === "open" ? undefined : problem });
    });
    client.addEventListener("error", () => {
      if (this.clients.get(system) === client) this.setStream(system, { problem });
    });
  }

  close(system: SystemId): void {
    const client = this.clients.get(system);
    this.clients.delete(system);
    this.tokens.delete(system);
    client?.close();
    if (!this.state.streams[system]) return;
    const { [system]: _, ...streams } = this.state.streams;
    this.set({ streams });
  }

  /** Another page has the browser's connections; `comeBack` goes on from the last event of each stream. */
  leave(): void {
    for (const [system, client] of [...this.clients]) {
      const stream = this.state.streams[system];
      if (stream && stream.status !== "closed") this.left.push({ stream, token: this.tokens.get(system), lastEventId: client.lastEventId });
      this.close(system);
    }
  }

  comeBack(): void {
    const left = this.left;
    this.left = [];
    for (const { stream, token, lastEventId } of left) {
      this.open(stream.system, stream.name, stream.target, token, lastEventId);
      this.setStream(stream.system, { events: stream.events });
    }
  }

  /** The server is back: whoever waits tries at once. */
  wake(): void {
    for (const [system, client] of this.clients) if (this.state.streams[system]?.status === "waiting") client.reconnect();
  }

  /** What comes meanwhile is shown afterwards. */
  setPaused(paused: boolean): void {
    this.paused = paused;
    this.flush();
  }

  clear(): void {
    this.fresh = [];
    this.came = this.cameBytes = 0;
    this.set({ entries: [], total: 0, bytes: 0, waiting: 0 });
  }

  /** The user has gone: their streams end, and what came on them is nobody else's business. */
  forget(): void {
    for (const system of [...this.clients.keys()]) if (this.tokens.get(system) !== undefined) this.close(system);
    this.left = this.left.filter(({ token }) => token === undefined);
    this.fresh = this.fresh.filter(({ personal }) => !personal);
    this.set({ entries: this.state.entries.filter(({ personal }) => !personal) });
  }
}

/** What came stays while the reader looks at another page. */
export const live = new LiveStore();
onLeave(() => live.forget());
