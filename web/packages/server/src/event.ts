import { toJson } from "./connection.js";
import { CarillonError } from "./errors.js";

/** An event to publish. Carillon's guide to publishing says all about each field. */
export interface EventContent<T = unknown> {
  /** A string goes out as it is; anything else as its JSON. */
  data: T;
  /** The name for `addEventListener`; absent: `message`. */
  event?: string;
  /** Your own id, from which clients may resume; otherwise the hub gives one. */
  id?: string;
  /** Not stored, no id, for those who listen and keep up right now. */
  ephemeral?: boolean;
  /** Milliseconds after which clients reconnect from now on. */
  retry?: number;
  /** Comment lines before the event. */
  comment?: string;
  /** Seconds that it is shown to those who come later. */
  ttl?: number;
  /** The end of that. */
  expires?: string | Date;
  /** The topic's last value, which new streams get first. */
  retain?: boolean;
  /** What it is about: slow readers of a topic that conflates get only the newest of each key. */
  key?: string;
  /** Stored with it; shown with `?envelope=full`. */
  metadata?: Readonly<Record<string, unknown>>;
  timestamp?: string | Date;
}

/** An event and where it goes. */
export interface OutgoingEvent<T = unknown> extends EventContent<T> {
  topic?: string;
  /** Several topics: each listener gets it once. */
  topics?: readonly string[];
  /** The same key with the same content is stored once, for a day. Such an event goes in a request of its own. */
  idempotencyKey?: string;
}

/** A stored event; one that is `ephemeral` has no id and no position. */
export interface Published {
  id?: string;
  position?: number;
  topic: string;
}

/** An event of history. */
export interface KeptEvent<T = unknown> {
  id: string;
  position: number;
  event?: string;
  data: T;
  topics: string[];
  metadata?: Record<string, unknown>;
  timestamp?: string;
}

const text = (time: string | Date): string => (typeof time === "string" ? time : time.toISOString());

/** The JSON of an event as Carillon reads it. Throws `INVALID_REQUEST` for what has none. */
export function eventJson(event: OutgoingEvent): string {
  const { expires, timestamp, idempotencyKey: _, ...rest } = event;
  if (event.data === undefined) throw new CarillonError("INVALID_REQUEST", "the event has no `data`");
  return toJson({
    ...rest,
    ...(expires !== undefined && { expires: text(expires) }),
    ...(timestamp !== undefined && { timestamp: text(timestamp) }),
  });
}

export function timeText(time: string | Date): string {
  return text(time);
}
