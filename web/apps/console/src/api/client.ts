// Calls of the server's HTTP interface, with its problems as errors.

/** A refusal (RFC 9457), or no answer at all: then `status` is 0 and `code` is `OFFLINE`. */
export class ApiProblem extends Error {
  override name = "ApiProblem";
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    /** Seconds that the server asks to wait. */
    readonly retryAfter?: number,
  ) {
    super(detail);
  }
  get offline(): boolean {
    return this.code === "OFFLINE";
  }
}

/** Whatever was thrown, as a problem. */
export const problemOf = (why: unknown): ApiProblem => (why instanceof ApiProblem ? why : new ApiProblem(0, "FAILED", why instanceof Error ? why.message : String(why)));

export interface CallOptions {
  method?: string;
  /** Sent as JSON. */
  body?: unknown;
  /** JSON that is sent as it is written, in place of `body`: a number keeps all its digits. */
  text?: string | undefined;
  token?: string | undefined;
  signal?: AbortSignal | undefined;
  headers?: Record<string, string>;
}

const offline = () => new ApiProblem(0, "OFFLINE", "The server does not answer. The page tries again by itself.");

async function refusalOf(answer: Response): Promise<ApiProblem> {
  const told = await answer.json().catch(() => ({}));
  const text = (value: unknown, otherwise: string) => (typeof value === "string" && value ? value : otherwise);
  const wait = Number(answer.headers.get("Retry-After"));
  return new ApiProblem(
    answer.status,
    text(told.code, `HTTP_${answer.status}`),
    text(told.detail, text(told.title, answer.statusText)),
    wait > 0 ? wait : undefined,
  );
}

/** The answer as it is, whatever its status; throws an `ApiProblem` only if there is none. */
export async function request(path: string, { method, body, text, token, signal, headers }: CallOptions = {}): Promise<Response> {
  const sent = text ?? (body === undefined ? undefined : JSON.stringify(body));
  try {
    const answer = await fetch(path, {
      method: method ?? (sent === undefined ? "GET" : "POST"),
      headers: {
        ...(sent === undefined ? {} : { "Content-Type": "application/json" }),
        ...(token ? { Authorization: `Bearer ${token}` } : {}),
        ...headers,
      },
      ...(sent === undefined ? {} : { body: sent }),
      ...(signal ? { signal } : {}),
      cache: "no-store",
    });
    reachability.tell(true);
    return answer;
  } catch (why) {
    if (signal?.aborted) throw why;
    reachability.tell(false);
    throw offline();
  }
}

/** The JSON of a good answer, undefined if it has no body; anything else is an `ApiProblem`. */
export async function call<T = unknown>(path: string, options: CallOptions = {}): Promise<T> {
  const answer = await request(path, options);
  if (!answer.ok) throw await refusalOf(answer);
  let text: string;
  try {
    text = await answer.text();
  } catch (why) {
    if (options.signal?.aborted) throw why;
    throw offline();
  }
  // Some have nothing to say but their status.
  return (text === "" ? undefined : JSON.parse(text)) as T;
}

/** Whether the server answers, however. While it does not, it is asked every few seconds. */
export const reachability = (() => {
  let reachable = true;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const watchers = new Set<() => void>();
  // A server that is not well answers too, and its pages say what ails it. Only what stands before it speaks for one that is away.
  const ask = () => {
    clearTimeout(timer);
    fetch("/health", { cache: "no-store" }).then(
      ({ status }) => tell(status !== 502 && status !== 504),
      () => tell(false),
    );
  };
  function tell(now: boolean): void {
    clearTimeout(timer);
    if (!now) timer = setTimeout(ask, 1500 + Math.random() * 1000);
    if (now === reachable) return;
    reachable = now;
    watchers.forEach((watcher) => watcher());
  }
  return {
    tell,
    /** Finds out now. */
    ask,
    get: () => reachable,
    subscribe: (watcher: () => void) => {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
  };
})();
