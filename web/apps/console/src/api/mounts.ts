// Where the interfaces stand whose prefix is a setting, as the server tells at `/api`.
import { useSyncExternalStore } from "react";
import { call, problemOf, reachability } from "./client.js";

/** By the section of the settings. */
export type Interface = "topic_service" | "users" | "domains" | "metadata" | "notifications";

/** Without a slash at the end, so that a path can follow; undefined: turned off. */
export type Mounts = Record<Interface, string | undefined>;

export const defaultMounts: Mounts = { topic_service: "/events", users: "/api", domains: "", metadata: "/api/sse", notifications: "/api/v1/sse" };

const names = Object.keys(defaultMounts) as Interface[];

/** From what `/api` answers; what it does not tell is where it is by default. */
export function mountsOf(told: unknown): Mounts {
  const mounts = (told as { mounts?: Record<string, string[]> } | null)?.mounts ?? {};
  const one = (name: Interface) => (mounts[name] === undefined ? defaultMounts[name] : mounts[name][0]?.replace(/\/+$/, ""));
  return Object.fromEntries(names.map((name) => [name, one(name)])) as Mounts;
}

// Asked for once: settings of this kind need a new start of the server, and its pages are then opened anew.
let known: Mounts | undefined;
let asked = false;
const watchers = new Set<() => void>();

function ask(): void {
  if (asked) return;
  asked = true;
  const tell = (mounts: Mounts) => {
    known = mounts;
    watchers.forEach((watcher) => watcher());
  };
  call("/api").then(
    (told) => tell(mountsOf(told)),
    (why) => {
      // A server that does not say is taken for one of the usual kind; one that is away is asked when it is back.
      if (!problemOf(why).offline) return tell(defaultMounts);
      const stop = reachability.subscribe(() => {
        if (!reachability.get()) return;
        stop();
        asked = false;
        ask();
      });
    },
  );
}

function subscribe(watcher: () => void): () => void {
  watchers.add(watcher);
  ask();
  return () => watchers.delete(watcher);
}

/** Undefined until the server has said it. */
export const useMountsIfKnown = (): Mounts | undefined => useSyncExternalStore(subscribe, () => known);
export const useMounts = (): Mounts => useMountsIfKnown() ?? defaultMounts;
