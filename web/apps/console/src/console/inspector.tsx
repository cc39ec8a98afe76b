// Events as they come: filtered, paused, replayed.
import { CarillonClient } from "carillon-client";
import { useEffect, useRef, useState, type FormEvent } from "react";
import { useReachable, useSession } from "../api/session.js";
import { useMounts } from "../api/mounts.js";
import { navigate, useSearch } from "../router.js";
import { Badge, Button, CopyButton, Empty, Field, Json, Panel } from "../ui/index.js";
import { member } from "../ui/json_text.js";
import { clock, cut, moment, whole } from "../ui/figures.js";
import { Drawer, Facts } from "./parts.js";
import { askedBy, heaviest, kept, most, shortened, targetOf, type Asked } from "./inspected.js";
import { addressOf } from "./query.js";
import { VirtualTable, type VirtualColumn } from "./virtual_table.js";

interface Seen {
  key: number;
  at: number;
  type: string;
  id: string;
  topics: string;
  data: string;
  metadata?: string;
  timestamp: string;
  size: number;
}
interface Full {
  id?: string;
  event?: string;
  data: unknown;
  topics: string[];
  metadata?: unknown;
  timestamp?: string;
}
const columns: VirtualColumn<Seen>[] = [
  { id: "event", head: "Event", width: "minmax(6rem, 1fr)", narrow: "minmax(0, 1fr)", cell: (e) => e.type },
  { id: "topics", head: "Topic", width: "minmax(7rem, 1.6fr)", narrow: "minmax(0, 1.4fr)", cell: (e) => <span className="mono">{e.topics || "–"}</span> },
  { id: "data", head: "Data", width: "minmax(8rem, 3fr)", wide: true, cell: (e) => <span className="mono quiet">{cut(e.data, 200)}</span> },
  { id: "id", head: "Id", width: "9.5rem", wide: true, cell: (e) => <span className="mono quiet">{e.id || "not stored"}</span> },
  { id: "at", head: "Stored", width: "6rem", narrow: "5.25rem", number: true, cell: (e) => clock(e.timestamp || e.at) },
];

/** The newest events first; those that come while it is paused wait. */
function useEvents(target: string, token: string | undefined, paused: boolean) {
  const reachable = useReachable();
  const [shown, setShown] = useState<{ rows: Seen[]; total: number; waiting: number }>({ rows: [], total: 0, waiting: 0 });
  const [status, setStatus] = useState("connecting");
  const [problem, setProblem] = useState<string>();
  const client = useRef<CarillonClient>(undefined);
  const inside = useRef({ rows: [] as Seen[], fresh: [] as Seen[], total: 0 });
  const held = useRef(paused);
  held.current = paused;
  useEffect(() => {
    inside.current = { rows: [], fresh: [], total: 0 };
    setShown({ rows: [], total: 0, waiting: 0 });
    setProblem(undefined);
    setStatus("connecting");
    const my = inside.current;
    let key = 0;
    /** Of what is fresh. */
    let weight = 0;
    const made = new CarillonClient(target, { ...(token ? { token: () => token } : {}), parse: (text) => text, maxDelay: 4000 });
    client.current = made;
    made.onStatus((now) => {
      if (client.current !== made) return;
      setStatus(now);
      if (now === "open") setProblem(undefined);
    });
    made.addEventListener("error", () => {
      const why = made.failure;
      if (client.current !== made || !why) return;
      if (made.status === "closed") setProblem(why.status ? `The server refused it (${why.status}).` : why.message);
      else if (why.status) setProblem(`The server refuses it for the moment (${why.status}); the page asks again by itself.`);
    });
    made.onGap(({ resume, reason }) => {
      my.fresh.push({ key: ++key, at: Date.now(), type: resume === "reset" ? "the server does not know this id" : "events are missing here", id: "", topics: "", data: reason ?? "", timestamp: "", size: 0 });
    });
    made.tap((event) => {
      if (event.type.startsWith("carillon.")) return;
      my.total++;
      let full: Full;
      try {
        full = JSON.parse(event.data) as Full;
      } catch {
        return;
      }
      my.fresh.push({
        key: ++key,
        at: Date.now(),
        type: full.event ?? "message",
        id: full.id ?? "",
        topics: full.topics.join(", "),
        // As its publisher wrote it, with all its digits.
        data: shortened(member(event.data, "data") ?? "null"),
        ...(full.metadata === undefined ? {} : { metadata: shortened(member(event.data, "metadata")!) }),
        timestamp: full.timestamp ?? "",
        size: event.data.length,
      });
      weight += my.fresh.at(-1)!.data.length;
      if (my.fresh.length <= 2 * most && weight <= 2 * heaviest) return;
      my.fresh = kept(my.fresh.reverse()).reverse();
      weight = my.fresh.reduce((sum, { data }) => sum + data.length, 0);
    });
    // A few times a second is as often as anybody reads.
    const timer = setInterval(() => {
      if (my.fresh.length === 0) return;
      if (held.current) return setShown((before) => (before.waiting === my.fresh.length ? before : { ...before, total: my.total, waiting: my.fresh.length }));
      my.rows = kept([...my.fresh.reverse(), ...my.rows]);
      my.fresh = [];
      weight = 0;
      setShown({ rows: my.rows, total: my.total, waiting: 0 });
    }, 150);
    return () => {
      clearInterval(timer);
      client.current = undefined;
      made.close();
    };
  }, [target, token]);
  useEffect(() => {
    if (reachable && client.current?.status === "waiting") client.current.reconnect();
  }, [reachable]);
  return { ...shown, status, problem };
}

