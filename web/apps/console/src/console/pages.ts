// Long lists from the server, a page at a time: what is on the screen is kept fresh, what is not costs nothing.
import { useCallback, useEffect, useRef, useState } from "react";
import { ApiProblem } from "../api/client.js";
import { useReachable, useSession } from "../api/session.js";

export interface PageOf<Row> {
  rows: Row[];
  next?: string | undefined;
  total?: number | undefined;
}
export interface Paged<Row> {
  rows: readonly Row[];
  total: number | undefined;
  /** There are more at the server. */
  more: boolean;
  loading: boolean;
  problem: ApiProblem | undefined;
  /** Rows up to this one are on the screen. */
  need: (first: number, last: number) => void;
  reload: () => void;
}

interface Kept<Row> {
  after: string | undefined;
  rows: Row[];
  next: string | undefined;
}

const problemOf = (why: unknown) => (why instanceof ApiProblem ? why : new ApiProblem(0, "FAILED", String(why)));

/**
 * `path` names the list and its filters; a page is asked for with `cursor=` and the `next` of the page before. `every`: milliseconds after
 * which the pages on the screen are asked for anew; 0: never.
 */
export function usePages<Row, Answer>(path: string | undefined, read: (answer: Answer) => PageOf<Row>, { cursor = "after", every = 0 }: { cursor?: string; every?: number } = {}): Paged<Row> {
  const { call, token } = useSession();
  const reachable = useReachable();
  const [round, setRound] = useState(0);
  const [state, setState] = useState<{ of: string | undefined; pages: Kept<Row>[]; rows: Row[]; total: number | undefined; loading: boolean; problem: ApiProblem | undefined }>({
    of: undefined,
    pages: [],
    rows: [],
    total: undefined,
    loading: true,
    problem: undefined,
  });
  const inside = useRef({ pages: [] as Kept<Row>[], busy: false, first: 0, last: 0, done: false, over: new AbortController(), total: undefined as number | undefined });

  const ask = useCallback(
    async (after: string | undefined, signal: AbortSignal): Promise<PageOf<Row>> => {
      const url = after === undefined ? path! : `${path}${path!.includes("?") ? "&" : "?"}${cursor}=${encodeURIComponent(after)}`;
      return read(await call<Answer>(url, { signal }));
    },
    // `read` is the same for a path; `call` changes with the token.
    [path, token],
  );
  const show = useCallback(
    (problem?: ApiProblem) => {
      const { pages, total, busy } = inside.current;
      setState({ of: path, pages, rows: pages.flatMap((p) => p.rows), total, loading: busy, problem });
    },
    [path],
  );
  const grow = useCallback(async () => {
    const my = inside.current;
    if (my.busy || my.done) return;
    my.busy = true;
    const { signal } = my.over;
    const last = my.pages.at(-1);
    try {
      const page = await ask(last?.next, signal);
      if (signal.aborted) return;
      my.pages = [...my.pages, { after: last?.next, rows: page.rows, next: page.next }];
      my.total = page.total ?? my.total;
      my.done = page.next === undefined;
      my.busy = false;
      show();
    } catch (why) {
      if (signal.aborted) return;
      my.busy = false;
      show(problemOf(why));
    }
  }, [ask, show]);

  useEffect(() => {
    if (path === undefined || !reachable) return;
    inside.current = { pages: [], busy: false, first: 0, last: 0, done: false, over: new AbortController(), total: undefined };
    const my = inside.current;
    void grow();
    return () => my.over.abort();
  }, [path, grow, round, reachable]);

  useEffect(() => {
    if (!every || path === undefined || !reachable) return;
    const timer = setInterval(async () => {
      const my = inside.current;
      if (my.busy || document.hidden) return;
      let from = 0;
      for (let n = 0; n < my.pages.length; n++) {
        const page = my.pages[n]!;
        const to = from + page.rows.length;
        if (from <= my.last && to >= my.first) {
          try {
            const fresh = await ask(page.after, my.over.signal);
            if (my.over.signal.aborted || my.pages[n] !== page) return;
            // A page that ends elsewhere now changes what follows: the rest is asked for again as it is needed.
            const same = fresh.next === page.next;
            const kept = { after: page.after, rows: fresh.rows, next: fresh.next };
            my.pages = same ? my.pages.map((p, i) => (i === n ? kept : p)) : [...my.pages.slice(0, n), kept];
            my.done = my.pages.at(-1)!.next === undefined;
            my.total = fresh.total ?? my.total;
            show();
          } catch (why) {
            if (!my.over.signal.aborted) show(problemOf(why));
            return;
          }
        }
        from = to;
      }
    }, every);
    return () => clearInterval(timer);
  }, [path, every, ask, show, reachable, round]);

  const need = useCallback(
    (first: number, last: number) => {
      const my = inside.current;
      my.first = first;
      my.last = last;
      const have = my.pages.reduce((sum, p) => sum + p.rows.length, 0);
      if (last >= have - 20) void grow();
    },
    [grow],
  );
  const mine = state.of === path;
  return {
    rows: mine ? state.rows : [],
    total: mine ? state.total : undefined,
    more: mine && state.pages.at(-1)?.next !== undefined,
    loading: path !== undefined && (!mine || (state.rows.length === 0 && state.loading)),
    problem: mine ? state.problem : undefined,
    need,
    reload: useCallback(() => setRound((n) => n + 1), []),
  };
}
