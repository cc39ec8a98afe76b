// What a page shows of one GET: loading, the answer, or the problem.
import { useCallback, useEffect, useState } from "react";
import { ApiProblem } from "./client.js";
import { useReachable, useSession } from "./session.js";

export interface Resource<T> {
  data: T | undefined;
  problem: ApiProblem | undefined;
  loading: boolean;
  reload(): void;
}

/** Asks for `path` with the session's token, anew when either changes or the server is back; `undefined` asks for nothing. */
export function useResource<T>(path: string | undefined): Resource<T> {
  const session = useSession();
  const reachable = useReachable();
  const [round, setRound] = useState(0);
  const [told, setTold] = useState<{ path?: string | undefined; data?: T; problem?: ApiProblem }>({});
  const { call, token } = session;
  useEffect(() => {
    if (path === undefined || !reachable) return;
    const over = new AbortController();
    call<T>(path, { signal: over.signal }).then(
      (data) => setTold({ path, data }),
      (why: unknown) => {
        if (over.signal.aborted) return;
        const problem = why instanceof ApiProblem ? why : new ApiProblem(0, "FAILED", String(why));
        setTold((before) => (before.path === path ? { ...before, problem } : { path, problem }));
      },
    );
    return () => over.abort();
    // `call` changes with the token.
  }, [path, token, round, reachable]);
  const mine = told.path === path ? told : {};
  return {
    data: mine.data,
    problem: mine.problem,
    loading: path !== undefined && mine.data === undefined && mine.problem === undefined,
    reload: useCallback(() => setRound((n) => n + 1), []),
  };
}
