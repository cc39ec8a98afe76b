import { useId, useRef, type KeyboardEvent, type ReactNode } from "react";

export interface Tab {
  id: string;
  label: ReactNode;
  content: ReactNode;
}

/** Tabs as WAI-ARIA has them: one stop for the Tab key, arrows between. */
export function Tabs({ label, tabs, chosen, choose, actions }: { label: string; tabs: Tab[]; chosen: string; choose: (id: string) => void; actions?: ReactNode }) {
  const base = useId();
  const list = useRef<HTMLDivElement>(null);
  const at = Math.max(0, tabs.findIndex((tab) => tab.id === chosen));
  const move = (event: KeyboardEvent) => {
    const steps: Record<string, number> = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 };
    const to = steps[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const next = (to + tabs.length) % tabs.length;
    choose(tabs[next]!.id);
    (list.current?.children[next] as HTMLElement | undefined)?.focus();
  };
  const current = tabs[at];
  return (
    <div className="tabs">
      <div className="tab-row">
        <div role="tablist" aria-label={label} ref={list} onKeyDown={move} className="tab-list">
          {tabs.map((tab, n) => (
            <button
              key={tab.id}
              type="button"
              role="tab"
              id={`${base}-${tab.id}`}
              aria-selected={n === at}
              aria-controls={`${base}-panel`}
              tabIndex={n === at ? 0 : -1}
              className="tab"
              onClick={() => choose(tab.id)}
            >
              {tab.label}
            </button>
          ))}
        </div>
        {actions}
      </div>
      <div role="tabpanel" id={`${base}-panel`} aria-labelledby={`${base}-${current?.id}`} tabIndex={0} className="tab-panel">
        {current?.content}
      </div>
    </div>
  );
}
