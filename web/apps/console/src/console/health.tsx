// What works, and how near the limits are.
import { useEffect } from "react";
import { useResource } from "../api/resource.js";
import { Link } from "../router.js";
import { Badge, Panel } from "../ui/index.js";
import { age, bytes, moment, whole } from "./format.js";
import { Gauge, ListState } from "./parts.js";

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
  const health = useResource<Answer>("/admin/health");
  const { reload } = health;
  useEffect(() => {
    const timer = setInterval(() => !document.hidden && reload(), 3000);
    return () => clearInterval(timer);
  }, [reload]);
  const data = health.data;
  if (!data) return <ListState loading={health.loading} problem={health.problem} empty what="health" reload={reload} none="Nothing is known" />;
  const show = (unit: string, n: number) => (unit === "bytes" ? bytes(n) : whole(n));
  return (
    <div className="stack">
      <Panel title="Health" note={`Carillon ${data.version}, since ${moment(data.startedAt)} (${age(Date.now() - Date.parse(data.startedAt))})`} actions={<Badge tone={data.status === "ready" ? "live" : data.status === "draining" ? "warn" : "bad"} dot>{data.status}</Badge>}>
        <ul className="checks">
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
