// The user of the page. The token lives in this tab only (sessionStorage) and is shown nowhere.
import { createContext, useCallback, useContext, useEffect, useMemo, useRef, useState, useSyncExternalStore, type ReactNode } from "react";
import { type ApiProblem, call, problemOf, reachability, type CallOptions } from "./client.js";

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

const leavers = new Set<() => void>();
/** Calls `leaver` when a user goes, or another comes: what was opened in the name of the one before ends then. */
export const onLeave = (leaver: () => void): void => void leavers.add(leaver);

const refused = ({ status }: ApiProblem): boolean => status === 401 || status === 403;

export function SessionProvider({ children }: { children: ReactNode }) {
  const [token, setToken] = useState(stored);
  const [who, setWho] = useState<Caller>();
  const [problem, setProblem] = useState<ApiProblem>();
  const [asking, setAsking] = useState(false);
  const reachable = useSyncExternalStore(reachability.subscribe, reachability.get);

  const current = useRef(token);
  current.current = token;
  const leave = useCallback(() => {
    if (current.current !== undefined) leavers.forEach((leaver) => leaver());
  }, []);

  const signIn = useCallback(async (fresh: string) => {
    try {
      const caller = await call<Caller>("/auth/me", { token: fresh });
      if (fresh !== current.current) leave();
      store(fresh);
      setToken(fresh);
      setWho(caller);
      setProblem(undefined);
      setAsking(false);
      return caller;
    } catch (why) {
      setProblem(problemOf(why));
      throw why;
    }
  }, [leave]);

  const signOut = useCallback(() => {
    leave();
    store(undefined);
    setToken(undefined);
    setWho(undefined);
    setProblem(undefined);
  }, [leave]);

  // The token of before a reload; again and again while the server has no answer to it.
  const [round, setRound] = useState(0);
  useEffect(() => {
    if (token === undefined || who !== undefined || !reachable) return;
    const over = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    call<Caller>("/auth/me", { token, signal: over.signal }).then(
      (caller) => {
        setProblem(undefined);
        setWho(caller);
      },
      (why: unknown) => {
        if (over.signal.aborted) return;
        const found = problemOf(why);
        if (refused(found)) signOut();
        else timer = setTimeout(() => setRound((n) => n + 1), Math.max(2000, (found.retryAfter ?? 0) * 1000));
        setProblem(found);
      },
    );
    return () => {
      over.abort();
      clearTimeout(timer);
    };
  }, [token, who, reachable, round, signOut]);

  // A refusal may be meant for the token or for what was asked. A token that has ended ends the session, with its reason.
  const doubted = useRef(false);
  const doubt = useCallback(
    async (of: string) => {
      if (doubted.current) return;
      doubted.current = true;
      await call<Caller>("/auth/me", { token: of }).catch((why: unknown) => {
        if (!refused(problemOf(why)) || current.current !== of) return;
        signOut();
        setProblem(problemOf(why));
      });
      doubted.current = false;
    },
    [signOut],
  );

  const session = useMemo<Session>(
    () => ({
      state: token === undefined ? "anonymous" : who === undefined ? "checking" : "signed-in",
      token,
      who,
      problem,
      isAdmin: who?.roles.includes("admin") ?? false,
      signIn,
      signOut,
      call: async (path, options) => {
        try {
          return await call(path, { ...options, token });
        } catch (why) {
          if (token !== undefined && problemOf(why).status === 401) void doubt(token);
          throw why;
        }
      },
      ask: () => setAsking(true),
      asking,
      endAsking: () => {
        setAsking(false);
        setProblem(undefined);
      },
    }),
    [token, who, problem, signIn, signOut, doubt, asking],
  );
  return <SessionContext value={session}>{children}</SessionContext>;
}

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (!session) throw new Error("no SessionProvider above");
  return session;
}

export const useReachable = (): boolean => useSyncExternalStore(reachability.subscribe, reachability.get);
