export interface BackoffOptions {
  /** Milliseconds; the first wait is at most this long. Default 100. */
  first?: number;
  /** Milliseconds; no wait is longer, unless the server asks for it. Default 5000. */
  most?: number;
}

/** Exponential with full jitter: those that failed together do not come back together. `attempt` counts from 0. */
export function waitBefore(attempt: number, { first = 100, most = 5000 }: BackoffOptions): number {
  return Math.random() * Math.min(most, first * 2 ** Math.min(attempt, 30));
}

/** Milliseconds of a `Retry-After` (RFC 9110, 10.2.3): seconds or a date. */
export function retryAfterOf(value: string | null, now = Date.now()): number | undefined {
  if (value === null) return undefined;
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/** The longest that a timer of Node can wait; a longer one would end at once. */
export const longestTimer = 2 ** 31 - 1;

/** Ends early, without an error, when `signal` is aborted. */
export function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve();
  return new Promise((done) => {
    const over = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", over);
      done();
    };
    const timer = setTimeout(over, Math.min(milliseconds, longestTimer));
    signal?.addEventListener("abort", over, { once: true });
  });
}
