// `/`: what this is, and the five systems to play with.
import { useEffect, useState, useSyncExternalStore } from "react";
import { useMountsIfKnown } from "../api/mounts.js";
import { useReachable } from "../api/session.js";
import { Link, useTitle } from "../router.js";
import { EventList } from "./event_list.js";
import { ListenPanel } from "./listen_panel.js";
import { live } from "./live_store.js";
import { PublishPanel } from "./publish_panel.js";
import { Staff } from "./staff.js";
import { systemOf, systems, type SystemId } from "./systems.js";
import { Empty, Loading, Offline, Panel } from "../ui/index.js";
import "./live.css";

export function LivePage() {
  useTitle("Carillon");
  const state = useSyncExternalStore(live.subscribe, live.getState);
  const [chosen, setChosen] = useState<SystemId>("A");
  const reachable = useReachable();
  useEffect(() => {
    live.comeBack();
    return () => live.leave();
  }, []);
  useEffect(() => {
    if (reachable) live.wake();
  }, [reachable]);
  const mounts = useMountsIfKnown();
  const system = systemOf(chosen);
  const off = mounts ? systems.filter(({ mount }) => mounts[mount] === undefined).map(({ id }) => id) : [];
  return (
    <div className="page live">
      <header className="hero">
        <h1>
          Publish once. <span>Every listener hears it, and none misses a note.</span>
        </h1>
        <p>
          Carillon is a hub for Server-Sent Events. A back end publishes over HTTP, a browser listens with a plain <code>EventSource</code>, and a stream
          that drops gets everything it has missed. Five applications' interfaces stand on one hub; below they are, live. Begin with the{" "}
          <Link to="/guides/guide/getting-started">guide</Link>, or look something up in the <Link to="/reference">reference</Link>.
        </p>
      </header>
      <Staff state={state} chosen={chosen} choose={setChosen} off={off} />
      <p className="staff-note">The last minute: a stroke is a stream that opens, a note an event, a dot a heartbeat. Choose a system to connect to it.</p>
      <div className="bench">
        {!mounts ? (
          <Panel title={`${system.id} · ${system.name}`} className="two">
            {reachable ? <Loading what="where it stands" /> : <Offline />}
          </Panel>
        ) : off.includes(chosen) ? (
          <Panel title={`${system.id} · ${system.name}`} className="two">
            <Empty title="Turned off on this server">
              <code>{system.mount}.enabled</code> is false in its settings.
            </Empty>
          </Panel>
        ) : (
          <>
            <ListenPanel key={`listen-${chosen}`} system={system} mounts={mounts} />
            <PublishPanel key={`publish-${chosen}`} system={system} mounts={mounts} />
          </>
        )}
        <EventList />
      </div>
    </div>
  );
}
