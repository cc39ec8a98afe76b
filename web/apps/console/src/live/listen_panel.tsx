import { useEffect, useState, useSyncExternalStore, type FormEvent } from "react";
import type { Mounts } from "../api/mounts.js";
import { useSession } from "../api/session.js";
import { Link } from "../router.js";
import { Badge, Button, Field, Panel, Select } from "../ui/index.js";
import { live } from "./live_store.js";
import { Mint } from "./mint.js";
import { placed, target, type System } from "./systems.js";
import { TakeAlong } from "./take_along.js";

const tones = { connecting: "neutral", open: "live", waiting: "warn", closed: "bad" } as const;

export function ListenPanel({ system, mounts }: { system: System; mounts: Mounts }) {
  const { token, ask, who, isAdmin } = useSession();
  const { streams } = useSyncExternalStore(live.subscribe, live.getState);
  const [streamId, setStreamId] = useState(system.streams[0]!.id);
  const [values, setValues] = useState<Record<string, string>>({});
  const choice = system.streams.find(({ id }) => id === streamId) ?? system.streams[0]!;
  const at = target(placed(system, choice.path, mounts), choice.parameters, values);
  const open = streams[system.id];
  const connect = (event?: FormEvent) => {
    event?.preventDefault();
    live.open(system.id, choice.name, at, token);
  };
  // The first look at the page shows a stream that lives.
  useEffect(() => {
    if (system.id === "A" && !live.begun) connect();
    live.begun = true;
    // Once.
  }, []);
  const wantsUser = choice.needs !== "nobody" && !token;
  const wantsSigned = choice.needs === "signed" && who?.from === "development";
  return (
    <Panel title={`${system.id} · ${system.name}`} note={<>{system.about} <Link to={`/guides/${system.guide}`}>More</Link></>}>
      <form className="stack" onSubmit={connect}>
        {system.streams.length > 1 && (
          <Select label="Stream" value={choice.id} onChange={(event) => setStreamId(event.target.value)}>
            {system.streams.map((one) => (
              <option key={one.id} value={one.id}>
                {one.name}
              </option>
            ))}
          </Select>
        )}
        {choice.parameters.length > 0 && (
          <div className="pair">
            {choice.parameters.map((parameter) => (
              <Field
                key={parameter.name}
                label={parameter.label}
                hint={parameter.hint}
                value={values[parameter.name] ?? parameter.value}
                onChange={(event) => setValues({ ...values, [parameter.name]: event.target.value })}
                className="mono"
              />
            ))}
          </div>
        )}
        <p className="target mono">
          <span className="verb">GET</span> {at}
        </p>
        {wantsUser && (
          <p className="note">
            This stream is a user's own. <button type="button" className="as-link" onClick={ask}>Sign in</button> first.
          </p>
        )}
        {wantsSigned && <Mint proof />}
        {isAdmin && who?.from === "token" && choice.needs !== "nobody" && <Mint proof={false} />}
        <div className="row">
          <Button kind="primary" type="submit" disabled={wantsUser}>
            {open ? "Connect anew" : "Connect"}
          </Button>
          {open && <Button onClick={() => live.close(system.id)}>Disconnect</Button>}
          <span role="status" className="stream-state">
            {open && (
              <Badge tone={tones[open.status]} dot>
                {open.status === "closed" ? "refused" : open.status === "waiting" ? (open.problem ? "refused, tries again" : "lost, comes back by itself") : open.status}
              </Badge>
            )}
          </span>
        </div>
        {open?.problem && (
          <p className="note bad" role="alert">
            {open.problem.detail} <code>{open.problem.code}</code>
          </p>
        )}
      </form>
      <TakeAlong label="Listen from elsewhere" request={{ kind: "listen", origin: location.origin, target: at, signedIn: Boolean(token), ...(who ? { me: who.userId } : {}) }} />
    </Panel>
  );
}
