import type { RawEvent } from "./parser.js";

/** An event whose data has been parsed. */
export interface StreamEvent<T = unknown> {
  type: string;
  data: T;
  /** The last event id; a cursor for `lastEventId`. */
  id: string;
}

/** `waiting`: for its next attempt. `closed`: for good. */
export type Status = "connecting" | "open" | "waiting" | "closed";

/** Why a connection failed, or an event was not delivered. */
export type FailureKind =
  /** The network, or a cut in the middle. */
  | "network"
  /** The server ended the stream. */
  | "ended"
  /** No answer within `connectTimeout`; the token function counts. */
  | "timeout"
  /** Nothing came for `silence` milliseconds. */
  | "silence"
  /** A status that is no 200; `status` says which. */
  | "http"
  /** 200 with another content type, such as the page of a login or of a captive portal. */
  | "content-type"
  /** The token function threw; `cause` is what it threw. */
  | "token"
  /** An event's data is not what `parse` reads; the event was left out. */
  | "data"
  /** An event was larger than `maxEventSize` and was left out. */
  | "too-large";

/** Events are missing: what the page shows may be out of date, and should be fetched anew. */
export interface Gap {
  /** `gap`: some are gone. `reset`: the server does not know the cursor. `buffer`: an iteration was too slow. */
  resume: "gap" | "reset" | "buffer";
  /** Why, in the server's words: `retention`, `budget`, `lost`, `slow`. */
  reason?: string;
  /** Ids that bound what is lost. */
  from?: string;
  to?: string;
}

/** Why a token is asked for. */
export interface TokenRequest {
  /** `connect`: a first or later attempt; `refused`: the last token got 401; `expiring`: the server has warned. */
  why: "connect" | "refused" | "expiring";
  /** Aborts when nobody waits for the token any more. */
  signal: AbortSignal;
}

export interface ClientOptions {
  /** Topics or patterns, besides those that the URL names. */
  topics?: Iterable<string>;
  /** Gives the token that goes out as `Authorization: Bearer …`; asked before each attempt, so it may cache. */
  token?: (request: TokenRequest) => string | undefined | Promise<string | undefined>;
  /** More headers for each request. */
  headers?: Record<string, string>;
  /** Whether cookies go to another origin. */
  withCredentials?: boolean;
  /** Where to begin: the id of an event that the page has already. */
  lastEventId?: string;
  /** A key of `sessionStorage` under which the cursor outlives a reload of the page. */
  persist?: string;
  /** Reads an event's data; `JSON.parse` without it. What it throws becomes an error event of the kind `data`. */
  parse?: (data: string, type: string) => unknown;
  /** Told when events are missing. */
  onGap?: (gap: Gap) => void;
  /** Closes the client. */
  signal?: AbortSignal;
  /** First delay in milliseconds until the server names one with `retry:`. Default 3000. */
  retry?: number;
  /** No delay of the backoff is longer. Default 30000. */
  maxDelay?: number;
  /** Failures in a row after which it gives up. Default: never. */
  maxRetries?: number;
  /** From an attempt to the answer's head, in milliseconds. Default 30000. */
  connectTimeout?: number;
  /** The stream is taken for dead when nothing came for so long. Default 75000: the server's heartbeats come every 30 s. */
  silence?: number;
  /** Longer events are left out. Default 8 Mi characters. */
  maxEventSize?: number;
  /** Events that one slow iteration may leave unread. Default 1000. */
  buffer?: number;
  /** Where live streams are changed. Default: the stream's URL with `clients` in place of `subscribe…`. */
  clientsUrl?: string;
  /** Where a token is renewed. Default `/auth/renew` on the stream's server. */
  renewUrl?: string;
  /** In place of the global one. */
  fetch?: typeof fetch;
  /** In place of a stream read with fetch. */
  transport?: Transport;
}

/** One attempt: what a transport gets. */
export interface TransportRequest {
  url: string;
  /** The same with the topics of the moment at which it is called. */
  target(): string;
  /** With the token; rejects if there is none to be had. */
  headers(): Promise<Record<string, string>>;
  withCredentials: boolean;
  lastEventId: string;
  maxEventSize: number;
  signal: AbortSignal;
  fetch: typeof fetch;
  /** The answer is a stream. */
  opened(): void;
  /** Something came, though perhaps no event. */
  alive(): void;
  event(event: RawEvent): void;
  id(id: string): void;
  retry(ms: number): void;
  tooLarge(): void;
  /** The stream is gone for now, and the transport itself brings it back. */
  lost(failure: StreamFailure, retryIn?: number): void;
}

/** Resolves when the server ends the stream; rejects with a {@link StreamFailure}, or with anything for `network`. */
export interface Transport {
  (request: TransportRequest): Promise<void>;
  /** Others use the same stream, so a topic that one gives up may still be wanted. Called when the topics have changed. */
  shared?: () => void;
}

/** Why an attempt failed. */
export class StreamFailure extends Error {
  /** The answer's status, for `http`. */
  declare readonly status?: number;
  /** How long the server wants to be left alone, in milliseconds. */
  declare readonly retryAfter?: number;

  declare readonly kind: FailureKind;

  constructor(kind: FailureKind, { status, retryAfter, cause }: { status?: number; retryAfter?: number; cause?: unknown } = {}) {
    super(`${kind} ${status ?? cause ?? "failure"}`);
    Object.assign(this, { kind, status, retryAfter, cause });
  }
}

/** The `error` event. `readyState` is 2 if the client has given up. */
export class StreamErrorEvent extends Event {
  declare readonly failure: StreamFailure;
  /** Milliseconds until the next attempt, if there is one. */
  declare readonly retryIn?: number;

  constructor(failure: StreamFailure, retryIn?: number) {
    super("error");
    Object.assign(this, { failure, retryIn });
  }
}
