// Light, dark, or what the system says. The choice is applied before the page is painted by build/theme.ts.
import { useSyncExternalStore } from "react";

type Theme = "system" | "light" | "dark";
const key = "carillon.theme";
const darkSystem = matchMedia("(prefers-color-scheme: dark)");
const watchers = new Set<() => void>();

function current(): Theme {
  const set = document.documentElement.dataset.theme;
  return set === "light" || set === "dark" ? set : "system";
}

/** The other one of light and dark; what the system says is no choice, and follows the system on. */
export function switchTheme(): void {
  const isDark = current() === "system" ? darkSystem.matches : current() === "dark";
  setTheme(isDark === darkSystem.matches ? (isDark ? "light" : "dark") : "system");
}

function setTheme(theme: Theme): void {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  try {
    if (theme === "system") localStorage.removeItem(key);
    else localStorage.setItem(key, theme);
  } catch {
    // Without storage the choice lasts until the page is left.
  }
  watchers.forEach((watcher) => watcher());
}

/** Whether the page is dark now, for what draws by itself (canvas). */
export const useDark = (): boolean =>
  useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher);
      darkSystem.addEventListener("change", watcher);
      return () => {
        watchers.delete(watcher);
        darkSystem.removeEventListener("change", watcher);
      };
    },
    () => (current() === "system" ? darkSystem.matches : current() === "dark"),
  );
