// What the server does now, and did in the last ten minutes.
import type { ReactNode } from "react";
import { useResource } from "../api/resource.js";
import { useMounts } from "../api/mounts.js";
import { useReachable } from "../api/session.js";
import { Link } from "../router.js";
import { Badge, Empty, ErrorState, Loading, Offline, Panel } from "../ui/index.js";
import { age, bytes, bytesOf, count, cut, rate, time, timeOf, whole, type Shown } from "../ui/figures.js";
import { late, useLive, type Sample } from "./live_samples.js";
import { Outdated, useNow } from "./parts.js";
import { Plot, type Line } from "./plot.js";
import { Roll } from "./roll.js";

const none: Shown = { figure: "–", unit: "" };
const of = (figure: string, unit = ""): Shown => ({ figure, unit });

interface Tile {
  label: string;
  now: (s: Sample) => Shown;
  note?: (s: Sample) => ReactNode;
  lines: Line[];
  show: (value: number) => string;
  least?: number;
}

const tiles: Tile[] = [
  { label: "Streams", now: (s) => of(count(s.streams)), note: (s) => `${rate(s.rates.opened)} opened/s`, lines: [{ value: (s) => s.streams }], show: count, least: 4 },
  { label: "Events in", now: (s) => of(rate(s.rates.published), "/s"), note: (s) => `${whole(s.journal.head)} stored in all`, lines: [{ value: (s) => s.rates.published }], show: (v) => `${rate(v)}/s`, least: 4 },
  {
    label: "Deliveries",
    now: (s) => of(rate(s.rates.delivered), "/s"),
    note: (s) => (s.rates.published > 0 && s.rates.delivered > 0 ? `each event to ${rate(s.rates.delivered / s.rates.published)}` : `${bytes(s.rates.bytes)}/s`),
    lines: [{ value: (s) => s.rates.delivered }],
    show: (v) => `${rate(v)}/s`,
    least: 4,
  },
  {
    label: "Publish latency, p99",
    now: (s) => (s.publish.p99 === null ? none : timeOf(s.publish.p99)),
    note: (s) => (s.publish.p50 === null ? "nothing published" : `half within ${time(s.publish.p50)}`),
    lines: [
      { name: "p99", value: (s) => s.publish.p99 },
      { name: "p50", value: (s) => s.publish.p50, quiet: true },
    ],
    show: time,
    least: 1,
  },
  { label: "Slow subscribers", now: (s) => of(count(s.slow)), note: (s) => (s.rates.cuts > 0 ? `${rate(s.rates.cuts)} cut/s` : s.slow > 0 ? "catching up from the journal" : "everyone keeps up"), lines: [{ value: (s) => s.slow }], show: count, least: 4 },
  { label: "Journal", now: (s) => bytesOf(s.journal.bytes), note: (s) => `${count(s.journal.events)} events, ${count(s.journal.topics)} topics`, lines: [{ value: (s) => s.journal.bytes }], show: bytes, least: 1024 },
  { label: "Journal lag", now: (s) => (s.journal.lag === null ? none : timeOf(s.journal.lag)), note: (s) => (s.journal.writable ? "until an event is stored" : "events cannot be stored"), lines: [{ value: (s) => s.journal.lag }], show: time, least: 1 },
  { label: "Memory", now: (s) => bytesOf(s.memory.resident), note: (s) => `journal ${bytes(s.memory.journal)}, answers ${bytes(s.memory.responses.used)}`, lines: [{ value: (s) => s.memory.resident }], show: bytes, least: 1 << 20 },
  { label: "Processor", now: (s) => of(rate(s.cpu * 100), "%"), note: (s) => `${rate(s.rates.requests)} requests/s`, lines: [{ value: (s) => s.cpu * 100 }], show: (v) => `${rate(v)} %`, least: 10 },
];

interface Statistics {
  users: number;
  byTopic: { name: string; streams: number }[];
  byUser: { name: string; streams: number }[];
}

