import { type BackoffOptions, longestTimer, pause, retryAfterOf, waitBefore } from "./backoff.js";
import type { Caller, User } from "./caller.js";
import { CarillonError, errorOf, isCarillonError } from "./errors.js";
import { type AnswerOf, defaultPrefixes, mounted, type PathOf, type Prefixes, type RouteArguments, type Verb } from "./routes.js";

export interface ConnectionOptions {
  /** Milliseconds that one attempt may take. Default 10000. */
  timeout?: number;
  /**
   * Milliseconds after which a call that may be repeated is given up, counted from the call. Default 60000; `Infinity`
   * tries until `close()`. Each call is tried once at least.
   */
  giveUpAfter?: number;
  backoff?: BackoffOptions;
  /** In place of the global `fetch`. */
  fetch?: typeof fetch;
}

export interface Call {
  query?: Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;
  /** Sent as JSON. */
  json?: unknown;
  /** Sent as it is, in place of `json`. */
  body?: string;
  /** Under this key the server does it once, however often it is told. Without one a call is repeated only if its method allows. */
  key?: string;
  /** In whose name; default this process. */
  as?: User;
  /** When to give up, by `performance.now()`. */
  deadline?: number;
  signal?: AbortSignal;
  /** True if doing it twice does no harm, whatever the method; false if it does, although there is a key. */
  repeatable?: boolean;
  /** A conflict with an earlier attempt, whose answer was lost, is that attempt's success. */
  namesItself?: boolean;
}

export interface Answer<T = unknown> {
  status: number;
  /** What the JSON of the body holds; undefined if there is none. */
  body: T;
  /** How often it was tried. */
  attempts: number;
}

/** A failed attempt: what to report, and whether the server may have done it nevertheless. */
interface Failure {
  error: CarillonError;
  maybeDone: boolean;
  again: boolean;
}

/** Calls of Carillon's HTTP API: one place for tokens, timeouts, repetition and errors. Holds no connection open by itself. */
export class Connection {
  readonly timeout: number;
  private readonly giveUpAfter: number;
  private readonly backoff: BackoffOptions;
  private readonly over = new AbortController();

  constructor(
    readonly url: URL,
    readonly caller: Caller,
    private readonly options: ConnectionOptions,
    private readonly prefixes: Prefixes = defaultPrefixes,
  ) {
    this.timeout = options.timeout ?? 10_000;
    this.giveUpAfter = options.giveUpAfter ?? 60_000;
    this.backoff = options.backoff ?? {};
  }

  get closed(): AbortSignal {
    return this.over.signal;
  }

  /** When a call that is made now gives up, by `performance.now()`: a clock that is set changes nothing. */
  deadline(): number {
    return performance.now() + this.giveUpAfter;
  }

  /** Ends what is on its way; calls fail with `CLOSED`. */
  close(): void {
    this.over.abort();
  }

  address(path: string, query: Call["query"] = {}): URL {
    // Never resolved against the base: a path that begins with two slashes would name another host.
    const url = new URL(this.url);
    url.pathname = url.pathname.replace(/\/$/, "") + path;
    url.search = url.hash = "";
    for (const [name, value] of Object.entries(query)) {
      const values = value === undefined ? [] : typeof value === "object" ? value : [String(value)];
      for (const one of values) url.searchParams.append(name, one);
    }
    return url;
  }

  /** Calls a route of the description, by its path there, wherever it is mounted. */
  async call<V extends Verb, P extends PathOf<V>>(method: V, path: P, ...[given]: RouteArguments<V, P>): Promise<Answer<AnswerOf<V, P>>> {
    const { params, ...what } = (given ?? {}) as Call & { params?: Record<string, string> };
    return (await this.run(method, this.address(mounted(this.prefixes, path, params), what.query), what)) as Answer<AnswerOf<V, P>>;
  }

  private async run(method: Verb, url: URL, what: Call): Promise<Answer> {
    const body = what.body ?? (what.json === undefined ? undefined : toJson(what.json));
    const deadline = what.deadline ?? this.deadline();
    const repeatable = what.repeatable ?? (what.key !== undefined || method !== "POST");
    let maybeStored = false;
    let refused: string | undefined;
    for (let attempt = 0; ; attempt += 1) {
      if (this.closed.aborted) throw new CarillonError("CLOSED", "this client is closed", { maybeStored });
      what.signal?.throwIfAborted();
      const shown: { token?: string | undefined } = {};
      const show = async () => (shown.token = what.as ? this.caller.for(what.as) : await this.caller.own(refused));
      const done = await this.attempt(method, url, body, show, what);
      if ("status" in done) return { ...done, attempts: attempt + 1 };
      maybeStored ||= done.maybeDone;
      const known = { maybeStored, ...(what.key !== undefined && { idempotencyKey: what.key }) };
      if (done.error.status === 401 && refused === undefined && !what.as && this.caller.canRenew) {
        refused = shown.token ?? "";
        continue;
      }
      if (done.error.status === 409 && maybeStored && what.namesItself) return { status: 409, body: {}, attempts: attempt + 1 };
      // A refusal is certain that nothing was done, so it may be tried again without a key.
      if (!done.again || (done.maybeDone && !repeatable)) throw done.error.with(known);
      const wait = Math.max(done.error.retryAfter ?? 0, waitBefore(attempt, this.backoff));
      if (performance.now() + wait >= deadline) throw done.error.with(known);
      await this.wait(wait, what.signal);
    }
  }

