// Samples of `/admin/live`: one stream for all pages of the console, and what the plots show of it.
import { CarillonClient } from "carillon-client";
import { useEffect, useState, useSyncExternalStore } from "react";
import { call } from "../api/client.js";
import { useReachable, useSession } from "../api/session.js";

export interface Percentiles {
  count: number;
  p50: number | null;
  p90: number | null;
  p99: number | null;
}
export interface LoopSample {
  busy: number;
  turns: Percentiles;
  longest: number;
  streams: number;
  slow: number;
  topics: number;
  delivered: number;
}
export interface Budget {
  used: number;
  limit: number;
}
export interface Sample {
  at: number;
  started: number;
  streams: number;
  slow: number;
  durable: number;
  listened: number;
  rates: Record<"published" | "delivered" | "replayed" | "bytes" | "opened" | "requests" | "refused" | "rateLimited" | "gaps" | "cuts" | "trimmed", number>;
  publish: Percentiles;
  delivery: number | null;
  loops: LoopSample[];
  memory: { resident: number; journal: number; requests: Budget; responses: Budget };
  journal: { events: number; bytes: number; topics: number; head: number; scheduled: number; keys: number; writable: boolean; lag: number | null };
  cpu: number;
  files: number;
  outbox: number;
  recordsWritable: boolean;
  finiteStreams: number;
  droppedLogLines: number;
  draining: boolean;
}

/** Seconds that the plots show, and that the server keeps. */
export const plotted = 600;

export interface LiveState {
  status: "connecting" | "open" | "waiting" | "closed";
  samples: readonly Sample[];
  latest: Sample | undefined;
  /** When the latest came, by this machine's clock; 0: none has come on the stream that is open. */
  heard: number;
}

/** Milliseconds without a sample after which what is shown is no longer now. */
export const late = 5000;
/** How long a page may be hidden before its stream ends. */
const leftAlone = 30_000;

class LiveSamples {
  private state: LiveState = { status: "connecting", samples: [], latest: undefined, heard: 0 };
  private watchers = new Set<() => void>();
  private client: CarillonClient | undefined;

  get = (): LiveState => this.state;
  subscribe = (watcher: () => void): (() => void) => {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  };
  open(token: string | undefined): () => void {
    const client = new CarillonClient("/admin/live", { ...(token ? { token: () => token } : {}), maxDelay: 4000, silence: 20_000 });
    this.client = client;
    this.set({ status: "connecting", heard: 0 });
    client.onStatus((status) => {
      if (this.client !== client) return;
      this.set({ status });
      // Each time: the server has gone on while there was no stream.
      if (status === "open") void this.before(token, client);
    });
    client.on<Sample>("sample", ({ data }) => this.add(data));
    void this.before(token, client);
    return () => {
      this.client = undefined;
      client.close();
    };
  }
  wake(): void {
    if (this.client?.status === "waiting") this.client.reconnect();
  }
  /** What was before the page came, and what it missed: the server keeps some. Without it the plots fill from now on. */
  private async before(token: string | undefined, client: CarillonClient): Promise<void> {
    const { samples } = await call<{ samples: Sample[] }>("/admin/live/history", { token }).catch(() => ({ samples: [] as Sample[] }));
    if (this.client !== client || samples.length === 0) return;
    const mine = this.state.samples;
    const first = mine[0]?.at ?? Infinity;
    // Those of a second tell more: kept ones fill where there are none.
    const missing = samples.filter((s) => s.at < first || !mine.some((m) => Math.abs(m.at - s.at) < 5000));
    const all = [...missing, ...mine].sort((a, b) => a.at - b.at);
    this.set({ samples: all.filter((s) => s.at > all.at(-1)!.at - plotted * 1000), latest: all.at(-1) });
  }
  private add(sample: Sample): void {
    const from = sample.at - plotted * 1000;
    this.set({ samples: [...this.state.samples.filter((s) => s.at > from && s.at < sample.at), sample], latest: sample, heard: Date.now() });
  }
  private set(change: Partial<LiveState>): void {
    this.state = { ...this.state, ...change };
    this.watchers.forEach((watcher) => watcher());
  }
}

const live = new LiveSamples();

/** False once the page has been hidden for a while. */
function useSeen(): boolean {
  const [seen, setSeen] = useState(true);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = () => {
      clearTimeout(timer);
      if (document.hidden) timer = setTimeout(() => setSeen(false), leftAlone);
      else setSeen(true);
    };
    look();
    document.addEventListener("visibilitychange", look);
    return () => {
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", look);
    };
  }, []);
  return seen;
}

/** Keeps the stream open while the component is there and somebody looks. */
export function useLiveStream(): void {
  const { token } = useSession();
  const reachable = useReachable();
  const seen = useSeen();
  useEffect(() => (seen ? live.open(token) : undefined), [token, seen]);
  useEffect(() => {
    if (reachable) live.wake();
  }, [reachable]);
}
export const useLive = (): LiveState => useSyncExternalStore(live.subscribe, live.get);
