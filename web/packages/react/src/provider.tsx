import { type StoreOptions, StreamStore, following, keyOf } from "carillon-client/store";
import { type ReactNode, createContext, useContext, useEffect, useMemo, useRef } from "react";
import { useLatest } from "./latest.js";

const Context = createContext<StreamStore | undefined>(undefined);

export interface CarillonProviderProps extends Omit<StoreOptions, "url"> {
  /** Default `/events/subscribe`: what is listened to is what components below name with `useTopic`. */
  url?: string | URL;
  children?: ReactNode;
}

/** One stream for all components below. It is opened anew when the options change; functions may change freely. */
export function CarillonProvider({ children, ...options }: CarillonProviderProps): ReactNode {
  const store = useStore(options, (given) => new StreamStore({ ...given, url: given.url ?? "/events/subscribe" }));
  return <Context.Provider value={store}>{children}</Context.Provider>;
}

/** A store for as long as the component is there and its options stay the same. */
export function useStore<T extends object>(options: T, make: (options: T) => StreamStore): StreamStore {
  const latest = useLatest(options);
  const key = keyOf(options);
  // The key says all of the options that may ask for another store.
  const store = useMemo(() => make(following(options, () => latest.current)), [key]);
  const before = useRef<StreamStore>(undefined);
  useEffect(() => {
    const stop = store.use(before.current);
    before.current = store;
    return stop;
  }, [store]);
  return store;
}

export function useProvided(): StreamStore {
  const store = useContext(Context);
  if (!store) throw new Error("carillon-react: there is no <CarillonProvider> above this component");
  return store;
}
