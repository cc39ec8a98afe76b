import { CarillonError } from "./errors.js";

/** What two jobs must not overtake each other for: some names, or everything. */
export type LaneKeys = readonly string[] | "all";

/**
 * Runs jobs side by side, but those that share a key one after the other, in the order of the calls. A job for
 * "all" waits for everything before it and goes before everything behind it.
 */
export class Lanes {
  private readonly tails = new Map<string, Promise<void>>();
  private barrier: Promise<void> = Promise.resolve();
  private pending = 0;
  private running = 0;
  private readonly waiting: (() => void)[] = [];
  private readonly idle: (() => void)[] = [];

  constructor(
    private readonly concurrency: number,
    private readonly maxPending: number,
  ) {}

  get size(): number {
    return this.pending;
  }

  run<T>(keys: LaneKeys, job: () => Promise<T>): Promise<T> {
    if (this.pending >= this.maxPending) {
      return Promise.reject(new CarillonError("QUEUE_FULL", `${this.pending} calls wait for the server already`));
    }
    this.pending += 1;
    const before = this.before(keys);
    const result = before
      .then(() => this.acquire())
      .then(job)
      .finally(() => this.release());
    this.follow(
      keys,
      result.then(
        () => undefined,
        () => undefined,
      ),
    );
    return result;
  }

  /** Resolves as soon as nothing waits or runs. */
  drained(): Promise<void> {
    if (this.pending === 0) return Promise.resolve();
    return new Promise((done) => this.idle.push(done));
  }

  private before(keys: LaneKeys): Promise<unknown> {
    if (keys === "all") return Promise.all([this.barrier, ...this.tails.values()]);
    return Promise.all([this.barrier, ...keys.map((key) => this.tails.get(key))]);
  }

  private follow(keys: LaneKeys, over: Promise<void>): void {
    if (keys === "all") {
      this.barrier = over;
      this.tails.clear();
      return;
    }
    for (const key of keys) {
      this.tails.set(key, over);
      void over.then(() => {
        if (this.tails.get(key) === over) this.tails.delete(key);
      });
    }
  }

  private acquire(): Promise<void> {
    if (this.running < this.concurrency) {
      this.running += 1;
      return Promise.resolve();
    }
    return new Promise((go) => this.waiting.push(go));
  }

  private release(): void {
    this.pending -= 1;
    const next = this.waiting.shift();
    if (next) next();
    else this.running -= 1;
    if (this.pending === 0) for (const done of this.idle.splice(0)) done();
  }
}
