import { Batcher, type BatchLimits } from "./batcher.js";
import type { Connection } from "./connection.js";
import { CarillonError, isCarillonError } from "./errors.js";
import { type EventContent, eventJson } from "./event.js";

/** What may be appended: a text is an event's data. */
export type StreamItem = string | EventContent;

export interface Appended {
  id?: string;
  position?: number;
  /** A reader has asked the producer to stop. */
  stopRequested: boolean;
}

export interface PipeOptions<T> {
  /** What is appended for an item; undefined leaves it out. Default: the item itself. */
  map?: (item: T) => StreamItem | undefined;
  /** What readers get if the source fails, before the end; default an event `failed`. */
  onFailure?: (why: unknown) => StreamItem | undefined;
  /** Appends that may wait for the server before the source has to. Default 256. */
  maxWaiting?: number;
}

export interface Piped {
  appended: number;
  /** True if a reader asked to stop, so that the source was not read to its end. */
  stopped: boolean;
}

/**
 * A stream that ends: the output of a model, or a job's progress. Appends keep their order, those that come while one is
 * on its way travel together, and each is stored once, also over restarts of the server.
 */
export class FiniteStream {
  private readonly batcher: Batcher<Appended>;
  private readonly stop = new AbortController();
  private ended: Promise<void> | undefined;

  constructor(
    /** Readers open `GET …/streams/{id}`; it is a secret, for it also allows to append. */
    readonly id: string,
    private readonly connection: Connection,
    private readonly prefix: string,
    limits: BatchLimits,
    private readonly nextKey: () => string,
  ) {
    this.batcher = new Batcher((body, count, deadline) => this.send(body, count, deadline), limits);
  }

  /** The path from which readers read it. */
  get path(): string {
    return `${this.prefix}/streams/${encodeURIComponent(this.id)}`;
  }

  /** Aborted as soon as an append has told that a reader asked to stop. Hand it to what produces. */
  get signal(): AbortSignal {
    return this.stop.signal;
  }

  get stopRequested(): boolean {
    return this.stop.signal.aborted;
  }

  /** Resolves when it is stored; `CONFLICT` once the stream has ended. */
  async append(item: StreamItem): Promise<Appended> {
    if (this.ended) throw new CarillonError("CONFLICT", "the stream is closed");
    const json = eventJson(typeof item === "string" ? { data: item } : item);
    return this.batcher.add(json, this.connection.deadline());
  }

  /** Resolves when all that was appended is stored or has failed. */
  flush(): Promise<void> {
    return this.batcher.drained();
  }

  /** Ends it for good, behind what was appended. Calling it again changes nothing, unless it has failed. */
  close(): Promise<void> {
    this.ended ??= this.end().catch((why: unknown) => {
      this.ended = undefined;
      throw why;
    });
    return this.ended;
  }

  /** Asks the producer to stop, as a reader may. */
  async requestStop(): Promise<void> {
    await this.connection.call("DELETE", "/events/streams/{stream}", { params: { stream: this.id } });
  }

  /**
   * Appends what the source gives, and closes. When a reader asks to stop, the source's iterator is returned, which runs the
   * `finally` of a generator. Rejects with what the source or the server threw; the stream is closed in each case.
   */
  async pipe<T>(source: AsyncIterable<T> | Iterable<T>, options: PipeOptions<T> = {}): Promise<Piped> {
    const map = options.map ?? ((item: T) => item as StreamItem);
    const waiting = new Set<Promise<unknown>>();
    let failed: { why: unknown } | undefined;
    let appended = 0;
    try {
      for await (const item of source) {
        if (this.stopRequested || failed) break;
        const mapped = map(item);
        if (mapped === undefined) continue;
        appended += 1;
        const one = this.append(mapped).catch((why: unknown) => {
          failed ??= { why };
        });
        waiting.add(one);
        void one.then(() => waiting.delete(one));
        while (waiting.size >= (options.maxWaiting ?? 256)) await Promise.race(waiting);
      }
    } catch (why) {
      const item = options.onFailure ? options.onFailure(why) : { event: "failed", data: {} };
      if (item !== undefined) await this.append(item).catch(() => undefined);
      await this.close().catch(() => undefined);
      throw why;
    }
    await this.flush();
    await this.close();
    if (failed) throw failed.why;
    return { appended, stopped: this.stopRequested };
  }

  private async send(body: string, count: number, deadline: number): Promise<Appended[]> {
    const answer = await this.connection.call("POST", "/events/streams/{stream}", { params: { stream: this.id }, body, key: this.nextKey(), deadline });
    const appended = { stopRequested: false, ...(answer.body as object) };
    if (appended.stopRequested) this.stop.abort(new CarillonError("CLOSED", "a reader asked to stop"));
    return new Array<Appended>(count).fill(appended);
  }

  private async end(): Promise<void> {
    await this.flush();
    try {
      await this.connection.call("POST", "/events/streams/{stream}/close", { params: { stream: this.id }, repeatable: true });
    } catch (why) {
      // It is closed: by an attempt whose answer was lost, by another process, or because it was idle.
      if (!isCarillonError(why) || why.code !== "CONFLICT") throw why;
    }
  }
}
