// Small things that several pages of the console have.
import { useEffect, useLayoutEffect, useRef, useState, type ReactNode } from "react";
import { ApiProblem } from "../api/client.js";
import { useReachable } from "../api/session.js";
import { Button, Empty, ErrorState, Loading, Offline } from "../ui/index.js";

/** Anew each second while the component is there and the page is seen: for what says how long ago something was. */
export function useNow(): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => !document.hidden && setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return now;
}

/** Says that what is shown is of before, and why there is nothing newer. That the server is away the page says once, above. */
export function Outdated({ problem }: { problem: ApiProblem | undefined }) {
  if (!problem || problem.offline) return null;
  return (
    <p role="alert" className="outdated">
      This is as it was before: {problem.message} <code>{problem.code}</code>
    </p>
  );
}

/** What a list shows in place of rows; nothing if it has some. */
export function ListState({ loading, problem, empty, what, reload, none, children }: { loading: boolean; problem: ApiProblem | undefined; empty: boolean; what: string; reload: () => void; none: string; children?: ReactNode }) {
  const reachable = useReachable();
  if (!empty) return null;
  if (problem) return <ErrorState title={`The ${what} cannot be shown`} problem={problem} retry={reload} />;
  if (loading) return reachable ? <Loading what={what} /> : <Offline />;
  return <Empty title={none}>{children}</Empty>;
}

/** Details beside the list; Escape and the button close it. */
export function Drawer({ title, close, children, actions }: { title: ReactNode; close: () => void; children: ReactNode; actions?: ReactNode }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    const here = dialog.current!;
    here.showModal();
    // Whatever takes it away: the focus goes back to where it was.
    return () => here.close();
  }, []);
  return (
    <dialog ref={dialog} className="dialog drawer" aria-labelledby="drawer-title" onClose={close} onClick={(event) => event.target === event.currentTarget && event.clientX < event.currentTarget.getBoundingClientRect().left && event.currentTarget.close()}>
      <header className="dialog-head">
        <h2 id="drawer-title">{title}</h2>
        <Button kind="ghost" onClick={() => dialog.current?.close()} aria-label="Close">
          ✕
        </Button>
      </header>
      {children}
      {actions && <footer className="drawer-actions">{actions}</footer>}
    </dialog>
  );
}

export function Facts({ rows }: { rows: [name: string, value: ReactNode][] }) {
  return (
    <dl className="facts">
      {rows
        .filter(([, value]) => value !== undefined && value !== null && value !== "" && value !== false)
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}

/** Asks before it does what cannot be taken back. */
export function ConfirmButton({ children, sure, act, small = false }: { children: ReactNode; sure: string; act: () => Promise<unknown>; small?: boolean }) {
  const [state, setState] = useState<"" | "asked" | "busy">("");
  const [problem, setProblem] = useState<string>();
  useEffect(() => {
    if (state !== "asked") return;
    const timer = setTimeout(() => setState(""), 5000);
    return () => clearTimeout(timer);
  }, [state]);
  const press = () => {
    if (state !== "asked") return setState("asked");
    setState("busy");
    setProblem(undefined);
    act()
      .catch((why: unknown) => setProblem(why instanceof Error ? why.message : String(why)))
      .finally(() => setState(""));
  };
  return (
    <span className="confirm">
      <Button kind="danger" small={small} busy={state === "busy"} onClick={press}>
        {state === "asked" ? sure : children}
      </Button>
      {problem && (
        <span role="alert" className="bad small">
          {problem}
        </span>
      )}
    </span>
  );
}

/** A share of something, as a bar. */
export function Gauge({ share, label }: { share: number; label: string }) {
  const tone = share >= 0.9 ? "bad" : share >= 0.7 ? "warn" : "";
  return (
    <div className={`gauge ${tone}`} role="meter" aria-label={label} aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.min(100, Math.round(share * 100))}>
      <div style={{ width: `${Math.min(100, Math.max(share * 100, share > 0 ? 0.6 : 0))}%` }} />
    </div>
  );
}
