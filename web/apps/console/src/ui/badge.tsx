import type { ReactNode } from "react";

/** A word of state. The tone never says what the word does not. */
export function Badge({ tone = "neutral", dot = false, children }: { tone?: "neutral" | "live" | "warn" | "bad"; dot?: boolean; children: ReactNode }) {
  return (
    <span className={`badge ${tone}`}>
      {dot && <span className="dot" aria-hidden="true" />}
      {children}
    </span>
  );
}
