// Every stream, with search, details and "close".
import { useState } from "react";
import { useSession } from "../api/session.js";
import { useMounts } from "../api/mounts.js";
import { useSearch } from "../router.js";
import { Badge, Button, CopyButton, Field, Json, Panel, Select } from "../ui/index.js";
import { age, bytes, count, moment, whole } from "./format.js";
import { ConfirmButton, Drawer, Facts, ListState, useLate } from "./parts.js";
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

export function Connections() {
  const search = useSearch();
  const given = kinds.find(([name]) => search.has(name))?.[0];
  const [kind, setKind] = useState<string>(given ?? "user");
  const [text, setText] = useState(given ? (search.get(given) ?? "") : "");
  const [open, setOpen] = useState<Connection>();
  const topics = useMounts().topic_service ?? "/events";
  const { call } = useSession();
  const late = useLate(text.trim());
  const list = usePages<Connection, Answer>(`${topics}/clients?limit=500${late ? `&${kind}=${encodeURIComponent(late)}` : ""}`, read, { every: 5000 });
  const name = kinds.find(([id]) => id === kind)![1].toLowerCase();
  const close = async (c: Connection) => {
    await call(`${topics}/clients/${encodeURIComponent(c.id)}`, { method: "DELETE" });
    setOpen(undefined);
    list.reload();
  };
  return (
    <Panel
      title="Connections"
      note={list.total === undefined ? undefined : `${whole(list.total)} ${list.total === 1 ? "stream" : "streams"}${late ? `, of these ${list.more ? "at least " : ""}${whole(list.rows.length)} shown` : ""}`}
      flush
      actions={
        <>
          <Select label="Search by" quietLabel value={kind} onChange={(event) => setKind(event.target.value)} className="kind">
            {kinds.map(([id, label]) => (
              <option key={id} value={id}>
                {label}
              </option>
            ))}
          </Select>
          <Field label={`The ${name}`} quietLabel type="search" placeholder={kind === "topic" ? "Topic or pattern, as it was named" : `The ${name}, whole`} value={text} onChange={(event) => setText(event.target.value)} className="search" />
          <Button onClick={list.reload}>Refresh</Button>
        </>
      }
    >
      {list.rows.length > 0 ? (
        <VirtualTable label="Connections" columns={columns} rows={list.rows} rowKey={(c) => c.id} more={list.more} need={list.need} onOpen={setOpen} openKey={open?.id} />
      ) : (
        <ListState loading={list.loading} problem={list.problem} empty what="connections" reload={list.reload} none={late ? "No stream is like this" : "Nobody listens"}>
          {late ? "The search takes whole words." : "Streams appear as they open."}
        </ListState>
      )}
      {open && (
        <Drawer
          title={open.user ?? "anonymous"}
          close={() => setOpen(undefined)}
          actions={
            <>
              <ConfirmButton sure="Close it, really" act={() => close(open)}>
                Close this stream
              </ConfirmButton>
              {open.user && (
                <Button
                  onClick={() => {
                    setKind("user");
                    setText(open.user!);
                    setOpen(undefined);
                  }}
                >
                  All of this user
                </Button>
              )}
            </>
          }
        >
          <Facts
            rows={[
              ["Id", <span key="id" className="with-copy"><code>{open.id}</code> <CopyButton text={open.id} /></span>],
              ["State", open.behind ? <Badge tone="warn">behind, catching up</Badge> : <Badge tone="live">live</Badge>],
              ["Session", open.session],
              ["Profile", open.profile],
              ["Durable", open.durable ? "keeps its topics over reconnections" : "no"],
              ["Address", <code key="address">{open.address}</code>],
              ["Connected", open.connectedAt && moment(open.connectedAt)],
              ["Events", `${whole(open.events)}, ${bytes(open.bytes)}`],
              ["Last event", open.lastEventAt && moment(open.lastEventAt)],
              ["Cursor", open.lastEventId && <code key="cursor">{open.lastEventId}</code>],
              ["Last heartbeat", open.lastHeartbeatAt && moment(open.lastHeartbeatAt)],
              [
                "Topics",
                open.topics.length > 0 && (
                  <ul key="topics" className="chips">
                    {open.topics.map((t) => (
                      <li key={t} className="mono">
                        {t}
                      </li>
                    ))}
                  </ul>
                ),
              ],
              ["Metadata", open.metadata !== undefined && <Json key="metadata" text={JSON.stringify(open.metadata)} />],
            ]}
          />
        </Drawer>
      )}
    </Panel>
  );
}
