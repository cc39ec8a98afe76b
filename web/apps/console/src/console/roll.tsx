// The loops' last minute as a carillon's barrel: a row for each, a cell for each second, darker the busier it was.
import { useEffect, useRef } from "react";
import { useDark } from "../shell/theme.js";
import { rate, time, whole } from "../ui/figures.js";
import type { Sample } from "./live_samples.js";

const seconds = 60;
const cell = 20;

function Strip({ values, label }: { values: (number | null)[]; label: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const dark = useDark();
  useEffect(() => {
    const here = canvas.current!;
    const draw = () => {
      const scale = devicePixelRatio || 1;
      const width = here.clientWidth;
      here.width = width * scale;
      here.height = cell * scale;
      const pen = here.getContext("2d")!;
      pen.scale(scale, scale);
      const style = getComputedStyle(document.documentElement);
      const accent = style.getPropertyValue("--accent-bright").trim();
      const empty = style.getPropertyValue("--line").trim();
      const step = width / seconds;
      values.forEach((busy, n) => {
        const x = Math.round(n * step);
        const w = Math.max(1, Math.round((n + 1) * step) - x - 1);
        pen.globalAlpha = 1;
        pen.fillStyle = empty;
        pen.fillRect(x, cell - 2, w, 2);
        if (busy === null) return;
        // The height tells the same, for eyes that do not tell shades apart. By the root, so that little is seen too.
        pen.globalAlpha = 0.3 + 0.7 * Math.sqrt(busy);
        pen.fillStyle = accent;
        const h = Math.max(2, Math.sqrt(busy) * cell);
        pen.fillRect(x, cell - h, w, h);
      });
    };
    draw();
    const resized = new ResizeObserver(draw);
    resized.observe(here);
    return () => resized.disconnect();
  }, [values, dark]);
  return <canvas ref={canvas} className="roll-strip" role="img" aria-label={label} />;
}

export function Roll({ samples }: { samples: readonly Sample[] }) {
  const latest = samples.at(-1);
  if (!latest) return null;
  const now = latest.at;
  const by = new Map(samples.filter((s) => s.at > now - (seconds + 0.5) * 1000).map((s) => [Math.round((now - s.at) / 1000), s]));
  const most = Math.max(1, ...latest.loops.map((l) => l.streams));
  return (
    <div className="roll" role="table" aria-label="Event loops">
      <div role="row" className="roll-row roll-head">
        <span role="columnheader">Loop</span>
        <span role="columnheader">Busy, the last minute</span>
        <span role="columnheader" className="number">
          Now
        </span>
        <span role="columnheader">Streams</span>
        <span role="columnheader" className="number">
          Deliveries/s
        </span>
        <span role="columnheader" className="number">
          Turn p99
        </span>
      </div>
      {latest.loops.map((loop, n) => {
        const values = Array.from({ length: seconds }, (_, i) => by.get(seconds - 1 - i)?.loops[n]?.busy ?? null);
        const percent = `${Math.round(loop.busy * 100)} %`;
        return (
          <div role="row" className="roll-row" key={n}>
            <span role="rowheader">{n}</span>
            <span role="cell">
              <Strip values={values} label={`Loop ${n}: busy ${percent} of the last second`} />
            </span>
            <span role="cell" className="number">
              {percent}
            </span>
            <span role="cell" className="roll-streams">
              <span className="roll-bar" aria-hidden="true">
                {loop.streams > 0 && <span style={{ width: `${(loop.streams / most) * 100}%` }} />}
              </span>
              {whole(loop.streams)}
              {loop.slow > 0 && <span className="warn-text"> {whole(loop.slow)} slow</span>}
            </span>
            <span role="cell" className="number">
              {rate(loop.delivered)}
            </span>
            <span role="cell" className="number">
              {loop.turns.p99 === null ? "–" : time(loop.turns.p99)}
            </span>
          </div>
        );
      })}
    </div>
  );
}
