// A `Pager` as components use it: with the session's token, and only while the server is there and somebody looks.
import { useCallback, useEffect, useRef, useState } from "react";
import { problemOf, type ApiProblem } from "../api/client.js";
import { repeated } from "../api/repeated.js";
import { useReachable, useSession } from "../api/session.js";
import { Pager, type Listed, type PageOf } from "./pager.js";

export type { PageOf } from "./pager.js";

export interface Paged<Row> extends Omit<Listed<Row>, "busy" | "problem"> {
  loading: boolean;
  problem: ApiProblem | undefined;
  /** Rows from the first to the last are on the screen. */
  need: (first: number, last: number) => void;
  /** Asks anew for what is on the screen. */
  reload: () => void;
}

/**
 * `path` names the list and its filters; a page is asked for with `cursor=` and the `next` of the page before. `every`: milliseconds after
 * which what is on the screen is asked for anew.
 */
export function usePages<Row, Answer>(path: string, read: (answer: Answer) => PageOf<Row>, { cursor = "after", every }: { cursor?: string; every: number }): Paged<Row> {
  const { call, token } = useSession();
  const reachable = useReachable();
  const [state, setState] = useState<Listed<Row> & { of?: string }>({ rows: [], total: undefined, more: false, busy: true, problem: undefined });
  const pager = useRef<Pager<Row>>(undefined);

  useEffect(() => {
    const made = new Pager<Row>(
      async (after, signal) => read(await call<Answer>(after === undefined ? path : `${path}${path.includes("?") ? "&" : "?"}${cursor}=${encodeURIComponent(after)}`, { signal })),
      (listed) => setState({ ...listed, of: path }),
    );
    pager.current = made;
    return () => made.end();
    // `read` is the same for a path; `call` changes with the token.
  }, [path, token]);
  useEffect(() => {
    if (!reachable) return;
    const over = new AbortController();
    void repeated(every, over.signal, () => pager.current!.refresh());
    return () => over.abort();
  }, [path, token, every, reachable]);

  const mine = state.of === path;
  return {
    rows: mine ? state.rows : [],
    total: mine ? state.total : undefined,
    more: mine && state.more,
    loading: !mine || (state.rows.length === 0 && state.busy),
    problem: mine && state.problem !== undefined ? problemOf(state.problem) : undefined,
    need: useCallback((first, last) => pager.current?.need(first, last), []),
    reload: useCallback(() => void pager.current?.refresh(), []),
  };
}
