import { type Presence, type ReceivedEvent, type Snapshot, type SSEOptions, type StoreOptions, type StreamStore, following, keyOf, storeOf, StreamStore as Store } from "carillon-client/store";
import {
  type ComputedRef,
  type InjectionKey,
  type MaybeRefOrGetter,
  type ShallowRef,
  computed,
  hasInjectionContext,
  inject,
  onMounted,
  provide,
  ref,
  shallowRef,
  toValue,
  watch,
} from "vue";

const key: InjectionKey<ShallowRef<StreamStore>> = Symbol("carillon");

export interface Connection {
  status: ComputedRef<Snapshot["status"]>;
  isConnected: ComputedRef<boolean>;
  /** The last event but the hub's own. */
  lastEvent: ComputedRef<ReceivedEvent | undefined>;
  /** Why the last attempt failed, or why it has given up. */
  failure: ComputedRef<Snapshot["failure"]>;
  /** Connects at once: when it waits, and when it has given up. */
  reconnect(): void;
}

export interface SSE extends Connection {
  /** Hears events of one type, or of all with `*`, until the component goes or what it returns is called. */
  addEventListener<T = unknown>(type: string, listener: (event: ReceivedEvent<T>) => void): () => void;
}

/** True once the component is mounted: nothing connects while a server renders. */
function useMounted(): ShallowRef<boolean> {
  const mounted = ref(false);
  onMounted(() => (mounted.value = true));
  return mounted;
}

/** A store that is opened anew when the options change; functions may change freely. */
function useStore<T extends object>(options: MaybeRefOrGetter<T>, make: (options: T) => StreamStore): ShallowRef<StreamStore> {
  const current = (): T => toValue(options);
  const made = (): StreamStore => make(following(current(), current));
  const store = shallowRef(made());
  const mounted = useMounted();
  watch(
    () => keyOf(current()),
    () => (store.value = made()),
  );
  watch(
    [store, mounted] as const,
    ([used, ready], before, onCleanup) => {
      if (ready) onCleanup(used.use(before[0]));
    },
    { immediate: true, flush: "sync" },
  );
  return store;
}

function connectionOf(store: ShallowRef<StreamStore>): Connection {
  const snapshot = shallowRef(store.value.getSnapshot());
  watch(
    store,
    (watched, _, onCleanup) => {
      snapshot.value = watched.getSnapshot();
      onCleanup(watched.subscribe(() => (snapshot.value = watched.getSnapshot())));
    },
    { immediate: true, flush: "sync" },
  );
  return {
    status: computed(() => snapshot.value.status),
    isConnected: computed(() => snapshot.value.isConnected),
    lastEvent: computed(() => snapshot.value.lastEvent),
    failure: computed(() => snapshot.value.failure),
    reconnect: () => store.value.reconnect(),
  };
}

/** Calls `begin` for each store in turn, and what it returns when the store is replaced or the component goes. */
function whileUsed(store: ShallowRef<StreamStore>, begin: (store: StreamStore) => () => void): () => void {
  return watch(store, (used, _, onCleanup) => onCleanup(begin(used)), { immediate: true, flush: "sync" });
}

function provided(): ShallowRef<StreamStore> {
  const store = hasInjectionContext() ? inject(key, undefined) : undefined;
  if (!store) throw new Error("carillon-vue: no component above this one calls provideCarillon()");
  return store;
}

/**
 * One stream for this component and all below. What is listened to is what they name with `useTopic`. Default URL:
 * `/events/subscribe`.
 */
export function provideCarillon(options: MaybeRefOrGetter<Omit<StoreOptions, "url"> & { url?: string | URL }> = {}): Connection {
  const store = useStore(options, (given) => new Store({ ...given, url: given.url ?? "/events/subscribe" }));
  provide(key, store);
  return connectionOf(store);
}

/** A stream of the component's own, from `/api/sse` unless another URL is given. Data that is JSON is parsed. */
export function useSSE(options: MaybeRefOrGetter<SSEOptions> = {}): SSE {
  const store = useStore(options, storeOf);
  const addEventListener: SSE["addEventListener"] = (type, listener) => whileUsed(store, (used) => used.addEventListener(type, listener));
  return { ...connectionOf(store), addEventListener };
}

/** The state of the provided stream. */
export function useConnection(): Connection {
  return connectionOf(provided());
}

/** Calls the handler for events of one type, or of all with `*`; without a name they are of the type `message`. */
export function useEvent<T = unknown>(type: MaybeRefOrGetter<string>, handler: (event: ReceivedEvent<T>) => void): void {
  const store = provided();
  watch([store, () => toValue(type)] as const, ([used, name], _, onCleanup) => onCleanup(used.addEventListener<T>(name, handler)), {
    immediate: true,
    flush: "sync",
  });
}

/**
 * Which users listen to a topic, for as long as the component is there; it listens too. The server tells only where
 * the topic has presence, and names only those who may be seen.
 */
export function usePresence(topic: MaybeRefOrGetter<string>): ShallowRef<Presence> {
  const store = provided();
  const present = shallowRef(store.value.presenceOf(toValue(topic)));
  const mounted = useMounted();
  watch(
    [store, () => toValue(topic), mounted] as const,
    ([used, name, ready], _, onCleanup) => {
      const look = (): void => void (present.value = used.presenceOf(name));
      look();
      if (!ready) return;
      const stops = [used.addTopic(name), used.subscribe(look)];
      onCleanup(() => stops.forEach((stop) => stop()));
    },
    { immediate: true, flush: "sync" },
  );
  return present;
}

/** Listens to a topic or pattern for as long as the component is there; gives its last event, and hands each to the handler. */
export function useTopic<T = unknown>(topic: MaybeRefOrGetter<string>, handler?: (event: ReceivedEvent<T>) => void): ShallowRef<ReceivedEvent<T> | undefined> {
  const store = provided();
  const last = shallowRef<ReceivedEvent<T>>();
  const mounted = useMounted();
  watch(
    [store, () => toValue(topic), mounted] as const,
    ([used, name, ready], _, onCleanup) => {
      last.value = undefined;
      if (!ready) return;
      const stops = [
        used.addTopic(name),
        used.addEventListener<T>("*", (event) => {
          if (/^(carillon\.|heartbeat$)/.test(event.type) || !used.isOf(event, name)) return;
          last.value = event;
          handler?.(event);
        }),
      ];
      onCleanup(() => stops.forEach((stop) => stop()));
    },
    { immediate: true, flush: "sync" },
  );
  return last;
}

