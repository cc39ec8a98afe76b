// The settings in force, and where each came from.
import { useState } from "react";
import { useResource } from "../api/resource.js";
import { Badge, Checkbox, Field, Panel, Table } from "../ui/index.js";
import { whole } from "../ui/figures.js";
import { ListState, Outdated } from "./parts.js";
import { useQuery } from "./query.js";

interface Setting {
  name: string;
  value: string;
  default: string;
  from: "default" | "file" | "environment" | "flag";
  origin: string;
  reloadable: boolean;
  secret?: boolean;
  afterRestart?: string;
  variable: string;
  prose: string;
}
interface Answer {
  settings: Setting[];
  topics: Record<string, string | number>[];
}

const names = ["find"];
const section = (name: string) => (name.includes(".") ? name.slice(0, name.indexOf(".")) : "server");

function Row({ of }: { of: Setting }) {
  return (
    <li className={of.from === "default" ? "setting" : "setting set"}>
      <div className="setting-name">
        <code>{of.name}</code>
        <p className="quiet small">{of.prose.split("`").map((part, n) => (n % 2 === 1 ? <code key={n}>{part}</code> : part))}</p>
      </div>
      <div className="setting-value">
        <code>{of.value}</code>
        {of.afterRestart !== undefined && (
          <p className="small">
            <Badge tone="warn">after a restart</Badge> <code>{of.afterRestart}</code>
          </p>
        )}
        {of.from !== "default" && of.value !== of.default && !of.secret && <p className="quiet small">default {of.default}</p>}
      </div>
      <div className="setting-from">
        {of.from === "default" ? (
          <span className="quiet small">default</span>
        ) : (
          <>
            <Badge>{of.from}</Badge>
            <code className="small">{of.origin}</code>
          </>
        )}
      </div>
    </li>
  );
}

export function Settings() {
  const { now, asked, set } = useQuery(names);
  const [changed, setChanged] = useState(false);
  // Some are read anew while the server runs.
  const told = useResource<Answer>("/admin/settings", { every: 15_000 });
  const all = told.data?.settings ?? [];
  const needle = asked.find!.toLowerCase();
  const rows = all.filter((s) => (!changed || s.from !== "default") && (!needle || `${s.name} ${s.variable} ${s.prose} ${s.value}`.toLowerCase().includes(needle)));
  const sections = [...new Set(rows.map((s) => section(s.name)))];
  const own = all.filter((s) => s.from !== "default").length;
  const topics = told.data?.topics ?? [];
  return (
    <div className="stack">
      <Panel
        title="Settings"
        note={told.data ? `${whole(all.length)} in force, ${whole(own)} of them set by somebody` : undefined}
        flush
        actions={
          <>
            <Checkbox label="only what is set" checked={changed} onChange={(event) => setChanged(event.target.checked)} />
            <Field label="Find a setting" quietLabel type="search" placeholder="Find" value={now.find} onChange={(event) => set({ find: event.target.value })} className="search" />
          </>
        }
      >
        {told.data && <Outdated problem={told.problem} />}
        {rows.length === 0 ? (
          <ListState loading={told.loading} problem={told.data ? undefined : told.problem} empty what="settings" reload={told.reload} none="No setting is like this" />
        ) : (
          sections.map((name) => (
            <section key={name} className="setting-section" aria-label={name}>
              <h3>{name}</h3>
              <ul>
                {rows
                  .filter((s) => section(s.name) === name)
                  .map((s) => (
                    <Row key={s.name} of={s} />
                  ))}
              </ul>
            </section>
          ))
        )}
      </Panel>
      {topics.length > 0 && (
        <Panel title="Rows by topic" note="The first pattern that matches a topic applies" flush>
          <Table
            label="Rows by topic"
            columns={Object.keys(topics[0]!).map((key) => ({ id: key, head: key, cell: (row: Record<string, string | number>) => <span className="mono">{String(row[key])}</span> }))}
            rows={topics}
            rowKey={(row) => `${row.line} ${row.pattern}`}
          />
        </Panel>
      )}
    </div>
  );
}
