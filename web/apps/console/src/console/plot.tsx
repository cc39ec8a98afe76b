// One figure over the last minutes. All plots of a page share the moment under the pointer.
import { useEffect, useMemo, useRef, useState } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { useDark } from "../shell/theme.js";
import { age, clock } from "../ui/figures.js";
import { alone } from "./lines.js";
import { plotted, type Sample } from "./live_samples.js";

export interface Line {
  /** Said at the line's end where there are several. */
  name?: string;
  value: (sample: Sample) => number | null;
  /** The quiet one of two. */
  quiet?: boolean;
}

const colours = () => {
  const of = getComputedStyle(document.documentElement);
  const token = (name: string) => of.getPropertyValue(name).trim();
  return { accent: token("--accent-bright"), soft: token("--accent-soft"), ink: token("--ink-3"), line: token("--line") };
};

const height = 96;
/** Milliseconds between two samples beyond which the server was away: those that it keeps are five seconds apart. */
const hole = 12_000;

/** The first minutes fill the plot; then it moves along. */
function spanOf(times: ArrayLike<number>): [from: number, to: number] {
  const to = times.length > 0 ? times[times.length - 1]! : Date.now() / 1000;
  const known = times.length > 0 ? to - times[0]! : 0;
  return [to - Math.min(plotted, Math.max(60, known)), to];
}

/** `show` writes a value; `least` is the lowest top of the axis, so that noise does not look like weather. */
export function Plot({ label, lines, samples, show, least = 1 }: { label: string; lines: Line[]; samples: readonly Sample[]; show: (value: number) => string; least?: number }) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const [at, setAt] = useState<number | null>(null);
  const dark = useDark();
  const data = useMemo(() => {
    const times: number[] = [];
    const values: (number | null)[][] = lines.map(() => []);
    let before = 0;
    for (const s of samples) {
      // A hole where the server was away.
      if (before && s.at - before > hole) {
        times.push(before / 1000 + 1);
        values.forEach((column) => column.push(null));
      }
      times.push(s.at / 1000);
      lines.forEach((line, n) => values[n]!.push(line.value(s)));
      before = s.at;
    }
    return [times, ...values] as uPlot.AlignedData;
    // The functions of a line are the same as long as its plot is.
  }, [samples]);

  useEffect(() => {
    const here = box.current!;
    const c = colours();
    const made = new uPlot(
      {
        width: Math.max(here.clientWidth, 60),
        height,
        padding: [6, 0, 0, 0],
        legend: { show: false },
        cursor: {
          sync: { key: "console", setSeries: false },
          drag: { x: false, y: false },
          points: { size: 7, fill: c.accent, stroke: c.accent },
          y: false,
        },
        scales: {
          x: { range: (self) => spanOf(self.data[0]) },
          y: { range: (_self, _min, max) => [0, Math.max(max ?? 0, least) * 1.12] },
        },
        axes: [
          { show: false },
          { show: true, side: 1, size: 0, gap: 0, stroke: "transparent", ticks: { show: false }, grid: { stroke: c.line, width: 1 }, space: 36 },
        ],
        series: [
          {},
          ...lines.map((line) => ({
            stroke: line.quiet ? c.ink : c.accent,
            width: line.quiet ? 1.25 : 1.75,
            fill: line.quiet ? undefined : c.soft,
            spanGaps: false,
            points: { show: false, size: 4, fill: line.quiet ? c.ink : c.accent, filter: (self, of) => alone(self.data[of]!) },
          })) as uPlot.Series[],
        ],
        hooks: {
          setCursor: [(self) => setAt(self.cursor.idx ?? null)],
        },
      },
      data,
      here,
    );
    plot.current = made;
    const resized = new ResizeObserver(() => made.setSize({ width: Math.max(here.clientWidth, 60), height }));
    resized.observe(here);
    return () => {
      resized.disconnect();
      made.destroy();
    };
    // Data follows by itself.
  }, [dark, lines.length]);
  useEffect(() => plot.current?.setData(data), [data]);

  const index = at !== null && at < data[0].length ? at : null;
  let top: number | undefined;
  for (const column of data.slice(1)) for (const v of column as (number | null)[]) if (v !== null) top = Math.max(v, top ?? 0);
  return (
    <div className="plot">
      <div ref={box} className="plot-canvas" role="img" aria-label={`${label}, the last ${age((spanOf(data[0])[1] - spanOf(data[0])[0]) * 1000)}. ${top === undefined ? "Nothing to show." : `Highest: ${show(top)}.`}`} />
      <div className="plot-notes" aria-hidden="true">
        {index !== null ? (
          <>
            <span>{clock(data[0][index]! * 1000)}</span>
            <span className="plot-at">
              {lines.map((line, n) => {
                const v = data[n + 1]![index];
                return (
                  <span key={n} className={line.quiet ? undefined : "plot-main"}>
                    {line.name && `${line.name} `}
                    {v === null || v === undefined ? "–" : show(v)}
                  </span>
                );
              })}
            </span>
          </>
        ) : (
          <>
            <span>−{age((spanOf(data[0])[1] - spanOf(data[0])[0]) * 1000)}</span>
            <span>{top === undefined ? "nothing yet" : `top ${show(top)}`}</span>
          </>
        )}
      </div>
    </div>
  );
}

/** The last minute of a topic in twelve strokes. */
export function Spark({ values, seconds }: { values: number[]; seconds: number }) {
  const top = Math.max(1, ...values);
  const all = values.reduce((sum, n) => sum + n, 0);
  return (
    <svg className="spark" viewBox="0 0 72 20" width="72" height="20" role="img" aria-label={`${all} events in the last ${values.length * seconds} seconds`}>
      {values.map((n, i) => {
        const h = n === 0 ? 1 : Math.max(2, (n / top) * 20);
        return <rect key={i} x={i * 6} y={20 - h} width="4" height={h} rx="1" className={n === 0 ? "spark-none" : "spark-some"} />;
      })}
    </svg>
  );
}
