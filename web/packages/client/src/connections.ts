/** Who is connected, in figures. Durations in milliseconds. */
export interface ConnectionStatistics {
  total: number;
  byUser: Record<string, number>;
  averageDuration: number;
  eventsSent: number;
  /** RFC 3339. */
  lastEventAt: string | undefined;
}

/** What the last look found; the figures stay when a later look fails. */
export interface Polled {
  statistics?: ConnectionStatistics;
  problem?: string;
}

export interface PollOptions {
  url: string;
  interval: number;
  token?: () => string | undefined | Promise<string | undefined>;
  signal: AbortSignal;
  told: (polled: Polled) => void;
  fetch?: typeof fetch;
}

const number = (value: unknown): number => (typeof value === "number" && Number.isFinite(value) ? value : 0);

/** Reads what `/api/sse/clients` answers, whatever of it is there. */
export function readStatistics(answer: unknown): ConnectionStatistics {
  const { stats = {} } = (answer ?? {}) as { stats?: Record<string, unknown> };
  const byUser = (stats["clientsByUser"] ?? {}) as Record<string, unknown>;
  const last = stats["lastEventTime"];
  return {
    total: number(stats["totalClients"]),
    byUser: Object.fromEntries(Object.entries(byUser).map(([user, count]) => [user, number(count)])),
    averageDuration: number(stats["averageConnectionDuration"]),
    eventsSent: number(stats["totalEventsSent"]),
    lastEventAt: typeof last === "string" && !Number.isNaN(Date.parse(last)) ? last : undefined,
  };
}

/** Asks again and again until the signal aborts; not while the page is hidden. */
export function pollConnections({ url, interval, token, signal, told, fetch = globalThis.fetch }: PollOptions): void {
  let polled: Polled = {};
  let timer: ReturnType<typeof setTimeout> | undefined;
  let asking = false;
  const look = async (): Promise<void> => {
    clearTimeout(timer);
    if (asking || globalThis.document?.visibilityState === "hidden") return;
    asking = true;
    try {
      const value = await token?.();
      const answer = await fetch(url, { headers: { Accept: "application/json", ...(value ? { Authorization: `Bearer ${value}` } : {}) }, signal });
      if (!answer.ok) throw new Error(answer.status === 401 || answer.status === 403 ? "Not allowed to see connections." : `The server answers ${answer.status}.`);
      polled = { statistics: readStatistics(await answer.json()) };
    } catch (why) {
      // fetch fails with a TypeError when there is no network, JSON with a SyntaxError.
      const problem = why instanceof TypeError ? "Offline: the server cannot be reached." : why instanceof SyntaxError ? "The server's answer cannot be read." : (why as Error).message;
      polled = { ...polled, problem };
    }
    asking = false;
    if (signal.aborted) return;
    told(polled);
    timer = setTimeout(look, interval);
  };
  signal.addEventListener("abort", () => clearTimeout(timer));
  globalThis.document?.addEventListener("visibilitychange", () => void look(), { signal });
  void look();
}
