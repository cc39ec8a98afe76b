// The address bar as state. Paths are the server's own routes, so that every page can be opened and reloaded.
import { useCallback, useEffect, useSyncExternalStore, type AnchorHTMLAttributes, type MouseEvent, type ReactNode } from "react";

const watchers = new Set<() => void>();
const tell = () => watchers.forEach((watcher) => watcher());

function subscribe(watcher: () => void): () => void {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}

/** Shows another page; `replace` leaves no step to go back to. */
export function navigate(to: string, { replace = false }: { replace?: boolean } = {}): void {
  if (to === location.pathname + location.search + location.hash) return;
  history[replace ? "replaceState" : "pushState"](null, "", to);
  tell();
  if (!replace && !location.hash) {
    scrollTo(0, 0);
    // Whoever reads by ear begins with the new page's heading.
    requestAnimationFrame(() => document.getElementById("main")?.focus({ preventScroll: true }));
  }
}

export function RouterProvider({ children }: { children: ReactNode }) {
  useEffect(() => {
    addEventListener("popstate", tell);
    addEventListener("hashchange", tell);
    return () => {
      removeEventListener("popstate", tell);
      removeEventListener("hashchange", tell);
    };
  }, []);
  return children;
}

export const usePath = (): string => useSyncExternalStore(subscribe, () => location.pathname);
export const useSearch = (): URLSearchParams => new URLSearchParams(useSyncExternalStore(subscribe, () => location.search));
export const useHash = (): string => useSyncExternalStore(subscribe, () => location.hash.slice(1));

/** A link that stays in the application; with a modifier it is the browser's. */
export function Link({ to, onClick, ...rest }: { to: string } & AnchorHTMLAttributes<HTMLAnchorElement>) {
  const follow = useCallback(
    (event: MouseEvent<HTMLAnchorElement>) => {
      onClick?.(event);
      if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
      event.preventDefault();
      navigate(to);
    },
    [to, onClick],
  );
  return <a href={to} onClick={follow} {...rest} />;
}

/** Names the page in the tab's title. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = title === "Carillon" ? title : `${title} · Carillon`;
  }, [title]);
}
