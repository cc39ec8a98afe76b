// Every stream, with search, details and "close".
import { useState } from "react";
import { useResource } from "../api/resource.js";
import { useSession } from "../api/session.js";
import { useMounts } from "../api/mounts.js";
import { Badge, Button, CopyButton, Field, Json, Panel, Select } from "../ui/index.js";
import { age, bytes, count, moment, whole } from "../ui/figures.js";
import { ConfirmButton, Drawer, Facts, ListState, Outdated } from "./parts.js";
import { useQuery } from "./query.js";
import { usePages, type PageOf } from "./pages.js";
import { VirtualTable, type VirtualColumn } from "./virtual_table.js";

interface Connection {
  id: string;
  user?: string;
  session?: string;
  profile?: string;
  topics: string[];
  metadata?: unknown;
  address: string;
  connectedAt?: string;
  lastEventId?: string;
  lastEventAt?: string;
  lastHeartbeatAt?: string;
  events: number;
  bytes: number;
  durable: boolean;
  connected: boolean;
  behind: boolean;
}
interface Answer {
  total: number;
  clients: Connection[];
  next?: string;
}

const read = (a: Answer): PageOf<Connection> => ({ rows: a.clients, next: a.next, total: a.total });

const columns: VirtualColumn<Connection>[] = [
  { id: "user", head: "User", width: "minmax(8rem, 2fr)", narrow: "minmax(0, 1fr)", cell: (c) => c.user ?? <span className="quiet">anonymous</span> },
  { id: "topics", head: "Listens to", width: "minmax(8rem, 3fr)", narrow: "minmax(0, 1.3fr)", cell: (c) => <span className="mono quiet">{c.topics.join(", ") || "own events"}</span> },
  { id: "profile", head: "Profile", width: "7rem", wide: true, cell: (c) => c.profile },
  { id: "state", head: "State", width: "5.5rem", wide: true, cell: (c) => (c.behind ? <Badge tone="warn">behind</Badge> : <Badge tone="live">live</Badge>) },
  { id: "address", head: "Address", width: "9rem", wide: true, cell: (c) => <span className="mono">{c.address}</span> },
  { id: "age", head: "Since", width: "4.5rem", narrow: "3.4rem", number: true, cell: (c) => (c.connectedAt ? age(Date.now() - Date.parse(c.connectedAt)) : "–") },
  { id: "events", head: "Events", width: "5rem", number: true, wide: true, cell: (c) => count(c.events) },
  { id: "bytes", head: "Bytes", width: "6rem", number: true, wide: true, cell: (c) => bytes(c.bytes) },
];

const kinds = [
  ["user", "User"],
  ["topic", "Topic"],
  ["client", "Id"],
  ["session", "Session"],
  ["profile", "Profile"],
] as const;

const names: string[] = kinds.map(([name]) => name);
const nothing = Object.fromEntries(names.map((name) => [name, ""]));

