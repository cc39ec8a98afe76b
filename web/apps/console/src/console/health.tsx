// What works, and how near the limits are.
import { useResource } from "../api/resource.js";
import { useReachable } from "../api/session.js";
import { Link } from "../router.js";
import { Badge, Panel } from "../ui/index.js";
import { age, bytes, moment, whole } from "../ui/figures.js";
import { Gauge, ListState, Outdated } from "./parts.js";

interface Answer {
  status: "ready" | "draining" | "impaired";
  version: string;
  startedAt: string;
  checks: { name: string; ok: boolean; detail?: string }[];
  limits: { name: string; unit: "count" | "bytes"; used: number; limit: number; setting?: string }[];
}

const meanings: Record<string, [good: string, bad: string]> = {
  events: ["Events can be stored", "Events cannot be stored"],
  records: ["Records can be stored", "Records cannot be stored"],
  streams: ["New streams are taken", "New streams are not taken"],
};

export function Health() {
  const health = useResource<Answer>("/admin/health", { every: 3000 });
  const reachable = useReachable();
  const data = health.data;
  if (!data) return <ListState loading={health.loading} problem={health.problem} empty what="health" reload={health.reload} none="Nothing is known" />;
  const known = reachable && !health.problem;
  const show = (unit: string, n: number) => (unit === "bytes" ? bytes(n) : whole(n));
  return (
    <div className="stack">
      <Panel title="Health" note={`Carillon ${data.version}, since ${moment(data.startedAt)} (${age(Date.now() - Date.parse(data.startedAt))})`} actions={<span role="status">{known ? <Badge tone={data.status === "ready" ? "live" : data.status === "draining" ? "warn" : "bad"} dot>{data.status}</Badge> : <Badge tone="warn" dot>not known now</Badge>}</span>}>
        <Outdated problem={health.problem} />
        <ul className={known ? "checks" : "checks of-before"}>
          {data.checks.map((c) => (
            <li key={c.name} className={c.ok ? "check-ok" : "check-bad"}>
              <span className="check-mark" aria-hidden="true">
                {c.ok ? "✓" : "✕"}
              </span>
              <div>
                <p>{meanings[c.name]?.[c.ok ? 0 : 1] ?? c.name}</p>
                {c.detail && <p className="quiet small">{c.detail}</p>}
              </div>
            </li>
          ))}
        </ul>
      </Panel>
      <Panel title="Limits" note="What is used of what there may be">
        <ul className="limits">
          {data.limits.map((l) => (
            <li key={l.name}>
              <div className="limit-head">
                <span>{l.name}</span>
                <span className="number quiet">
                  {show(l.unit, l.used)} of {show(l.unit, l.limit)}
                </span>
              </div>
              <Gauge share={l.limit > 0 ? l.used / l.limit : 0} label={l.name} />
              {l.setting && (
                <Link to={`/console/settings?find=${encodeURIComponent(l.setting)}`} className="small mono">
                  {l.setting}
                </Link>
              )}
            </li>
          ))}
        </ul>
      </Panel>
    </div>
  );
}
