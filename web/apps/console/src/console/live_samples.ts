// Samples of `/admin/live`: one stream for all pages of the console, and what the plots show of it.
import { CarillonClient } from "carillon-client";
import { useEffect, useSyncExternalStore } from "react";
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

/** Seconds that the plots show. */
export const plotted = 300;

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
    return () => {
      client.close();
      if (this.client === client) this.client = undefined;
    };
  }
  wake(): void {
    if (this.client?.status === "waiting") this.client.reconnect();
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
