// A server in memory: what `fetch` gets is told by the test, piece by piece.
import { vi } from "vitest";

export interface Call {
  url: URL;
  method: string;
  headers: Headers;
  body: string | undefined;
  signal: AbortSignal;
  /** Answers with a stream that stays open. */
  open(): Stream;
  answer(status: number, body?: string, headers?: Record<string, string>): void;
  fail(): void;
}

export class Stream {
  #to!: ReadableStreamDefaultController<Uint8Array>;
  readonly body: ReadableStream<Uint8Array>;
  cancelled = false;

  constructor(signal: AbortSignal) {
    this.body = new ReadableStream({
      start: (to) => void (this.#to = to),
      cancel: () => void (this.cancelled = true),
    });
    signal.addEventListener("abort", () => {
      this.cancelled = true;
      try {
        this.#to.error(signal.reason);
      } catch {}
    });
  }

  async send(text: string): Promise<void> {
    this.#to.enqueue(new TextEncoder().encode(text));
    await settled();
  }

  async end(): Promise<void> {
    this.#to.close();
    await settled();
  }

  async cut(): Promise<void> {
    this.#to.error(new TypeError("network error"));
    await settled();
  }
}

/** Lets everything run that waits for no timer. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 60; ++turn) await Promise.resolve();
  await vi.advanceTimersByTimeAsync(0);
  for (let turn = 0; turn < 60; ++turn) await Promise.resolve();
}

export class FakeServer {
  readonly calls: Call[] = [];

  readonly fetch = ((input: RequestInfo | URL, init: RequestInit = {}): Promise<Response> =>
    new Promise((done, failed) => {
      const signal = init.signal ?? new AbortController().signal;
      if (signal.aborted) return failed(signal.reason);
      signal.addEventListener("abort", () => failed(signal.reason));
      this.calls.push({
        url: new URL(String(input)),
        method: init.method ?? "GET",
        headers: new Headers(init.headers),
        body: init.body as string | undefined,
        signal,
        open: () => {
          const stream = new Stream(signal);
          done(new Response(stream.body, { headers: { "Content-Type": "text/event-stream" } }));
          return stream;
        },
        answer: (status, body, headers = {}) => done(new Response(body, { status, headers })),
        fail: () => failed(new TypeError("failed to fetch")),
      });
    })) as typeof fetch;

  get last(): Call {
    const call = this.calls.at(-1);
    if (!call) throw new Error("nothing was asked");
    return call;
  }
}