/** One stream, as it is now: looked at for as long as it is open. */
function Details({ of, topics, close, ended, allOf }: { of: Connection; topics: string; close: () => void; ended: () => void; allOf: (user: string) => void }) {
  const { call } = useSession();
  const path = `${topics}/clients/${encodeURIComponent(of.id)}`;
  const told = useResource<Connection>(path, { every: 2000 });
  const c = told.data ?? of;
  const gone = told.problem?.status === 404;
  return (
    <Drawer
      title={c.user ?? of.user ?? "anonymous"}
      close={close}
      actions={
        <>
          {!gone && (
            <ConfirmButton
              sure="Close it, really"
              act={async () => {
                await call(path, { method: "DELETE" });
                ended();
              }}
            >
              Close this stream
            </ConfirmButton>
          )}
          {of.user && <Button onClick={() => allOf(of.user!)}>All of this user</Button>}
        </>
      }
    >
      {!gone && <Outdated problem={told.problem} />}
      <Facts
        rows={[
          ["Id", <span key="id" className="with-copy"><code>{of.id}</code> <CopyButton text={of.id} /></span>],
          ["State", <span key="state" role="status">{gone ? <Badge>has ended</Badge> : !c.connected ? <Badge tone="warn">away, waited for</Badge> : c.behind ? <Badge tone="warn">behind, catching up</Badge> : <Badge tone="live">live</Badge>}</span>],
          ["Session", c.session],
          ["Profile", c.profile],
          ["Durable", c.durable ? "keeps its topics over reconnections" : "no"],
          ["Address", c.address && <code key="address">{c.address}</code>],
          ["Connected", c.connectedAt && moment(c.connectedAt)],
          ["Events", `${whole(c.events)}, ${bytes(c.bytes)}`],
          ["Last event", c.lastEventAt && moment(c.lastEventAt)],
          ["Cursor", c.lastEventId && <code key="cursor">{c.lastEventId}</code>],
          ["Last heartbeat", c.lastHeartbeatAt && moment(c.lastHeartbeatAt)],
          [
            "Topics",
            c.topics.length > 0 && (
              <ul key="topics" className="chips">
                {c.topics.map((t) => (
                  <li key={t} className="mono">
                    {t}
                  </li>
                ))}
              </ul>
            ),
          ],
          ["Metadata", c.metadata !== undefined && <Json key="metadata" text={JSON.stringify(c.metadata)} />],
        ]}
      />
    </Drawer>
  );
}

export function Connections() {
  const { now, asked, set } = useQuery(names);
  const [other, setOther] = useState("user");
  const [open, setOpen] = useState<Connection>();
  const topics = useMounts().topic_service ?? "/events";
  // One of them at a time.
  const kind = names.find((name) => now[name]) ?? other;
  const text = now[kind]!;
  const by = names.find((name) => asked[name]);
  const late = by && asked[by];
  const list = usePages<Connection, Answer>(`${topics}/clients?limit=500${by ? `&${by}=${encodeURIComponent(late!)}` : ""}`, read, { every: 5000 });
  const name = kinds.find(([id]) => id === kind)![1].toLowerCase();
  const find = (how: string, what: string) => {
    setOther(how);
    set({ ...nothing, [how]: what });
  };
  return (
    <Panel
      title="Connections"
      note={list.total === undefined ? undefined : `${whole(list.total)} ${list.total === 1 ? "stream" : "streams"}${late ? `, of these ${list.more ? "at least " : ""}${whole(list.rows.length)} shown` : ""}`}
      flush
      actions={
        <>
          <Select label="Search by" quietLabel value={kind} onChange={(event) => find(event.target.value, text)} className="kind">
            {kinds.map(([id, label]) => (
              <option key={id} value={id}>
                {label}
              </option>
            ))}
          </Select>
          <Field label={`The ${name}`} quietLabel type="search" placeholder={kind === "topic" ? "Topic or pattern, as it was named" : `The ${name}, whole`} value={text} onChange={(event) => find(kind, event.target.value)} className="search" />
          <Button onClick={list.reload}>Refresh</Button>
        </>
      }
    >
      {list.rows.length > 0 && <Outdated problem={list.problem} />}
      {list.rows.length > 0 ? (
        <VirtualTable label="Connections" columns={columns} rows={list.rows} rowKey={(c) => c.id} more={list.more} need={list.need} onOpen={setOpen} openKey={open?.id} />
      ) : (
        <ListState loading={list.loading} problem={list.problem} empty what="connections" reload={list.reload} none={late ? "No stream is like this" : "Nobody listens"}>
          {late ? "The search takes whole words." : "Streams appear as they open."}
        </ListState>
      )}
      {open && (
        <Details
          of={open}
          topics={topics}
          close={() => setOpen(undefined)}
          ended={() => {
            setOpen(undefined);
            list.reload();
          }}
          allOf={(user) => {
            find("user", user);
            setOpen(undefined);
          }}
        />
      )}
    </Panel>
  );
}
