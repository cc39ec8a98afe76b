// Every topic: what is kept, who listens, and its last minute.
import { useState } from "react";
import { Link, navigate } from "../router.js";
import { Badge, Button, Field, Panel } from "../ui/index.js";
import { age, bytes, count, moment, rate, whole } from "../ui/figures.js";
import { Drawer, Facts, ListState, Outdated } from "./parts.js";
import { useQuery } from "./query.js";
import { usePages, type PageOf } from "./pages.js";
import { Spark } from "./plot.js";
import { VirtualTable, type VirtualColumn } from "./virtual_table.js";

interface Topic {
  name: string;
  events: number;
  bytes: number;
  newestId?: string;
  newestAt?: string;
  hasValue: boolean;
  listeners: number;
  recent: number[];
}
interface Answer {
  total: number;
  stretchSeconds: number;
  topics: Topic[];
  next?: string;
}

const names = ["prefix"];
/** Seconds of each of a topic's figures, as the server counts them. */
const stretch = 5;
const read = (a: Answer): PageOf<Topic> => ({ rows: a.topics, next: a.next, total: a.total });
const lastMinute = (t: Topic) => t.recent.reduce((sum, n) => sum + n, 0);

const columns: VirtualColumn<Topic>[] = [
  { id: "name", head: "Topic", width: "minmax(9rem, 3fr)", narrow: "minmax(0, 1fr)", cell: (t) => <span className="mono">{t.name}</span> },
  { id: "recent", head: "Last minute", width: "5.5rem", narrow: "4.6rem", cell: (t) => <Spark values={t.recent} seconds={stretch} /> },
  { id: "rate", head: "Events/s", width: "5rem", narrow: "3.6rem", number: true, cell: (t) => rate(lastMinute(t) / (stretch * t.recent.length)) },
  { id: "listeners", head: "Listeners", width: "5rem", number: true, wide: true, cell: (t) => count(t.listeners) },
  { id: "events", head: "Kept", width: "5rem", number: true, wide: true, cell: (t) => count(t.events) },
  { id: "bytes", head: "Bytes", width: "6rem", number: true, wide: true, cell: (t) => bytes(t.bytes) },
  { id: "newest", head: "Newest", width: "5.5rem", number: true, wide: true, cell: (t) => (t.newestAt ? `${age(Date.now() - Date.parse(t.newestAt))} ago` : "–") },
];

export function Topics() {
  const { now, asked, set } = useQuery(names);
  const late = asked.prefix!;
  const [open, setOpen] = useState<Topic>();
  const list = usePages<Topic, Answer>(`/admin/topics?limit=200&prefix=${encodeURIComponent(late)}`, read, { every: 3000 });
  const shown = open && (list.rows.find((t) => t.name === open.name) ?? open);
  return (
    <Panel
      title="Topics"
      note={list.total === undefined ? "In the order of their names" : `${whole(list.total)} with the hub's own${late ? `, of these ${list.more ? "at least " : ""}${whole(list.rows.length)} begin so` : ", in the order of their names"}`}
      flush
      actions={<Field label="Names that begin with" quietLabel type="search" placeholder="Names that begin with …" value={now.prefix} onChange={(event) => set({ prefix: event.target.value })} className="search" />}
    >
      {list.rows.length > 0 && <Outdated problem={list.problem} />}
      {list.rows.length > 0 ? (
        <VirtualTable label="Topics" columns={columns} rows={list.rows} rowKey={(t) => t.name} more={list.more} need={list.need} onOpen={setOpen} openKey={open?.name} />
      ) : (
        <ListState loading={list.loading} problem={list.problem} empty what="topics" reload={list.reload} none={late ? "No topic begins like this" : "No topic yet"}>
          {late ? "Topics of the hub's own begin with $." : "A topic is there as soon as something is published to it."}
        </ListState>
      )}
      {shown && (
        <Drawer
          title={<span className="mono">{shown.name}</span>}
          close={() => setOpen(undefined)}
          actions={
            <>
              <Button kind="primary" onClick={() => navigate(`/console/inspector?topic=${encodeURIComponent(shown.name)}&from=100`)}>
                Inspect its events
              </Button>
              <Link className="button plain" to={`/console/connections?topic=${encodeURIComponent(shown.name)}`}>
                Who listens
              </Link>
            </>
          }
        >
          <div className="drawer-spark">
            <Spark values={shown.recent} seconds={stretch} />
            <span className="quiet small">{whole(lastMinute(shown))} events in the last minute</span>
          </div>
          <Facts
            rows={[
              ["Listeners", whole(shown.listeners)],
              ["Events kept", whole(shown.events)],
              ["Bytes", bytes(shown.bytes)],
              ["Newest", shown.newestAt && moment(shown.newestAt)],
              ["Its id", shown.newestId && <code>{shown.newestId}</code>],
              ["Last value", shown.hasValue ? <Badge>retained</Badge> : undefined],
            ]}
          />
        </Drawer>
      )}
    </Panel>
  );
}