function Ranking({ title, rows, to, none: nobody }: { title: string; rows: { name: string; streams: number }[]; to: (name: string) => string; none: string }) {
  const most = Math.max(1, ...rows.map((r) => r.streams));
  return (
    <Panel title={title}>
      {rows.length === 0 ? (
        <p className="quiet small">{nobody}</p>
      ) : (
        <ol className="ranking">
          {rows.map((row) => (
            <li key={row.name}>
              <Link to={to(row.name)} className="ranking-name mono" title={row.name}>
                {cut(row.name, 80)}
              </Link>
              <span className="ranking-bar" aria-hidden="true">
                <span style={{ width: `${(row.streams / most) * 100}%` }} />
              </span>
              <span className="number">{whole(row.streams)}</span>
            </li>
          ))}
        </ol>
      )}
    </Panel>
  );
}

export function Overview() {
  const { status, samples, latest, heard } = useLive();
  const now = useNow();
  const reachable = useReachable();
  const topics = useMounts().topic_service ?? "/events";
  const stats = useResource<Statistics>(`${topics}/stats?top=6`, { every: 5000 });
  if (!latest) {
    if (status === "closed") return <ErrorState title="The figures cannot be shown" problem="The server refused the stream." />;
    if (!reachable) return <Offline />;
    if (status === "waiting") return <Empty title="The figures do not come">The server has refused their stream for the moment. The page asks again by itself.</Empty>;
    return <Loading what="the first sample" />;
  }
  // By this machine's clock alone. Before the first one of this stream, figures are those that the server has kept.
  const stale = !reachable || status !== "open" || heard === 0 || now - heard > late;
  const begins = heard === 0 && (status === "open" || status === "connecting");
  return (
    <div className={stale ? "overview stale" : "overview"}>
      <div className="overview-line">
        {/* Figures change each second, and are not to be read aloud each time. */}
        <span role="status">
          <Badge tone={begins ? "neutral" : stale || latest.draining ? "warn" : "live"} dot>
            {begins ? "connecting" : stale ? "no new figures" : latest.draining ? "draining" : "live"}
          </Badge>
        </span>
        {stale && heard > 0 && now - heard > late && <span className="small warn-text">for {age(now - heard)}</span>}
        <span className="quiet small">
          up {age(latest.at - latest.started)}
          {latest.delivery !== null && <>, an event reaches its listeners in {time(latest.delivery)}</>}
        </span>
        {latest.rates.refused > 0 && <Badge tone="bad">{rate(latest.rates.refused)} streams/s refused</Badge>}
        {latest.rates.rateLimited > 0 && <Badge tone="warn">{rate(latest.rates.rateLimited)} requests/s held back</Badge>}
        {!latest.journal.writable && <Badge tone="bad">events cannot be stored</Badge>}
        {!latest.recordsWritable && <Badge tone="bad">records cannot be stored</Badge>}
      </div>
      <div className="tiles">
        {tiles.map((tile) => {
          const { figure, unit } = tile.now(latest);
          return (
            <section key={tile.label} className="tile" aria-label={tile.label}>
              <h2>{tile.label}</h2>
              <p className="tile-now">
                <span className="tile-figure">{figure}</span>
                {unit && <span className="tile-unit">{unit}</span>}
                <span className="tile-note">{tile.note?.(latest)}</span>
              </p>
              <Plot label={tile.label} lines={tile.lines} samples={samples} show={tile.show} {...(tile.least ? { least: tile.least } : {})} />
            </section>
          );
        })}
      </div>
      <Panel title="Event loops" note="Each has a core and its share of the streams" flush>
        <Roll samples={samples} />
      </Panel>
      {stats.data ? (
        <div className="pair">
          <Outdated problem={stats.problem} />
          <Ranking title="Most listened to" rows={stats.data.byTopic} to={(name) => `/console/connections?topic=${encodeURIComponent(name)}`} none="Nobody listens to a topic." />
          <Ranking title={`Users, ${whole(stats.data.users)} in all`} rows={stats.data.byUser} to={(name) => `/console/connections?user=${encodeURIComponent(name)}`} none="No stream has a user." />
        </div>
      ) : stats.problem && !stats.problem.offline ? (
        <ErrorState title="Who listens cannot be shown" problem={stats.problem} retry={stats.reload} />
      ) : (
        reachable && <Loading what="who listens" />
      )}
    </div>
  );
}
