// What was sent, and what became of it.
import { useState } from "react";
import { useMounts } from "../api/mounts.js";
import { Badge, Json, Panel } from "../ui/index.js";
import { cut, moment, whole } from "../ui/figures.js";
import { Drawer, Facts, ListState, Outdated } from "./parts.js";
import { usePages, type PageOf } from "./pages.js";
import { VirtualTable, type VirtualColumn } from "./virtual_table.js";

const states = ["read", "delivered", "queued", "offline", "failed"] as const;
type State = (typeof states)[number];

interface Notification {
  notificationId: string;
  notificationType?: string;
  action?: string;
  priority?: string;
  title?: string;
  message?: string;
  sender?: string;
  data?: unknown;
  createdAt: string;
  recipients: Record<State, number>;
}
interface Delivery {
  userId: string;
  state: State;
  connections?: number;
  updatedAt: string;
}

const total = (n: Notification) => states.reduce((sum, s) => sum + n.recipients[s], 0);
const said = (n: Notification) => n.title || n.message || n.notificationType || n.notificationId;
const tone = (s: State) => (s === "failed" ? "bad" : s === "delivered" || s === "read" ? "live" : s === "offline" ? "warn" : "neutral");

function Outcome({ of }: { of: Notification }) {
  const all = Math.max(1, total(of));
  const words = states.filter((s) => of.recipients[s] > 0).map((s) => `${whole(of.recipients[s])} ${s}`);
  return (
    <span className="outcome" role="img" aria-label={words.join(", ") || "no recipients"} title={words.join(", ")}>
      {states.map((s) => of.recipients[s] > 0 && <span key={s} className={`outcome-${s}`} style={{ width: `${(of.recipients[s] / all) * 100}%` }} />)}
    </span>
  );
}

const columns: VirtualColumn<Notification>[] = [
  { id: "title", head: "Notification", width: "minmax(9rem, 3fr)", narrow: "minmax(0, 1.6fr)", cell: (n) => cut(said(n), 160) },
  { id: "type", head: "Type", width: "minmax(6rem, 1fr)", wide: true, cell: (n) => <span className="mono quiet">{n.notificationType ?? "–"}</span> },
  { id: "recipients", head: "To", width: "3.5rem", narrow: "2.4rem", number: true, cell: (n) => whole(total(n)) },
  { id: "outcome", head: "Outcome", width: "minmax(8rem, 1.2fr)", narrow: "minmax(0, 1fr)", cell: (n) => <Outcome of={n} /> },
  { id: "created", head: "Sent", width: "11.5rem", number: true, wide: true, cell: (n) => moment(n.createdAt) },
];

const deliveryColumns: VirtualColumn<Delivery>[] = [
  { id: "user", head: "User", width: "minmax(6rem, 2fr)", narrow: "minmax(0, 1fr)", cell: (d) => d.userId },
  { id: "state", head: "State", width: "6.5rem", narrow: "5.5rem", cell: (d) => <Badge tone={tone(d.state)}>{d.state}</Badge> },
  { id: "connections", head: "Streams", width: "4rem", narrow: "3.4rem", number: true, cell: (d) => d.connections ?? "–" },
];

function Details({ of, close }: { of: Notification; close: () => void }) {
  const mount = useMounts().notifications ?? "/api/v1/sse";
  const log = usePages<Delivery, { deliveries: Delivery[]; next?: string }>(`${mount}/notifications/${encodeURIComponent(of.notificationId)}/deliveries?limit=200`, (a): PageOf<Delivery> => ({ rows: a.deliveries, next: a.next }), { every: 4000 });
  return (
    <Drawer title={cut(said(of), 200)} close={close}>
      <Facts
        rows={[
          ["Message", of.title ? of.message : undefined],
          ["Type", of.notificationType],
          ["Action", of.action],
          ["Priority", of.priority],
          ["Sender", of.sender],
          ["Sent", moment(of.createdAt)],
          ["Id", <code key="i">{of.notificationId}</code>],
          ["Data", of.data !== undefined && <Json key="d" text={JSON.stringify(of.data)} />],
        ]}
      />
      <h3 className="drawer-part">Delivery log</h3>
      {log.rows.length > 0 ? (
        <VirtualTable label="Deliveries" columns={deliveryColumns} rows={log.rows} rowKey={(d) => d.userId} more={log.more} need={log.need} />
      ) : (
        <ListState loading={log.loading} problem={log.problem} empty what="log" reload={log.reload} none="Nobody was to get it" />
      )}
    </Drawer>
  );
}

export function Notifications() {
  const [open, setOpen] = useState<Notification>();
  const list = usePages<Notification, { notifications: Notification[]; next?: number }>("/admin/notifications?limit=100", (a) => ({ rows: a.notifications, next: a.next === undefined ? undefined : String(a.next) }), { cursor: "before", every: 5000 });
  return (
    <Panel
      title="Notifications"
      note="Newest first"
      flush
      actions={
        <ul className="key small" aria-label="Colours">
          {states.map((s) => (
            <li key={s}>
              <span className={`outcome-${s}`} aria-hidden="true" />
              {s}
            </li>
          ))}
        </ul>
      }
    >
      {list.rows.length > 0 && <Outdated problem={list.problem} />}
      {list.rows.length > 0 ? (
        <VirtualTable label="Notifications" columns={columns} rows={list.rows} rowKey={(n) => n.notificationId} more={list.more} need={list.need} onOpen={setOpen} openKey={open?.notificationId} />
      ) : (
        <ListState loading={list.loading} problem={list.problem} empty what="notifications" reload={list.reload} none="No notification yet">
          What is sent to users is kept here with what became of it.
        </ListState>
      )}
      {open && <Details of={list.rows.find(({ notificationId }) => notificationId === open.notificationId) ?? open} close={() => setOpen(undefined)} />}
    </Panel>
  );
}
