import { type Presence, type ReceivedEvent, type Snapshot, type SSEOptions, type StreamStore, storeOf } from "carillon-client/store";
import { useEffect, useState, useSyncExternalStore } from "react";
import { useLatest } from "./latest.js";
import { useProvided, useStore } from "./provider.js";

export interface Connection extends Snapshot {
  /** Connects at once: when it waits, and when it has given up. */
  reconnect(): void;
}

export interface SSE extends Connection {
  /** Hears events of one type, or of all with `*`; returns what stops it. */
  addEventListener: StreamStore["addEventListener"];
}

function useConnectionOf(store: StreamStore): Connection {
  const snapshot = useSyncExternalStore(store.subscribe, store.getSnapshot, store.getServerSnapshot);
  return { ...snapshot, reconnect: store.reconnect };
}

/**
 * A stream of the component's own, from `/api/sse` unless another URL is given. It is opened anew when the options
 * change. Data that is JSON is parsed.
 */
export function useSSE(options: SSEOptions = {}): SSE {
  const store = useStore(options, storeOf);
  return { ...useConnectionOf(store), addEventListener: store.addEventListener };
}

/** The state of the provider's stream. */
export function useConnection(): Connection {
  return useConnectionOf(useProvided());
}

/** Calls the handler for events of one type, or of all with `*`; without a name they are of the type `message`. */
export function useEvent<T = unknown>(type: string, handler: (event: ReceivedEvent<T>) => void): void {
  const store = useProvided();
  const latest = useLatest(handler);
  useEffect(() => store.addEventListener<T>(type, (event) => latest.current(event)), [store, type, latest]);
}

/**
 * Which users listen to a topic, for as long as the component is there; it listens too. The server tells only where
 * the topic has presence, and names only those who may be seen.
 */
export function usePresence(topic: string): Presence {
  const store = useProvided();
  useEffect(() => store.addTopic(topic), [store, topic]);
  const now = (): Presence => store.presenceOf(topic);
  return useSyncExternalStore(store.subscribe, now, now);
}

/** Listens to a topic or pattern for as long as the component is there; gives its last event, and hands each to the handler. */
export function useTopic<T = unknown>(topic: string, handler?: (event: ReceivedEvent<T>) => void): ReceivedEvent<T> | undefined {
  const store = useProvided();
  const latest = useLatest(handler);
  const [last, setLast] = useState<{ topic: string; event: ReceivedEvent<T> }>();
  useEffect(() => {
    const stopTopic = store.addTopic(topic);
    const stopHearing = store.addEventListener<T>("*", (event) => {
      if (/^(carillon\.|heartbeat$)/.test(event.type) || !store.isOf(event, topic)) return;
      setLast({ topic, event });
      latest.current?.(event);
    });
    return () => {
      stopTopic();
      stopHearing();
    };
  }, [store, topic, latest]);
  return last?.topic === topic ? last.event : undefined;
}
