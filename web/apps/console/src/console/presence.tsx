// Where users are, and who.
import { useEffect, useState } from "react";
import { useResource } from "../api/resource.js";
import { Badge, Field, Panel } from "../ui/index.js";
import { whole } from "./format.js";
import { Drawer, ListState, useLate } from "./parts.js";
import { VirtualTable, type VirtualColumn } from "./virtual_table.js";

interface Place {
  topic: string;
  users: number;
}
interface There {
  topic: string;
  users: string[];
  count: number;
  complete: boolean;
}

function People({ topic, close }: { topic: string; close: () => void }) {
  const there = useResource<There>(`/admin/presence?limit=1000&topic=${encodeURIComponent(topic)}`);
  const { reload } = there;
  useEffect(() => {
    const timer = setInterval(reload, 3000);
    return () => clearInterval(timer);
  }, [reload]);
  const { data } = there;
  return (
    <Drawer title={<span className="mono">{topic}</span>} close={close}>
      {data && (
        <p className="quiet small drawer-note">
          {whole(data.count)} present{data.count > data.users.length && `, the first ${whole(data.users.length)} shown`}
          {!data.complete && <Badge tone="warn">the server has just begun: others may be on their way back</Badge>}
        </p>
      )}
      <ListState loading={there.loading} problem={there.problem} empty={!data?.users.length} what="users" reload={reload} none="Nobody is here any more" />
      {data && data.users.length > 0 && (
        <ul className="people">
          {data.users.map((user) => (
            <li key={user}>
              <span className="person" aria-hidden="true">
                {user.slice(0, 1).toUpperCase()}
              </span>
              <span className="person-name">{user}</span>
            </li>
          ))}
        </ul>
      )}
    </Drawer>
  );
}

export function Presence() {
  const [prefix, setPrefix] = useState("");
  const [open, setOpen] = useState<string>();
  const late = useLate(prefix);
  const list = useResource<{ topics: Place[] }>(`/admin/presence?limit=10000&prefix=${encodeURIComponent(late)}`);
  const { reload } = list;
  useEffect(() => {
    const timer = setInterval(() => !document.hidden && reload(), 4000);
    return () => clearInterval(timer);
  }, [reload]);
  const rows = list.data?.topics ?? [];
  const most = Math.max(1, ...rows.map((r) => r.users));
  const columns: VirtualColumn<Place>[] = [
    { id: "topic", head: "Topic or room", width: "minmax(9rem, 2fr)", narrow: "minmax(0, 1.4fr)", cell: (p) => <span className="mono">{p.topic}</span> },
    {
      id: "share",
      head: "Share",
      width: "minmax(4rem, 3fr)", narrow: "minmax(0, 1fr)",
      cell: (p) => (
        <span className="ranking-bar" aria-hidden="true">
          <span style={{ width: `${(p.users / most) * 100}%` }} />
        </span>
      ),
    },
    { id: "users", head: "Users", width: "5rem", narrow: "3rem", number: true, cell: (p) => whole(p.users) },
  ];
  return (
    <Panel
      title="Presence"
      note="Topics and rooms that tell who listens, those with most users first"
      flush
      actions={<Field label="Names that begin with" quietLabel type="search" placeholder="Names that begin with …" value={prefix} onChange={(event) => setPrefix(event.target.value)} className="search" />}
    >
      {rows.length > 0 ? (
        <VirtualTable label="Presence" columns={columns} rows={rows} rowKey={(p) => p.topic} onOpen={(p) => setOpen(p.topic)} openKey={open} />
      ) : (
        <ListState loading={list.loading} problem={list.problem} empty what="presence" reload={reload} none="Nobody is known to be anywhere">
          Topics have presence where the settings say so: <code>presence</code> in a row of <code>[[topics]]</code>, and <code>chat.presence</code>.
        </ListState>
      )}
      {open !== undefined && <People topic={open} close={() => setOpen(undefined)} />}
    </Panel>
  );
}
