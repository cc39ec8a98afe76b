// What a place shows instead of its content. Each says what to do next.
import type { ReactNode } from "react";
import { ApiProblem } from "../api/client.js";
import { Button } from "./button.js";

export function Loading({ what = "" }: { what?: string }) {
  return (
    <div className="state" role="status">
      <span className="loading-bar" aria-hidden="true" />
      <p className="quiet">Loading {what} …</p>
    </div>
  );
}

export function Empty({ title, children, action }: { title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <div className="state">
      <p className="state-title">{title}</p>
      {children && <div className="quiet">{children}</div>}
      {action}
    </div>
  );
}

/** A problem in the server's own words, with its code. `goesOn`: the page asks again without being told to. */
export function ErrorState({ title, problem, retry, goesOn = false }: { title: string; problem: unknown; retry?: () => void; goesOn?: boolean }) {
  if (problem instanceof ApiProblem && problem.offline) return <Offline />;
  const code = problem instanceof ApiProblem ? problem.code : undefined;
  const detail = problem instanceof Error ? problem.message : String(problem);
  return (
    <div className="state" role="alert">
      <p className="state-title bad">{title}</p>
      <p className="quiet">
        {detail} {code && <code>{code}</code>}
      </p>
      {goesOn && <p className="quiet">The page asks again by itself.</p>}
      {retry && <Button onClick={retry}>Try again</Button>}
    </div>
  );
}

export function Offline() {
  return (
    <div className="state" role="status">
      <p className="state-title">The server does not answer</p>
      <p className="quiet">This fills in as soon as it is back.</p>
    </div>
  );
}
