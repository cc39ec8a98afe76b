import type { ButtonHTMLAttributes } from "react";

/** `primary` once in a view; `danger` for what cannot be taken back. `busy` keeps it from being pressed twice. */
export function Button({
  kind = "plain",
  busy = false,
  small = false,
  className = "",
  disabled,
  ...rest
}: { kind?: "primary" | "plain" | "ghost" | "danger"; busy?: boolean; small?: boolean } & ButtonHTMLAttributes<HTMLButtonElement>) {
  return (
    <button
      type="button"
      className={`button ${kind} ${small ? "small-button" : ""} ${className}`}
      aria-busy={busy || undefined}
      disabled={disabled || busy}
      {...rest}
    />
  );
}
