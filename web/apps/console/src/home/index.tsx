// `/home`: the demo of system D. Send to a user, see it arrive, see who is connected.
import { TrackConnections, useSSE } from "carillon-react";
import { useEffect, useId, useRef, useState, type FormEvent } from "react";
import { type ApiProblem, problemOf } from "../api/client.js";
import { useMountsIfKnown } from "../api/mounts.js";
import { useReachable, useSession } from "../api/session.js";
import { Link, useTitle } from "../router.js";
import { Checking } from "../shell/checking.js";
import { SignInForm } from "../shell/sign_in.js";
import { Badge, Button, Empty, Field, Json, Loading, Offline, Panel } from "../ui/index.js";
import { clock } from "../ui/figures.js";
import "./home.css";

interface Received {
  key: number;
  at: number;
  type: string;
  data: unknown;
}

const example = `import { TrackConnections, useSSE } from "carillon-react";

function Notifications({ user, token }) {
  const { isConnected, addEventListener } = useSSE({
    userId: user,
    metadata: { page: "home" },
    token: () => token,
  });
  const [arrived, setArrived] = useState([]);

  useEffect(
    () => addEventListener("notification", ({ data }) =>
      setArrived((before) => [data.message, ...before])),
    [addEventListener],
  );

  return (
    <>
      <p role="status">{isConnected ? "connected" : "connecting"}</p>
      <ul>{arrived.map((text) => <li>{text}</li>)}</ul>
      <TrackConnections token={token} />
    </>
  );
}`;

const most = 100;

/** The text of a notification, where it has one. */
function messageOf(data: unknown): string | undefined {
  if (typeof data === "string") return data;
  if (typeof data !== "object" || data === null || !("message" in data)) return undefined;
  return typeof data.message === "string" ? data.message : undefined;
}

function Arrived({ userId, at, told }: { userId: string; at: string; told: () => void }) {
  const { token } = useSession();
  const reachable = useReachable();
  const { isConnected, status, failure, addEventListener, reconnect } = useSSE({
    url: at,
    userId,
    metadata: { page: "home" },
    ...(token ? { token: () => token } : {}),
    reconnectInterval: 1000,
    // As long as the page is open: it says that all goes on by itself.
    maxReconnectAttempts: Infinity,
  });
  useEffect(told, [isConnected]);
  const [received, setReceived] = useState<Received[]>([]);
  const keys = useRef(0);
  useEffect(
    () =>
      addEventListener("*", ({ type, data }) => {
        if (type.startsWith("carillon.")) return;
        setReceived((before) => [{ key: (keys.current += 1), at: Date.now(), type, data }, ...before].slice(0, most));
      }),
    [addEventListener],
  );
  useEffect(() => {
    if (reachable && status === "waiting") reconnect();
    // When the server is back, not at each failure.
  }, [reachable]);
  return (
    <Panel
      title="Arrived"
      note={`What is sent to ${userId}`}
      flush
      actions={
        <span role="status">
          <Badge tone={isConnected ? "live" : status === "closed" ? "bad" : "warn"} dot>
            {isConnected ? "connected" : status === "closed" ? `refused${failure?.status ? ` (${failure.status})` : ""}` : "connecting"}
          </Badge>
        </span>
      }
    >
      {received.length === 0 ? (
        <Empty title="Nothing yet">Send something: it arrives here, and on every other tab of {userId}.</Empty>
      ) : (
        <ol className="arrived" aria-label="Notifications, newest first" aria-live="polite">
          {received.map(({ key, at, type, data }) => {
            const message = messageOf(data);
            return (
              <li key={key}>
                <p className="arrived-head">
                  <span>{type}</span>
                  <time dateTime={new Date(at).toISOString()}>{clock(at)}</time>
                </p>
                {message === undefined ? <Json text={JSON.stringify(data)} /> : <p className="arrived-text">{message}</p>}
              </li>
            );
          })}
        </ol>
      )}
    </Panel>
  );
}

function Send({ me, at }: { me: string; at: string }) {
  const { call } = useSession();
  const [userId, setUserId] = useState(me);
  const [message, setMessage] = useState("Can you hear the bell?");
  const [busy, setBusy] = useState(false);
  const [said, setSaid] = useState<{ to: string } | { problem: ApiProblem }>();
  const send = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    try {
      await call(`${at}/test`, { body: { userId, message } });
      setSaid({ to: userId });
    } catch (why) {
      setSaid({ problem: problemOf(why) });
    } finally {
      setBusy(false);
    }
  };
  return (
    <Panel title="Send">
      <form className="home-send" onSubmit={(event) => void send(event)}>
        <Field label="User" value={userId} onChange={(event) => setUserId(event.target.value)} required />
        <Field label="Message" value={message} onChange={(event) => setMessage(event.target.value)} required />
        <div className="row">
          <Button kind="primary" type="submit" busy={busy} disabled={!userId || !message}>
            Send notification
          </Button>
          <p role="status" className={said && "problem" in said ? "note bad" : "note"}>
            {said && ("problem" in said ? `${said.problem.detail} (${said.problem.code})` : `Sent to ${said.to}.`)}
          </p>
        </div>
      </form>
    </Panel>
  );
}

function Demo({ me, at }: { me: string; at: string }) {
  const { token } = useSession();
  // Looks anew when this page's own stream opens or ends.
  const [round, setRound] = useState(0);
  return (
    <div className="home-grid">
      <Arrived userId={me} at={at} told={() => setRound((n) => n + 1)} />
      <div className="home-side">
        <Send me={me} at={at} />
        <Panel title="Who is connected" note="By TrackConnections of carillon-react" className="connections">
          <TrackConnections key={round} url={`${at}/clients`} interval={2000} {...(token ? { token } : {})} />
        </Panel>
      </div>
    </div>
  );
}

export function HomePage() {
  useTitle("Demo");
  const { state, who } = useSession();
  const mounts = useMountsIfKnown();
  const reachable = useReachable();
  const title = useId();
  return (
    <div className="page home">
      <header className="home-head">
        <h1>Clients that say who they are</h1>
        <p className="quiet">
          The demo of system D: this page listens with <code>useSSE</code> as the user who is signed in, and a back end sends by user, session or metadata.{" "}
          <Link to="/guides/systems/d-metadata">How it works</Link>
        </p>
      </header>
      {state === "checking" ? <Checking /> : !mounts && (reachable ? <Loading what="where it stands" /> : <Offline />)}
      {state === "anonymous" && mounts && (
        <div className="home-grid">
          <figure className="home-code">
            <pre className="code">{example}</pre>
            <figcaption>What this page does, as you would write it.</figcaption>
          </figure>
          <section className="home-sign-in" aria-labelledby={title}>
            <h2 id={title}>Sign in to listen</h2>
            <SignInForm />
          </section>
        </div>
      )}
      {state === "signed-in" && who && mounts && mounts.metadata !== undefined && <Demo key={who.userId} me={who.userId} at={mounts.metadata} />}
      {mounts && mounts.metadata === undefined && (
        <Empty title="Turned off on this server">
          <code>metadata.enabled</code> is false in its settings.
        </Empty>
      )}
    </div>
  );
}
