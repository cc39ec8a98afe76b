// Streams that end: jobs and the output of models.
import { useState } from "react";
import { useResource } from "../api/resource.js";
import { useMounts } from "../api/mounts.js";
import { useSession } from "../api/session.js";
import { Badge, CopyButton, Panel } from "../ui/index.js";
import { age, whole } from "../ui/figures.js";
import { ConfirmButton, Drawer, Facts, ListState, Outdated } from "./parts.js";
import { VirtualTable, type VirtualColumn } from "./virtual_table.js";

interface Open {
  stream: string;
  silentMs: number;
  stopRequested: boolean;
  closing: boolean;
}
interface Answer {
  open: number;
  endedIdle: number;
  streams: Open[];
}

export function Streams() {
  const topics = useMounts().topic_service ?? "/events";
  const { call } = useSession();
  const [open, setOpen] = useState<Open>();
  const list = useResource<Answer>("/admin/streams", { every: 2000 });
  const { reload } = list;
  const rows = list.data?.streams ?? [];
  const shown = open && rows.find((s) => s.stream === open.stream);
  // A list that was cut does not say that a stream has ended.
  const ended = open !== undefined && shown === undefined && list.data !== undefined && list.data.open <= rows.length;
  const act = (id: string, how: "stop" | "close") => async () => {
    const path = `${topics}/streams/${encodeURIComponent(id)}`;
    await (how === "stop" ? call(path, { method: "DELETE" }) : call(`${path}/close`, { method: "POST", body: {} }));
    setOpen(undefined);
    reload();
  };
  const columns: VirtualColumn<Open>[] = [
    { id: "stream", head: "Stream", width: "minmax(9rem, 2fr)", narrow: "minmax(0, 1fr)", cell: (s) => <span className="mono">{s.stream}</span> },
    { id: "silent", head: "Silent for", width: "6rem", narrow: "5rem", number: true, cell: (s) => age(s.silentMs) },
    { id: "state", head: "State", width: "8rem", wide: true, cell: (s) => (s.closing ? <Badge tone="warn">closing</Badge> : s.stopRequested ? <Badge tone="warn">asked to stop</Badge> : <Badge tone="live">open</Badge>) },
  ];
  return (
    <Panel
      title="Finite streams"
      flush
      note={list.data ? `${whole(list.data.open)} open, ${whole(list.data.endedIdle)} ended for silence since the start${list.data.open > rows.length ? `; the ${whole(rows.length)} that were silent for longest are shown` : ""}` : "Streams that end, and have not ended yet"}
    >
      {list.data && <Outdated problem={list.problem} />}
      {rows.length > 0 ? (
        <VirtualTable label="Finite streams" columns={columns} rows={rows} rowKey={(s) => s.stream} onOpen={setOpen} openKey={open?.stream} />
      ) : (
        <ListState loading={list.loading} problem={list.data ? undefined : list.problem} empty what="streams" reload={reload} none="No stream is open">
          A producer begins one with <code>POST {topics}/streams</code>: a job, or the output of a model.
        </ListState>
      )}
      {open && (
        <Drawer
          title="Finite stream"
          close={() => setOpen(undefined)}
          actions={
            !ended && <>
              <ConfirmButton sure="Ask it, really" act={act(open.stream, "stop")}>
                Ask its producer to stop
              </ConfirmButton>
              <ConfirmButton sure="Close it, really" act={act(open.stream, "close")}>
                Close it
              </ConfirmButton>
            </>
          }
        >
          <Facts
            rows={[
              ["Id", <span key="i" className="with-copy"><code>{open.stream}</code> <CopyButton text={open.stream} /></span>],
              ["Silent for", !ended && age((shown ?? open).silentMs)],
              ["State", <span key="s" role="status">{ended ? "has ended" : (shown ?? open).closing ? "closing" : (shown ?? open).stopRequested ? "its producer was asked to stop" : "open"}</span>],
              ["To read it", <code key="r">{`${topics}/streams/${open.stream}`}</code>],
            ]}
          />
        </Drawer>
      )}
    </Panel>
  );
}
