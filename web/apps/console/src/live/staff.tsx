// The five systems as the five lines of a staff: each event of the last minute is a note on its system's line. What is open
// and how much came stands as text in the buttons; the drawing adds when.
import { useEffect, useRef } from "react";
import { useDark } from "../shell/theme.js";
import { live, type LiveState } from "./live_store.js";
import { systems, type SystemId } from "./systems.js";

const span = 60_000;
const lane = 40;

function draw(canvas: HTMLCanvasElement): void {
  const box = canvas.getBoundingClientRect();
  const scale = devicePixelRatio || 1;
  if (box.width === 0) return;
  if (canvas.width !== Math.round(box.width * scale) || canvas.height !== Math.round(box.height * scale)) {
    canvas.width = Math.round(box.width * scale);
    canvas.height = Math.round(box.height * scale);
  }
  const pen = canvas.getContext("2d");
  if (!pen) return;
  const style = getComputedStyle(canvas);
  const colour = (name: string) => style.getPropertyValue(name);
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  pen.clearRect(0, 0, box.width, box.height);
  const now = Date.now();
  const right = box.width - 14;
  const xOf = (at: number) => right - ((now - at) / span) * (right - 8);
  const yOf = (system: SystemId) => systems.findIndex(({ id }) => id === system) * lane + lane / 2;
  const { streams } = live.getState();
  for (const { id } of systems) {
    const y = Math.round(yOf(id)) + 0.5;
    pen.strokeStyle = streams[id]?.status === "open" ? colour("--accent-bright") : colour("--line-strong");
    pen.globalAlpha = streams[id]?.status === "open" ? 0.8 : 0.55;
    pen.lineWidth = 1;
    pen.beginPath();
    pen.moveTo(0, y);
    pen.lineTo(right, y);
    pen.stroke();
  }
  // Bar lines every fifteen seconds, as time goes by.
  pen.globalAlpha = 0.5;
  pen.strokeStyle = colour("--line");
  for (let at = Math.ceil((now - span) / 15_000) * 15_000; at <= now; at += 15_000) {
    const x = Math.round(xOf(at)) + 0.5;
    pen.beginPath();
    pen.moveTo(x, lane / 2);
    pen.lineTo(x, lane * 4.5);
    pen.stroke();
  }
  pen.globalAlpha = 1;
  pen.strokeStyle = colour("--ink");
  pen.lineWidth = 1.5;
  pen.beginPath();
  pen.moveTo(right + 0.5, lane / 2 - 6);
  pen.lineTo(right + 0.5, lane * 4.5 + 6);
  pen.stroke();
  for (const note of live.notes) {
    if (note.at < now - span) continue;
    const x = xOf(note.at);
    const y = yOf(note.system);
    const fresh = Math.max(0, 1 - (now - note.at) / 900);
    if (note.kind === "lost") {
      pen.strokeStyle = colour("--bad");
      pen.lineWidth = 2;
      pen.beginPath();
      pen.moveTo(x - 4, y - 4);
      pen.lineTo(x + 4, y + 4);
      pen.moveTo(x + 4, y - 4);
      pen.lineTo(x - 4, y + 4);
      pen.stroke();
      continue;
    }
    if (note.kind === "opening") {
      pen.strokeStyle = colour("--accent");
      pen.lineWidth = 2;
      pen.beginPath();
      pen.moveTo(x, y - 10);
      pen.lineTo(x, y + 10);
      pen.stroke();
      continue;
    }
    if (note.kind === "comment") {
      pen.fillStyle = colour("--ink-3");
      pen.beginPath();
      pen.arc(x, y, 2, 0, Math.PI * 2);
      pen.fill();
      continue;
    }
    // A note's head lies aslant; its stem is as long as the event is large.
    const stem = Math.min(20, 8 + Math.log2(1 + note.bytes / 64) * 3);
    if (fresh > 0) {
      pen.fillStyle = colour("--accent-bright");
      pen.globalAlpha = fresh * 0.3;
      pen.beginPath();
      pen.arc(x, y, 5 + (1 - fresh) * 16, 0, Math.PI * 2);
      pen.fill();
      pen.globalAlpha = 1;
    }
    pen.fillStyle = fresh > 0 ? colour("--accent") : colour("--ink");
    pen.strokeStyle = pen.fillStyle;
    pen.lineWidth = 1.25;
    pen.beginPath();
    pen.ellipse(x, y, 5.2, 3.7, -0.4, 0, Math.PI * 2);
    pen.fill();
    pen.beginPath();
    pen.moveTo(x + 4.6, y - 1.5);
    pen.lineTo(x + 4.6, y - stem);
    pen.stroke();
  }
}

function Drawing() {
  const canvas = useRef<HTMLCanvasElement>(null);
  const dark = useDark();
  useEffect(() => {
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    let frame = 0;
    let before = 0;
    let visible = true;
    const paint = (now: number) => {
      if (!visible) return;
      if (now - before > (still ? 1000 : 33)) {
        before = now;
        if (canvas.current) draw(canvas.current);
      }
      frame = requestAnimationFrame(paint);
    };
    const seen = new IntersectionObserver(([entry]) => {
      visible = entry?.isIntersecting ?? true;
      cancelAnimationFrame(frame);
      if (visible) frame = requestAnimationFrame(paint);
    });
    // A change of size is drawn before the next picture is shown: the old one would be stretched until then.
    const resized = new ResizeObserver(() => canvas.current && draw(canvas.current));
    if (canvas.current) {
      seen.observe(canvas.current);
      resized.observe(canvas.current);
    }
    return () => {
      seen.disconnect();
      resized.disconnect();
      cancelAnimationFrame(frame);
    };
  }, [dark]);
  return <canvas ref={canvas} className="staff-drawing" aria-hidden="true" />;
}

const words = { connecting: "connecting", open: "open", waiting: "waiting", closed: "refused" } as const;

export function Staff({ state, chosen, choose, off }: { state: LiveState; chosen: SystemId; choose: (id: SystemId) => void; off: SystemId[] }) {
  return (
    <div className="staff">
      <div role="group" aria-label="Systems" className="staff-keys">
        {systems.map(({ id, name }) => {
          const stream = state.streams[id];
          return (
            <button key={id} type="button" className="staff-key" aria-pressed={chosen === id} onClick={() => choose(id)}>
              <span className="staff-letter">{id}</span>
              <span className="staff-name">{name}</span>
              <span className={`staff-state ${stream?.status ?? ""}`}>{stream ? (stream.status === "open" ? (stream.events > 0 ? `${stream.events}` : "open") : stream.problem ? "refused" : words[stream.status]) : off.includes(id) ? "off" : ""}</span>
            </button>
          );
        })}
      </div>
      <Drawing />
    </div>
  );
}
