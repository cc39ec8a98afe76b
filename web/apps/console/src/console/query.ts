// What a list is filtered by, in the address: it can be kept, sent to somebody, and left by "back" or by the page's own name.
import { useEffect, useRef, useState } from "react";
import { navigate, useSearch } from "../router.js";

export type Texts = Readonly<Record<string, string>>;

const pause = 250;

function textsOf(search: URLSearchParams, names: readonly string[]): Texts {
  return Object.fromEntries(names.map((name) => [name, search.get(name) ?? ""]));
}
/** The address of this page with these texts; empty ones are left out. */
export function addressOf(path: string, texts: Texts): string {
  const query = new URLSearchParams(Object.entries(texts).filter(([, text]) => text !== ""));
  return query.size > 0 ? `${path}?${query}` : path;
}

/** `now`: as it is typed. `asked`: what the address says, which follows after a pause. `names` are the same in each call. */
export function useQuery(names: readonly string[]): { now: Texts; asked: Texts; set: (change: Texts) => void } {
  const asked = textsOf(useSearch(), names);
  const key = JSON.stringify(asked);
  const [now, setNow] = useState(asked);
  const written = useRef(key);
  // The address has changed, and not by what was typed.
  useEffect(() => {
    if (key !== written.current) setNow(asked);
    written.current = key;
  }, [key]);
  useEffect(() => {
    const wanted = Object.fromEntries(names.map((name) => [name, (now[name] ?? "").trim()]));
    if (JSON.stringify(wanted) === written.current) return;
    const timer = setTimeout(() => {
      written.current = JSON.stringify(wanted);
      navigate(addressOf(location.pathname, wanted), { replace: true });
    }, pause);
    return () => clearTimeout(timer);
  }, [now]);
  return { now, asked, set: setNow };
}
