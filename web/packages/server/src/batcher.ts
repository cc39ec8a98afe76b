import { CarillonError, isCarillonError } from "./errors.js";

export interface BatchLimits {
  /** Events in one request; at most the server's `publish.max_batch`. Default 500. */
  maxEvents: number;
  /** Bytes of one request's body; at most the server's `http.max_body_size`. Default 1 MiB. */
  maxBytes: number;
  /** Events that may wait in this process; one more is refused with `QUEUE_FULL`. Default 10000. */
  maxQueued: number;
  /** The same in bytes of JSON. Default 32 MiB. */
  maxQueuedBytes: number;
}

interface Entry<T> {
  json: string;
  bytes: number;
  /** When its caller ceases to wait, by `performance.now()`. */
  deadline: number;
  /** The caller's own idempotency key: such an event goes alone. */
  key: string | undefined;
  resolve: (value: T) => void;
  reject: (why: unknown) => void;
}

/** Sends one body: an event's JSON, or an array of them, under the caller's key if there is one. Gives one answer for each. */
export type SendBatch<T> = (
  body: string,
  count: number,
  deadline: number,
  key: string | undefined,
) => Promise<readonly T[]>;

/**
 * One request at a time, with all that has come since the one before: few events go out at once, many go out
 * together, and none overtakes another. An array that the server refuses is halved until the event that it does not
 * want stands alone: arrays are taken whole or not at all, so nothing of a refused one is stored.
 */
export class Batcher<T> {
  private queue: Entry<T>[] = [];
  private queuedBytes = 0;
  private pumping = false;
  private readonly idle: (() => void)[] = [];

  constructor(
    private readonly send: SendBatch<T>,
    private readonly limits: BatchLimits,
  ) {}

  get size(): number {
    return this.queue.length;
  }

  add(json: string, deadline: number, key?: string): Promise<T> {
    const bytes = Buffer.byteLength(json);
    const { maxQueued, maxQueuedBytes } = this.limits;
    if (this.queue.length >= maxQueued || this.queuedBytes + bytes > maxQueuedBytes) {
      return Promise.reject(
        new CarillonError("QUEUE_FULL", `${this.queue.length} events wait for the server already`),
      );
    }
    return new Promise((resolve, reject) => {
      this.queue.push({ json, bytes, deadline, key, resolve, reject });
      this.queuedBytes += bytes;
      if (this.pumping) return;
      this.pumping = true;
      // What the caller publishes in the same turn goes into the same request.
      queueMicrotask(() => void this.pump());
    });
  }

  /** Resolves as soon as nothing waits or is on its way. */
  drained(): Promise<void> {
    if (!this.pumping) return Promise.resolve();
    return new Promise((done) => this.idle.push(done));
  }

  private async pump(): Promise<void> {
    while (this.queue.length > 0) await this.deliver(this.take());
    this.pumping = false;
    for (const done of this.idle.splice(0)) done();
  }

  private take(): Entry<T>[] {
    let count = 0;
    let bytes = 2;
    for (const entry of this.queue) {
      if (count > 0) {
        const full = count >= this.limits.maxEvents || bytes + entry.bytes + 1 > this.limits.maxBytes;
        if (full || entry.key !== undefined) break;
      }
      bytes += entry.bytes + 1;
      count += 1;
      if (entry.key !== undefined) break;
    }
    const batch = this.queue.splice(0, count);
    for (const entry of batch) this.queuedBytes -= entry.bytes;
    return batch;
  }

  private async deliver(batch: Entry<T>[]): Promise<void> {
    const [only] = batch;
    if (!only) return;
    const body = batch.length === 1 ? only.json : `[${batch.map((entry) => entry.json).join(",")}]`;
    try {
      const deadline = Math.max(...batch.map((entry) => entry.deadline));
      const answers = await this.send(body, batch.length, deadline, only.key);
      batch.forEach((entry, index) => entry.resolve(answers[index] as T));
    } catch (why) {
      if (batch.length === 1 || !blamesOneEvent(why)) {
        for (const entry of batch) entry.reject(why);
        return;
      }
      const half = batch.length >> 1;
      await this.deliver(batch.slice(0, half));
      await this.deliver(batch.slice(half));
    }
  }
}

/** True for what is wrong with an event or with too many of them, rather than with the caller or the server. */
function blamesOneEvent(why: unknown): boolean {
  return (
    isCarillonError(why) && (why.status === 400 || why.status === 403 || why.status === 409 || why.status === 413)
  );
}