  private async wait(milliseconds: number, signal?: AbortSignal): Promise<void> {
    const stop = new AbortController();
    const end = () => stop.abort();
    this.closed.addEventListener("abort", end, { once: true });
    signal?.addEventListener("abort", end, { once: true });
    await pause(milliseconds, stop.signal);
    this.closed.removeEventListener("abort", end);
    signal?.removeEventListener("abort", end);
  }

  private async attempt(
    method: string,
    url: URL,
    body: string | undefined,
    show: () => Promise<string | undefined>,
    what: Call,
  ): Promise<{ status: number; body: unknown } | Failure> {
    const stop = new AbortController();
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      stop.abort();
    }, Math.min(this.timeout, longestTimer));
    const end = () => stop.abort();
    this.closed.addEventListener("abort", end, { once: true });
    what.signal?.addEventListener("abort", end, { once: true });
    let asked = false;
    try {
      const token = await unlessAborted(show(), stop.signal);
      const headers = headersOf({
        Accept: "application/json, application/problem+json",
        "Content-Type": body === undefined ? undefined : "application/json",
        Authorization: token === undefined ? undefined : `Bearer ${token}`,
        "Idempotency-Key": what.key,
      });
      asked = true;
      const answer = await (this.options.fetch ?? fetch)(url, {
        method,
        signal: stop.signal,
        redirect: "error",
        headers,
        ...(body !== undefined && { body }),
      });
      const text = await answer.text();
      return answer.ok ? read(answer, text) : refusal(answer, text);
    } catch (cause) {
      if (what.signal?.aborted) throw what.signal.reason;
      if (!asked && isCarillonError(cause)) throw cause;
      if (!asked && !stop.signal.aborted) {
        const error = new CarillonError("UNAUTHENTICATED", `there is no token: ${reasonOf(cause)}`, { cause });
        return { error, maybeDone: false, again: true };
      }
      const code = this.closed.aborted ? "CLOSED" : late ? "TIMEOUT" : "NETWORK_ERROR";
      const why = late ? `no answer within ${this.timeout} ms` : `${url.origin} cannot be asked: ${reasonOf(cause)}`;
      return { error: new CarillonError(code, why, { cause }), maybeDone: asked && !neverSent(cause), again: true };
    } finally {
      clearTimeout(timer);
      this.closed.removeEventListener("abort", end);
      what.signal?.removeEventListener("abort", end);
    }
  }
}

/** The promise's value, unless the signal comes first: what never settles holds nobody. */
export function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((done, failed) => {
    const stop = () => failed(new Error("aborted"));
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
    promise.then(done, failed).finally(() => signal.removeEventListener("abort", stop));
  });
}

/** A value's JSON; what has none is an error of the caller. */
export function toJson(value: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (cause) {
    throw new CarillonError("INVALID_REQUEST", `this has no JSON: ${reasonOf(cause)}`, { cause });
  }
  if (text === undefined) throw new CarillonError("INVALID_REQUEST", "this has no JSON");
  return text;
}

/** The headers that have a value; one that cannot be sent is an error of the caller, not of the network. */
export function headersOf(given: Readonly<Record<string, string | undefined>>): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    try {
      headers.set(name, value);
    } catch (cause) {
      throw new CarillonError("INVALID_REQUEST", `this cannot stand in the header ${name}`, { cause });
    }
  }
  return headers;
}

function read(answer: Response, text: string): { status: number; body: unknown } | Failure {
  if (text === "") return { status: answer.status, body: undefined };
  try {
    return { status: answer.status, body: JSON.parse(text) as unknown };
  } catch (cause) {
    const error = new CarillonError("BAD_ANSWER", "the answer is no JSON: is this Carillon's URL?", {
      status: answer.status,
      cause,
    });
    return { error, maybeDone: true, again: false };
  }
}

function refusal(answer: Response, text: string): Failure {
  const { status } = answer;
  const error = errorOf(status, text, retryAfterOf(answer.headers.get("Retry-After")));
  const problem = (answer.headers.get("Content-Type") ?? "").includes("problem+json");
  // Carillon's own 503 and 429 say that nothing was stored. What a proxy says in its place is not as certain.
  const overloaded = status === 503 || status === 429;
  return {
    error,
    maybeDone: status >= 500 && !(overloaded && problem),
    again: overloaded || status === 408 || (status >= 500 && status !== 501 && status !== 505),
  };
}

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  return cause.cause instanceof Error ? `${cause.message} (${cause.cause.message})` : cause.message;
}

/** True if no connection came about, so that the server has seen nothing. */
function neverSent(cause: unknown): boolean {
  const inner = cause instanceof Error ? cause.cause : undefined;
  const code = typeof inner === "object" && inner !== null && "code" in inner ? inner.code : undefined;
  return code === "ECONNREFUSED" || code === "ENOTFOUND" || code === "EAI_AGAIN" || code === "UND_ERR_CONNECT_TIMEOUT";
}
