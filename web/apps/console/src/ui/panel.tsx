import { useId, type ReactNode } from "react";

/** A part of a page with a heading of its own. `actions` stand at its right. */
export function Panel({
  title,
  note,
  actions,
  className = "",
  flush = false,
  children,
}: {
  title?: ReactNode;
  note?: ReactNode;
  actions?: ReactNode;
  className?: string;
  /** Without space around what is in it: for tables and lists. */
  flush?: boolean;
  children: ReactNode;
}) {
  const id = useId();
  return (
    <section className={`panel ${className}`} aria-labelledby={title ? id : undefined}>
      {(title || actions) && (
        <header className="panel-head">
          <div>
            {title && <h2 id={id}>{title}</h2>}
            {note && <p className="quiet small">{note}</p>}
          </div>
          {actions && <div className="panel-actions">{actions}</div>}
        </header>
      )}
      <div className={flush ? "panel-body flush" : "panel-body"}>{children}</div>
    </section>
  );
}
