import type { Carillon } from "./carillon.js";
import type { User } from "./caller.js";
import { readStream } from "./reading.js";

/** An event as `GET /api/sse/connect` shows it. */
export interface UserEvent<T = unknown> {
  type: string;
  data: T;
  userId?: string;
  timestamp: string;
}

export interface Observer<T> {
  next?: (value: T) => void;
  error?: (why: unknown) => void;
  complete?: () => void;
}

/** A user's events: an async iterable, and what RxJS calls subscribable. One stream, whoever reads it. */
export interface UserStream extends AsyncIterable<UserEvent> {
  /** Resolves when the stream stands: what is sent from then on arrives. */
  readonly opened: Promise<void>;
  subscribe(observer: Observer<UserEvent> | ((event: UserEvent) => void)): { unsubscribe(): void };
  /** Ends it, for all who read it. */
  close(): void;
}

export function openUserStream(carillon: Carillon, user: User): UserStream {
  const stop = new AbortController();
  const observers = new Set<Observer<UserEvent>>();
  let ended: { why?: unknown } | undefined;
  let onOpen: () => void = () => undefined;
  let onFailure: (why: unknown) => void = () => undefined;
  const opened = new Promise<void>((done, failed) => {
    onOpen = done;
    onFailure = failed;
  });
  opened.catch(() => undefined);

  const each = (tell: (observer: Observer<UserEvent>) => void) => {
    for (const observer of [...observers]) tell(observer);
  };
  const read = async () => {
    const events = readStream(carillon, `${carillon.prefixes.users}/sse/connect`, { as: user, signal: stop.signal });
    for await (const { event: name, data } of events) {
      // What the hub says of the stream itself is no event of the user's.
      if (name.startsWith("carillon.")) continue;
      const event = JSON.parse(data) as UserEvent;
      if (event.type === "connection_established") onOpen();
      each((observer) => observer.next?.(event));
    }
  };
  read()
    .then(() => each((observer) => observer.complete?.()))
    .catch((why: unknown) => {
      ended = { why };
      onFailure(why);
      each((observer) => observer.error?.(why));
    })
    .finally(() => {
      ended ??= {};
      observers.clear();
      onOpen();
    });

  const subscribe: UserStream["subscribe"] = (given) => {
    const observer = typeof given === "function" ? { next: given } : given;
    if (ended && "why" in ended) observer.error?.(ended.why);
    else if (ended) observer.complete?.();
    else observers.add(observer);
    return { unsubscribe: () => void observers.delete(observer) };
  };
  return {
    opened,
    subscribe,
    close: () => stop.abort(),
    [Symbol.asyncIterator]: () => iterate(subscribe),
  };
}

async function* iterate(subscribe: UserStream["subscribe"]): AsyncGenerator<UserEvent, void, undefined> {
  const queue: UserEvent[] = [];
  let failure: { why: unknown } | undefined;
  let over = false;
  let wake: () => void = () => undefined;
  const subscription = subscribe({
    next: (event) => {
      queue.push(event);
      wake();
    },
    error: (why) => {
      failure = { why };
      wake();
    },
    complete: () => {
      over = true;
      wake();
    },
  });
  try {
    for (;;) {
      for (let event = queue.shift(); event; event = queue.shift()) yield event;
      if (failure) throw failure.why;
      if (over) return;
      await new Promise<void>((done) => (wake = done));
    }
  } finally {
    subscription.unsubscribe();
  }
}
