// The user of the page. The token lives in this tab only (sessionStorage) and is shown nowhere.
import { createContext, useCallback, useContext, useEffect, useMemo, useState, useSyncExternalStore, type ReactNode } from "react";
import { ApiProblem, call, reachability, type CallOptions } from "./client.js";

const key = "carillon.token";
/** A token as in system C's document, `Base64(userId:username:email:roles)`, which anybody can make. A colon parts its fields. */
export function testToken(user: string, admin: boolean): string {
  const name = user === "test123" ? "testuser" : user;
  const text = `${user}:${name}:${user === "test123" ? "test" : "user"}@example.com:user${admin ? ",admin" : ""}`;
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}

export interface Caller {
  userId: string;
  sessionId?: string;
  roles: string[];
  /** `token`, `development`, `ticket`, `proxy` or `nothing`. */
  from: string;
  expiresAt?: string;
}

export interface Session {
  /** `checking` until the server has said who the stored token is. */
  state: "anonymous" | "checking" | "signed-in";
  token: string | undefined;
  who: Caller | undefined;
  /** Why the last sign-in, or the token of before, was refused. */
  problem: ApiProblem | undefined;
  isAdmin: boolean;
  signIn(token: string): Promise<Caller>;
  signOut(): void;
  /** `call` with the session's token. */
  call<T = unknown>(path: string, options?: Omit<CallOptions, "token">): Promise<T>;
  /** Opens the dialog. */
  ask(): void;
  asking: boolean;
  endAsking(): void;
}

const SessionContext = createContext<Session | null>(null);

function stored(): string | undefined {
  try {
    return sessionStorage.getItem(key) ?? undefined;
  } catch {
    return undefined;
  }
}

function store(token: string | undefined): void {
  try {
    if (token === undefined) sessionStorage.removeItem(key);
    else sessionStorage.setItem(key, token);
  } catch {
    // Without storage the token lasts until the page is left.
  }
}

export function SessionProvider({ children }: { children: ReactNode }) {
  const [token, setToken] = useState(stored);
  const [who, setWho] = useState<Caller>();
  const [problem, setProblem] = useState<ApiProblem>();
  const [asking, setAsking] = useState(false);
  const reachable = useSyncExternalStore(reachability.subscribe, reachability.get);

  const signIn = useCallback(async (fresh: string) => {
    try {
      const caller = await call<Caller>("/auth/me", { token: fresh });
      store(fresh);
      setToken(fresh);
      setWho(caller);
      setProblem(undefined);
      setAsking(false);
      return caller;
    } catch (why) {
      if (why instanceof ApiProblem) setProblem(why);
      throw why;
    }
  }, []);

  const signOut = useCallback(() => {
    store(undefined);
    setToken(undefined);
    setWho(undefined);
    setProblem(undefined);
  }, []);

  // The token of before a reload; again once a server that was away is back.
  useEffect(() => {
    if (token === undefined || who !== undefined || !reachable) return;
    const over = new AbortController();
    call<Caller>("/auth/me", { token, signal: over.signal }).then(setWho, (why: unknown) => {
      if (!(why instanceof ApiProblem) || over.signal.aborted) return;
      if (why.status === 401 || why.status === 403) signOut();
      setProblem(why);
    });
    return () => over.abort();
  }, [token, who, reachable, signOut]);

  const session = useMemo<Session>(
    () => ({
      state: token === undefined ? "anonymous" : who === undefined ? "checking" : "signed-in",
      token,
      who,
      problem,
      isAdmin: who?.roles.includes("admin") ?? false,
      signIn,
      signOut,
      call: (path, options) => call(path, { ...options, token }),
      ask: () => setAsking(true),
      asking,
      endAsking: () => {
        setAsking(false);
        setProblem(undefined);
      },
    }),
    [token, who, problem, signIn, signOut, asking],
  );
  return <SessionContext value={session}>{children}</SessionContext>;
}

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (!session) throw new Error("no SessionProvider above");
  return session;
}

export const useReachable = (): boolean => useSyncExternalStore(reachability.subscribe, reachability.get);
