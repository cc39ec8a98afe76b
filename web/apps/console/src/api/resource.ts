// What a page shows of one GET: loading, the answer, or the problem.
import { useCallback, useEffect, useState } from "react";
import { problemOf, type ApiProblem } from "./client.js";
import { repeated } from "./repeated.js";
import { useReachable, useSession } from "./session.js";

export interface Resource<T> {
  /** The last good answer; `problem` says why there is no newer one. */
  data: T | undefined;
  problem: ApiProblem | undefined;
  loading: boolean;
  reload(): void;
}

/** Asks for `path` with the session's token, anew when either changes, when the server is back, and `every` so many milliseconds if that is given. */
export function useResource<T>(path: string, { every = 0 }: { every?: number } = {}): Resource<T> {
  const { call, token } = useSession();
  const reachable = useReachable();
  const [round, setRound] = useState(0);
  const [told, setTold] = useState<{ path?: string; data?: T; problem?: ApiProblem }>({});
  useEffect(() => {
    if (!reachable) return;
    const over = new AbortController();
    void repeated(every, over.signal, async () => {
      try {
        const data = await call<T>(path, { signal: over.signal });
        setTold({ path, data });
      } catch (why) {
        if (!over.signal.aborted) setTold((before) => ({ ...(before.path === path ? before : { path }), problem: problemOf(why) }));
      }
    });
    return () => over.abort();
    // `call` changes with the token.
  }, [path, token, every, round, reachable]);
  const mine = told.path === path ? told : {};
  return {
    data: mine.data,
    problem: mine.problem,
    loading: mine.data === undefined && mine.problem === undefined,
    reload: useCallback(() => setRound((n) => n + 1), []),
  };
}
