// `/console`: what the server does, for administrators.
import { useEffect, useRef, type ComponentType } from "react";
import { useMountsIfKnown } from "../api/mounts.js";
import { useReachable, useSession } from "../api/session.js";
import { Link, usePath, useTitle } from "../router.js";
import { SignInForm } from "../shell/sign_in.js";
import { Checking } from "../shell/checking.js";
import { Badge, Button, Empty, Loading, Offline, Panel } from "../ui/index.js";
import { count } from "../ui/figures.js";
import { Connections } from "./connections.js";
import "./console.css";
import { Health } from "./health.js";
import { Inspector } from "./inspector.js";
import { useLive, useLiveStream, type Sample } from "./live_samples.js";
import { Notifications } from "./notifications.js";
import { Overview } from "./overview.js";
import { consolePaths, type ConsolePath } from "./paths.js";
import { Presence } from "./presence.js";
import { Scheduled } from "./scheduled.js";
import { Settings } from "./settings.js";
import { Streams } from "./streams.js";
import { Topics } from "./topics.js";

interface Way {
  name: string;
  page: ComponentType;
  /** Shown beside the name. */
  figure?: (s: Sample) => number;
}

const pages: Record<ConsolePath, Way> = {
  "": { name: "Overview", page: Overview },
  "/topics": { name: "Topics", page: Topics, figure: (s) => s.journal.topics },
  "/connections": { name: "Connections", page: Connections, figure: (s) => s.streams },
  "/inspector": { name: "Inspector", page: Inspector },
  "/presence": { name: "Presence", page: Presence },
  "/notifications": { name: "Notifications", page: Notifications },
  "/scheduled": { name: "Scheduled", page: Scheduled, figure: (s) => s.journal.scheduled },
  "/streams": { name: "Streams", page: Streams, figure: (s) => s.finiteStreams },
  "/health": { name: "Health", page: Health },
  "/settings": { name: "Settings", page: Settings },
};
const ways = consolePaths.map((to) => ({ to, ...pages[to] }));

function Inside() {
  const path = usePath().replace(/\/+$/, "");
  const here = ways.find((way) => path === `/console${way.to}`);
  useLiveStream();
  useTitle(here && here.to ? `${here.name}, console` : "Console");
  const { latest } = useLive();
  const nav = useRef<HTMLElement>(null);
  useEffect(() => {
    // Where the ways stand in a row, the one that is chosen is to be seen.
    const row = nav.current!;
    const show = () => {
      const chosen = row.querySelector<HTMLElement>("[aria-current]");
      if (chosen && row.scrollWidth > row.clientWidth) row.scrollLeft = chosen.offsetLeft - (row.clientWidth - chosen.offsetWidth) / 2;
    };
    show();
    const resized = new ResizeObserver(show);
    resized.observe(row);
    return () => resized.disconnect();
  }, [here]);
  const mounts = useMountsIfKnown();
  const reachable = useReachable();
  const Page = here?.page;
  return (
    <div className="page console">
      <nav ref={nav} aria-label="Console" className="console-ways">
        {ways.map((way) => {
          const n = latest && way.figure?.(latest);
          return (
            <Link key={way.to} to={`/console${way.to}`} aria-current={way === here ? "page" : undefined}>
              {way.name}
              {n ? <span className="way-figure">{count(n)}</span> : null}
              {way.to === "/health" && latest && (!latest.journal.writable || !latest.recordsWritable) && <Badge tone="bad">!</Badge>}
            </Link>
          );
        })}
      </nav>
      <div className="console-main">
        <h1 className="visually-hidden">{here ? `Console: ${here.name}` : "Console"}</h1>
        {Page ? mounts ? <Page /> : reachable ? <Loading what="the page" /> : <Offline /> : <Empty title="There is no such page" action={<Link to="/console">To the overview</Link>} />}
      </div>
    </div>
  );
}

export function ConsolePage() {
  useTitle("Console");
  const { state, isAdmin, who, signOut } = useSession();
  if (state === "checking") return <Checking />;
  if (state === "anonymous" || !isAdmin) {
    return (
      <div className="page gate">
        <h1>Console</h1>
        {state === "anonymous" ? (
          <>
            <p className="quiet">What the server does, live: streams, events, latency, topics, notifications, limits and settings. It is for administrators.</p>
            <Panel>
              <SignInForm />
            </Panel>
          </>
        ) : (
          <Panel>
            <Empty title="This is for administrators" action={<Button onClick={signOut}>Sign in as somebody else</Button>}>
              {who?.userId} has {who?.roles.length ? `the roles ${who.roles.join(", ")}` : "no role"}; the console asks for <code>admin</code>.
            </Empty>
          </Panel>
        )}
      </div>
    );
  }
  return <Inside />;
}
