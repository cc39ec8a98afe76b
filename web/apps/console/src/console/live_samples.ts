// Samples of `/admin/live`: one stream for all pages of the console, and what the plots show of it.
import { CarillonClient } from "carillon-client";
import { useEffect, useSyncExternalStore } from "react";
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
}

class LiveSamples {
  private state: LiveState = { status: "connecting", samples: [], latest: undefined };
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
    this.set({ status: "connecting" });
    client.onStatus((status) => this.client === client && this.set({ status }));
    client.on<Sample>("sample", ({ data }) => this.add(data));
    void this.before(token, client);
    return () => {
      client.close();
      if (this.client === client) this.client = undefined;
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
    this.set({ samples: all, latest: this.state.latest ?? all.at(-1) });
  }
  private add(sample: Sample): void {
    const from = sample.at - plotted * 1000;
    this.set({ samples: [...this.state.samples.filter((s) => s.at > from && s.at < sample.at), sample], latest: sample });
  }
  private set(change: Partial<LiveState>): void {
    this.state = { ...this.state, ...change };
    this.watchers.forEach((watcher) => watcher());
  }
}

const live = new LiveSamples();

/** Keeps the stream open while the component is there. */
export function useLiveStream(): void {
  const { token } = useSession();
  const reachable = useReachable();
  useEffect(() => live.open(token), [token]);
  useEffect(() => {
    if (reachable) live.wake();
  }, [reachable]);
}
export const useLive = (): LiveState => useSyncExternalStore(live.subscribe, live.get);
