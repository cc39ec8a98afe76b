// A table of any length: only the rows on the screen are in the document.
import { useCallback, useEffect, useLayoutEffect, useRef, useState, type KeyboardEvent, type ReactNode } from "react";

export interface VirtualColumn<Row> {
  id: string;
  head: string;
  /** Of the grid, such as `minmax(12rem, 3fr)`. */
  width: string;
  /** Its width where the page is narrow, if that is another. */
  narrow?: string;
  cell: (row: Row) => ReactNode;
  number?: boolean;
  /** Left out where the page is narrow. */
  wide?: boolean;
}

const rowHeight = 40;
const beyond = 8;

/** `onOpen`: the first cell is a button. `need` is told which rows are shown. */
export function VirtualTable<Row>({
  label,
  columns,
  rows,
  rowKey,
  more = false,
  need,
  onOpen,
  openKey,
  tall = false,
}: {
  label: string;
  columns: VirtualColumn<Row>[];
  rows: readonly Row[];
  rowKey: (row: Row) => string;
  more?: boolean;
  need?: (first: number, last: number) => void;
  onOpen?: (row: Row) => void;
  openKey?: string | undefined;
  tall?: boolean;
}) {
  const frame = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 600 });
  const wanted = useRef<number | null>(null);
  const measure = useCallback(() => {
    const here = frame.current;
    if (here) setView((before) => (before.top === here.scrollTop && before.height === here.clientHeight ? before : { top: here.scrollTop, height: here.clientHeight }));
  }, []);
  useLayoutEffect(measure, [measure, rows.length]);
  useEffect(() => {
    const resized = new ResizeObserver(measure);
    if (frame.current) resized.observe(frame.current);
    return () => resized.disconnect();
  }, [measure]);

  const first = Math.max(0, Math.floor(view.top / rowHeight) - beyond);
  const last = Math.min(rows.length - 1, Math.ceil((view.top + view.height) / rowHeight) + beyond);
  useEffect(() => need?.(first, last), [need, first, last]);
  useEffect(() => {
    if (wanted.current === null) return;
    const button = frame.current?.querySelector<HTMLElement>(`[data-row="${wanted.current}"] .v-open`);
    if (button) {
      button.focus({ preventScroll: true });
      wanted.current = null;
    }
  });

  const move = (event: KeyboardEvent) => {
    const here = (event.target as HTMLElement).closest<HTMLElement>("[data-row]");
    if (!here) return;
    const at = Number(here.dataset.row);
    const page = Math.max(1, Math.floor(view.height / rowHeight) - 1);
    const steps: Record<string, number> = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + page, PageUp: at - page, Home: 0, End: rows.length - 1 };
    const to = steps[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const next = Math.min(rows.length - 1, Math.max(0, to));
    const box = frame.current!;
    const top = next * rowHeight;
    if (top < box.scrollTop) box.scrollTop = top;
    else if (top + rowHeight > box.scrollTop + box.clientHeight - rowHeight) box.scrollTop = top + 2 * rowHeight - box.clientHeight;
    const button = box.querySelector<HTMLElement>(`[data-row="${next}"] .v-open`);
    button?.focus({ preventScroll: true });
    // A row that is not drawn yet gets the focus as soon as it is.
    wanted.current = button ? null : next;
    measure();
  };

  const shown: { n: number; key: string }[] = [];
  const keys = new Set<string>();
  for (let n = first; n <= last; n++) {
    let key = rowKey(rows[n]!);
    // Pages are of different moments: what has moved between them may be in both.
    while (keys.has(key)) key += "'";
    keys.add(key);
    shown.push({ n, key });
  }
  const vars = {
    "--columns": columns.map((c) => c.width).join(" "),
    "--narrow-columns": columns
      .filter((c) => !c.wide)
      .map((c) => c.narrow ?? c.width)
      .join(" "),
  } as Record<string, string>;
  return (
    <div className={`v-table ${tall ? "tall" : ""} ${(rows.length + (more ? 1 : 0)) * rowHeight > view.height ? "scrolls" : ""}`} role="table" aria-label={label} aria-rowcount={more ? -1 : rows.length + 1} style={vars}>
      <div role="rowgroup" className="v-head">
        <div role="row" aria-rowindex={1} className="v-row">
          {columns.map((c) => (
            <div key={c.id} role="columnheader" className={`v-cell ${c.number ? "number" : ""} ${c.wide ? "wide" : ""}`}>
              {c.head}
            </div>
          ))}
        </div>
      </div>
      <div role="rowgroup" className="v-body" ref={frame} onScroll={measure} onKeyDown={move} tabIndex={0} aria-label={`${label}, rows`}>
        <div role="none" className="v-space" style={{ height: (rows.length + (more ? 1 : 0)) * rowHeight }}>
          {shown.map(({ n, key }) => {
            const row = rows[n]!;
            return (
              <div key={key} role="row" aria-rowindex={n + 2} data-row={n} className={`v-row ${key === openKey ? "opened" : ""} ${n === rows.length - 1 && !more ? "last" : ""}`} style={{ transform: `translateY(${n * rowHeight}px)` }}>
                {columns.map((c, i) => (
                  <div key={c.id} role="cell" className={`v-cell ${c.number ? "number" : ""} ${c.wide ? "wide" : ""}`}>
                    {i === 0 && onOpen ? (
                      <button type="button" className="v-open" onClick={() => onOpen(row)}>
                        {c.cell(row)}
                      </button>
                    ) : (
                      c.cell(row)
                    )}
                  </div>
                ))}
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}
