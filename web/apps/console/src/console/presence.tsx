// Where users are, and who.
import { useState } from "react";
import { useResource } from "../api/resource.js";
import { Badge, Field, Panel } from "../ui/index.js";
import { whole } from "../ui/figures.js";
import { Drawer, ListState, Outdated } from "./parts.js";
import { useQuery } from "./query.js";
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

const names = ["prefix"];
/** The server gives no more. */
const most = 10_000;

function People({ topic, close }: { topic: string; close: () => void }) {
  const there = useResource<There>(`/admin/presence?limit=1000&topic=${encodeURIComponent(topic)}`, { every: 3000 });
  const { data } = there;
  return (
    <Drawer title={<span className="mono">{topic}</span>} close={close}>
      {data && <Outdated problem={there.problem} />}
      {data && (
        <p className="quiet small drawer-note">
          {whole(data.count)} present{data.count > data.users.length && `, the first ${whole(data.users.length)} shown`}
          {!data.complete && <Badge tone="warn">the server has just begun: others may be on their way back</Badge>}
        </p>
      )}
      <ListState loading={there.loading} problem={data ? undefined : there.problem} empty={!data?.users.length} what="users" reload={there.reload} none="Nobody is here any more" />
      {data && data.users.length > 0 && (
        <ul className="people">
          {data.users.map((user) => (
            <li key={user}>
              <span className="person" aria-hidden="true">
                {[...user][0]?.toUpperCase()}
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
  const { now, asked, set } = useQuery(names);
  const [open, setOpen] = useState<string>();
  const list = useResource<{ topics: Place[] }>(`/admin/presence?limit=${most}&prefix=${encodeURIComponent(asked.prefix!)}`, { every: 4000 });
  const rows = list.data?.topics ?? [];
  const crowd = Math.max(1, rows[0]?.users ?? 0);
  const columns: VirtualColumn<Place>[] = [
    { id: "topic", head: "Topic or room", width: "minmax(9rem, 2fr)", narrow: "minmax(0, 1.4fr)", cell: (p) => <span className="mono">{p.topic}</span> },
    {
      id: "share",
      head: "Share",
      width: "minmax(4rem, 3fr)", narrow: "minmax(0, 1fr)",
      cell: (p) => (
        <span className="ranking-bar" aria-hidden="true">
          <span style={{ width: `${(p.users / crowd) * 100}%` }} />
        </span>
      ),
    },
    { id: "users", head: "Users", width: "5rem", narrow: "3rem", number: true, cell: (p) => whole(p.users) },
  ];
  return (
    <Panel
      title="Presence"
      note={`Topics and rooms that tell who listens, those with most users first${rows.length >= most ? `; only the first ${whole(most)} are shown` : ""}`}
      flush
      actions={<Field label="Names that begin with" quietLabel type="search" placeholder="Names that begin with …" value={now.prefix} onChange={(event) => set({ prefix: event.target.value })} className="search" />}
    >
      {list.data && <Outdated problem={list.problem} />}
      {rows.length > 0 ? (
        <VirtualTable label="Presence" columns={columns} rows={rows} rowKey={(p) => p.topic} onOpen={(p) => setOpen(p.topic)} openKey={open} />
      ) : (
        <ListState loading={list.loading} problem={list.data ? undefined : list.problem} empty what="presence" reload={list.reload} none={asked.prefix ? "No topic with presence begins like this" : "Nobody is known to be anywhere"}>
          Topics have presence where the settings say so: <code>presence</code> in a row of <code>[[topics]]</code>, and <code>chat.presence</code>.
        </ListState>
      )}
      {open !== undefined && <People topic={open} close={() => setOpen(undefined)} />}
    </Panel>
  );
}
