// What came, newest first: the bytes of each block beside what they mean.
import { memo, useState, useSyncExternalStore } from "react";
import { Badge, Button, Checkbox, Empty, Field, Json, Panel } from "../ui/index.js";
import { clockExact, whole } from "../ui/figures.js";
import { live, type Entry } from "./live_store.js";

/** A block's lines: the field's name stands apart from its value. */
function Raw({ text }: { text: string }) {
  return (
    <pre className="raw">
      {text.split("\n").map((line, n) => {
        const at = line.indexOf(":");
        return (
          <span key={n} className="raw-line">
            {at > 0 ? (
              <>
                <span className="raw-field">{line.slice(0, at + 1)}</span>
                {line.slice(at + 1)}
              </>
            ) : (
              <span className="raw-field">{line}</span>
            )}
          </span>
        );
      })}
    </pre>
  );
}

/** A comment that says nothing but that the stream lives. */
const isHeartbeat = ({ kind, raw }: Entry): boolean => kind === "comment" && /^:\s*(heartbeat)?$/.test(raw);

const Row = memo(function Row({ entry }: { entry: Entry }) {
  return (
    <li className={`event ${entry.kind}`}>
      <div className="event-head">
        <span className="event-system" title={`system ${entry.system}`}>
          {entry.system}
        </span>
        <span className="event-type">{entry.type.length > 80 ? `${entry.type.slice(0, 80)}…` : entry.type}</span>
        {entry.kind === "opening" && <Badge tone="live">stream opened</Badge>}
        {isHeartbeat(entry) && <Badge>heartbeat</Badge>}
        <span className="event-facts">
          <span>{entry.bytes} B</span>
          <time dateTime={new Date(entry.at).toISOString()}>{clockExact(entry.at)}</time>
        </span>
      </div>
      {isHeartbeat(entry) ? null : entry.kind === "comment" ? (
        <Raw text={entry.raw} />
      ) : (
        <div className="event-sides">
          <div>
            <p className="side-name">bytes</p>
            <Raw text={entry.raw} />
          </div>
          <div>
            <p className="side-name">parsed</p>
            <Json text={entry.data} />
          </div>
        </div>
      )}
    </li>
  );
});

export function EventList() {
  const state = useSyncExternalStore(live.subscribe, live.getState);
  const [wanted, setWanted] = useState("");
  const [comments, setComments] = useState(true);
  const needle = wanted.trim().toLowerCase();
  const shown = state.entries.filter((entry) => (comments || !isHeartbeat(entry)) && (!needle || entry.raw.toLowerCase().includes(needle)));
  const statuses = Object.values(state.streams).map((stream) => stream.status);
  const hint = statuses.includes("open")
    ? ["Listening", "Publish something: it arrives here."]
    : statuses.includes("connecting")
      ? ["Connecting", "What comes appears here."]
      : statuses.includes("waiting")
        ? ["The server does not answer", "The stream opens by itself as soon as it is back."]
        : ["No stream is open", "Connect to one of the five systems."];
  return (
    <Panel
      title="What comes"
      className="events-panel"
      flush
      note={state.total + state.waiting > 0 ? `${whole(state.total)} ${state.total === 1 ? "block" : "blocks"}, ${whole(state.bytes)} bytes${state.waiting > 0 ? `; ${whole(state.waiting)} wait` : ""}` : "Raw bytes beside what they mean"}
      actions={
        <>
          <Checkbox label="heartbeats" checked={comments} onChange={(event) => setComments(event.target.checked)} />
          <Field label="Filter events" quietLabel placeholder="Filter" value={wanted} onChange={(event) => setWanted(event.target.value)} className="filter" />
          <Button small onClick={() => live.setPaused(!live.paused)} aria-pressed={live.paused}>
            {live.paused ? "Go on" : "Pause"}
          </Button>
          <Button small onClick={() => live.clear()} disabled={state.entries.length === 0}>
            Clear
          </Button>
        </>
      }
    >
      {shown.length === 0 ? (
        <Empty title={needle ? "Nothing matches" : hint[0]!}>{needle ? "The filter looks at the bytes of each block." : hint[1]}</Empty>
      ) : (
        <ol className="event-list" aria-label="Events, newest first" tabIndex={0}>
          {shown.map((entry) => (
            <Row key={entry.key} entry={entry} />
          ))}
        </ol>
      )}
    </Panel>
  );
}
