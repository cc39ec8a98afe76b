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
    return this.status === 0;
  }
}

export interface CallOptions {
  method?: string;
  /** Sent as JSON. */
  body?: unknown;
  token?: string | undefined;
  signal?: AbortSignal | undefined;
  headers?: Record<string, string>;
}

const offline = () => new ApiProblem(0, "OFFLINE", "The server does not answer. The page tries again by itself.");

async function problemOf(answer: Response): Promise<ApiProblem> {
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
export async function request(path: string, { method, body, token, signal, headers }: CallOptions = {}): Promise<Response> {
  try {
    const answer = await fetch(path, {
      method: method ?? (body === undefined ? "GET" : "POST"),
      headers: {
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        ...(token ? { Authorization: `Bearer ${token}` } : {}),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
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

/** The JSON of a good answer; anything else is an `ApiProblem`. */
export async function call<T = unknown>(path: string, options: CallOptions = {}): Promise<T> {
  const answer = await request(path, options);
  if (!answer.ok) throw await problemOf(answer);
  if (answer.status === 204) return undefined as T;
  try {
    return (await answer.json()) as T;
  } catch (why) {
    if (options.signal?.aborted) throw why;
    throw offline();
  }
}

/** Whether the server answers. While it does not, it is asked every few seconds. */
export const reachability = (() => {
  let reachable = true;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const watchers = new Set<() => void>();
  const ask = () => {
    fetch("/health", { cache: "no-store" }).then(
      (answer) => tell(answer.ok),
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
    get: () => reachable,
    subscribe: (watcher: () => void) => {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
  };
})();