export function Inspector() {
  const search = useSearch();
  const { token } = useSession();
  const topics = useMounts().topic_service ?? "/events";
  const asked = askedBy(search);
  const [draft, setDraft] = useState<Asked>(asked);
  const address = search.toString();
  useEffect(() => setDraft(askedBy(new URLSearchParams(address))), [address]);
  const [text, setText] = useState("");
  const [paused, setPaused] = useState(false);
  const [open, setOpen] = useState<Seen>();
  const [round, setRound] = useState(0);
  // A fragment is not sent: the same question asked again is another stream.
  const events = useEvents(`${targetOf(topics, asked)}#${round}`, token, paused);
  const listen = (to: Asked) => {
    navigate(addressOf("/console/inspector", { topic: to.topic.trim(), events: to.names.trim(), from: to.from.trim() || "now" }), { replace: true });
    setDraft(to);
    setRound((n) => n + 1);
    setPaused(false);
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    listen(draft);
  };
  const needle = text.trim().toLowerCase();
  const rows = needle ? events.rows.filter((e) => `${e.type} ${e.topics} ${e.data} ${e.metadata ?? ""}`.toLowerCase().includes(needle)) : events.rows;
  const set = (change: Partial<Asked>) => setDraft((before) => ({ ...before, ...change }));
  return (
    <Panel
      title="Inspector"
      className="inspector"
      flush
      note={`${whole(events.total)} events${events.waiting > 0 ? `, ${whole(events.waiting)} wait` : ""}${events.total > most ? `; the newest ${whole(most)} are kept here` : ""}`}
      actions={
        <>
          {events.status === "open" ? (
            <Badge tone={paused ? "warn" : "live"} dot>
              {paused ? "paused" : "live"}
            </Badge>
          ) : (
            <Badge tone={events.status === "closed" ? "bad" : "warn"} dot>
              {events.status}
            </Badge>
          )}
          <Field label="Only with this text" quietLabel type="search" placeholder="Only with this text" value={text} onChange={(event) => setText(event.target.value)} className="search" />
          <Button onClick={() => setPaused(!paused)} aria-pressed={paused}>
            {paused ? "Go on" : "Pause"}
          </Button>
        </>
      }
    >
      <form className="inspector-form" onSubmit={submit}>
        <Field label="Topic or pattern" value={draft.topic} onChange={(event) => set({ topic: event.target.value })} className="mono" />
        <Field label="Names of events" placeholder="all" value={draft.names} onChange={(event) => set({ names: event.target.value })} />
        <Field label="From" placeholder="now on" value={draft.from} onChange={(event) => set({ from: event.target.value })} className="mono" list="inspector-from" />
        <datalist id="inspector-from">
          <option value="50">the last 50 events</option>
          <option value="10m">ten minutes ago</option>
          <option value="earliest">all that is kept</option>
        </datalist>
        <Button kind="primary" type="submit">
          Listen
        </Button>
        <p className="field-note">From: how many events back, a time such as 10m or 2026-01-31T12:00:00Z, or the id of the event that all shall follow.</p>
      </form>
      {events.problem && (
        <p role="alert" className="form-problem bad">
          {events.problem}
        </p>
      )}
      {rows.length > 0 ? (
        <VirtualTable label="Events, newest first" columns={columns} rows={rows} rowKey={(e) => String(e.key)} onOpen={setOpen} openKey={open && String(open.key)} />
      ) : (
        <Empty title={events.rows.length > 0 ? "Nothing has this text" : events.status === "open" ? "Listening" : "Not listening"}>
          {events.rows.length > 0 ? "The filter looks at names, topics, data and metadata." : events.status === "open" ? "Events appear here as they are published." : events.status === "closed" ? "The stream is over. Listen again, or to something else." : "The stream opens by itself when the server answers."}
        </Empty>
      )}
      {open && (
        <Drawer
          title={open.type}
          close={() => setOpen(undefined)}
          actions={
            <>
              {open.id && (
                <Button
                  kind="primary"
                  onClick={() => {
                    listen({ ...asked, from: open.id });
                    setOpen(undefined);
                  }}
                >
                  Replay from here
                </Button>
              )}
              <CopyButton text={open.data} label="Copy the data" />
            </>
          }
        >
          <Facts
            rows={[
              ["Topics", open.topics && <code key="t">{open.topics}</code>],
              ["Id", open.id && <code key="i">{open.id}</code>],
              ["Stored", moment(open.timestamp || open.at)],
              ["Metadata", open.metadata && <Json key="m" text={open.metadata} />],
              ["Data", <Json key="d" text={open.data} />],
            ]}
          />
        </Drawer>
      )}
    </Panel>
  );
}
