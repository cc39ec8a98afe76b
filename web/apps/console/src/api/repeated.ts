// Asking again and again, as long as somebody looks.

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((done) => {
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", () => (clearTimeout(timer), done()), { once: true });
  });

const seen = (signal: AbortSignal): Promise<void> =>
  new Promise((done) => {
    if (!globalThis.document?.hidden) return done();
    const look = () => !document.hidden && done();
    document.addEventListener("visibilitychange", look, { signal });
    signal.addEventListener("abort", () => done(), { once: true });
  });

/**
 * Calls `ask` until the signal aborts, `every` milliseconds after the last answer: a server that takes long is asked less
 * often, and its answer is waited for. While the page is hidden it waits; 0 asks once.
 */
export async function repeated(every: number, signal: AbortSignal, ask: () => Promise<unknown>): Promise<void> {
  while (!signal.aborted) {
    await ask();
    if (!every) return;
    await pause(every, signal);
    await seen(signal);
  }
}
