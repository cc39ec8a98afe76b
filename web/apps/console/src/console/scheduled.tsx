// Events that wait for their time.
import { useState } from "react";
import { useSession } from "../api/session.js";
import { useMounts } from "../api/mounts.js";
import { Json, Panel } from "../ui/index.js";
import { age, cut, moment } from "../ui/figures.js";
import { ConfirmButton, Drawer, Facts, ListState, Outdated, useNow } from "./parts.js";
import { usePages } from "./pages.js";
import { VirtualTable, type VirtualColumn } from "./virtual_table.js";

interface Waiting {
  scheduledId: number | string;
  deliverAt: string;
  event: { event?: string; data: unknown; topics: string[]; metadata?: unknown };
}

const columns: VirtualColumn<Waiting>[] = [
  { id: "topic", head: "Topic", width: "minmax(8rem, 2fr)", narrow: "minmax(0, 1fr)", cell: (w) => <span className="mono">{w.event.topics.join(", ") || "private"}</span> },
  { id: "event", head: "Event", width: "minmax(6rem, 1fr)", wide: true, cell: (w) => w.event.event ?? "message" },
  { id: "data", head: "Data", width: "minmax(8rem, 3fr)", wide: true, cell: (w) => <span className="mono quiet">{cut(JSON.stringify(w.event.data), 160)}</span> },
  { id: "in", head: "In", width: "5rem", number: true, cell: (w) => (Date.parse(w.deliverAt) > Date.now() ? age(Date.parse(w.deliverAt) - Date.now()) : "due") },
  { id: "at", head: "At", width: "11.5rem", number: true, wide: true, cell: (w) => moment(w.deliverAt) },
];

/** When the next ones are due: a mark for each on a line that ends with the last one. */
function Timeline({ rows: all, more }: { rows: readonly Waiting[]; more: boolean }) {
  const now = Date.now();
  const rows = all.slice(0, 400);
  const isAll = !more && rows.length === all.length;
  const times = rows.map((w) => Math.max(0, Date.parse(w.deliverAt) - now));
  const end = Math.max(...times, 60_000);
  return (
    <div className="timeline">
      <svg viewBox="0 0 1000 28" preserveAspectRatio="none" role="img" aria-label={isAll ? `${rows.length} ${rows.length === 1 ? "event waits" : "events wait"}, the last of them for ${age(end)}` : `The next ${rows.length} events are due within ${age(end)}`}>
        <line x1="0" x2="1000" y1="27" y2="27" className="timeline-base" />
        {times.map((t, n) => (
          <line key={n} x1={4 + (t / end) * 992} x2={4 + (t / end) * 992} y1="6" y2="27" className="timeline-mark" />
        ))}
      </svg>
      <div className="plot-notes" aria-hidden="true">
        <span>now</span>
        <span>
          {isAll ? "" : `the next ${rows.length}, `}in {age(end)}
        </span>
      </div>
    </div>
  );
}

export function Scheduled() {
  const topics = useMounts().topic_service ?? "/events";
  const { call } = useSession();
  const [open, setOpen] = useState<Waiting>();
  const list = usePages<Waiting, { scheduled: Waiting[]; next?: string }>(`${topics}/scheduled?limit=200`, (a) => ({ rows: a.scheduled, next: a.next }), { every: 4000 });
  useNow();
  const cancel = async (w: Waiting) => {
    await call(`${topics}/scheduled/${encodeURIComponent(w.scheduledId)}`, { method: "DELETE" });
    setOpen(undefined);
    list.reload();
  };
  return (
    <Panel title="Scheduled" note="Events that wait for their time, soonest first" flush>
      {list.rows.length > 0 && <Outdated problem={list.problem} />}
      {list.rows.length > 0 ? (
        <>
          <Timeline rows={list.rows} more={list.more} />
          <VirtualTable label="Scheduled events" columns={columns} rows={list.rows} rowKey={(w) => String(w.scheduledId)} more={list.more} need={list.need} onOpen={setOpen} openKey={open && String(open.scheduledId)} />
        </>
      ) : (
        <ListState loading={list.loading} problem={list.problem} empty what="events" reload={list.reload} none="No event waits">
          Events that are published with <code>deliverAt</code> wait here until then.
        </ListState>
      )}
      {open && (
        <Drawer
          title={open.event.event ?? "message"}
          close={() => setOpen(undefined)}
          actions={
            <ConfirmButton sure="Call it off, really" act={() => cancel(open)}>
              Call it off
            </ConfirmButton>
          }
        >
          <Facts
            rows={[
              ["Topics", <code key="t">{open.event.topics.join(", ")}</code>],
              ["Goes out", moment(open.deliverAt)],
              ["Id", <code key="i">{open.scheduledId}</code>],
              ["Metadata", open.event.metadata !== undefined && <Json key="m" text={JSON.stringify(open.event.metadata)} />],
              ["Data", <Json key="d" text={JSON.stringify(open.event.data)} />],
            ]}
          />
        </Drawer>
      )}
    </Panel>
  );
}
