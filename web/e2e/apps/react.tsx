// What the tests of carillon-react look at. `?app=NAME&server=URL` says which part.
import { CarillonProvider, TrackConnections, useConnection, useEvent, usePresence, useSSE, useTopic } from "carillon-react";
import { StrictMode, useCallback, useEffect, useState } from "react";
import { createRoot, hydrateRoot } from "react-dom/client";

export function Topic({ name }: { name: string }) {
  const last = useTopic<string>(name);
  return <p data-testid={`topic ${name}`}>{last?.data ?? "nothing"}</p>;
}

function Ticks() {
  const [ticks, setTicks] = useState(0);
  useEvent("tick", () => setTicks((before) => before + 1));
  return <p data-testid="ticks">{ticks}</p>;
}

function State() {
  const { status } = useConnection();
  return <p data-testid="status">{status}</p>;
}

/** Two parts listen to `a`, one to `b`; buttons take them away. */
export function Provided({ server }: { server: string }) {
  const [parts, setParts] = useState(["a", "a", "b"]);
  const [token, setToken] = useState(0);
  const [mounted, setMounted] = useState(true);
  return (
    <>
      <button onClick={() => setParts((before) => before.slice(1))}>remove</button>
      <button onClick={() => setToken((before) => before + 1)}>render</button>
      <button onClick={() => setMounted(false)}>unmount</button>
      {mounted && (
        <CarillonProvider url={`${server}/events/subscribe`} headers={{}} onGap={() => setToken(token + 1)}>
          <State />
          <Ticks />
          {parts.map((name, n) => (
            <Topic key={parts.length - n} name={name} />
          ))}
        </CarillonProvider>
      )}
    </>
  );
}

function Who({ topic }: { topic: string }) {
  const { users, count, complete } = usePresence(topic);
  return <p data-testid={`in ${topic}`}>{complete ? `${count}: ${users.join()}` : "nobody known"}</p>;
}

/** Who is in a room; the button goes to another. */
export function Room({ server, token }: { server: string; token: string }) {
  const [room, setRoom] = useState("room/1");
  return (
    <CarillonProvider url={`${server}/events/subscribe`} token={() => token}>
      <button onClick={() => setRoom("room/2")}>other</button>
      <Who topic={room} />
    </CarillonProvider>
  );
}

function OfDocument({ server }: { server: string }) {
  const [user, setUser] = useState("alice");
  const [heard, setHeard] = useState<unknown[]>([]);
  const { isConnected, lastEvent, addEventListener } = useSSE({
    url: `${server}/events/subscribe/${user}`,
    userId: user,
    metadata: { theme: "dark" },
    autoReconnect: true,
    reconnectInterval: 200,
    maxReconnectAttempts: 10,
  });
  useEffect(() => addEventListener("notification", (event) => setHeard((before) => [...before, event.data])), [addEventListener]);
  const change = useCallback(() => setUser("bob"), []);
  return (
    <>
      <button onClick={change}>bob</button>
      <p data-testid="status">{isConnected ? "Connected" : "Disconnected"}</p>
      <pre data-testid="last">{JSON.stringify(lastEvent?.data)}</pre>
      <pre data-testid="heard">{JSON.stringify(heard)}</pre>
    </>
  );
}

/** A token that is given as a text: the button renews it. */
function Renewed({ server }: { server: string }) {
  const [name, setName] = useState("alice");
  const [heard, setHeard] = useState<unknown[]>([]);
  const { isConnected, addEventListener } = useSSE({ url: `${server}/events/subscribe/news`, token: btoa(`alice:${name}::user`), reconnectInterval: 2000 });
  useEffect(() => addEventListener("message", ({ data }) => setHeard((before) => [...before, data])), [addEventListener]);
  return (
    <>
      <button onClick={() => setName((before) => `${before}+`)}>renew</button>
      <p data-testid="status">{isConnected ? "Connected" : "Disconnected"}</p>
      <pre data-testid="heard">{JSON.stringify(heard)}</pre>
    </>
  );
}

/** What system D's demo shows: messages for a user, and who is connected. */
function Demo({ server }: { server: string }) {
  const { isConnected, lastEvent } = useSSE({ url: `${server}/api/sse`, userId: "user123", metadata: { theme: "dark" } });
  return (
    <>
      <p data-testid="status">{isConnected ? "Connected" : "Disconnected"}</p>
      <p data-testid="last">{(lastEvent?.data as { message?: string } | undefined)?.message ?? "nothing"}</p>
      <TrackConnections url={`${server}/api/sse/clients`} interval={50} />
    </>
  );
}

if (typeof document !== "undefined") {
  const query = new URLSearchParams(location.search);
  const server = query.get("server") ?? "";
  const apps: Record<string, () => React.ReactNode> = {
    provided: () => <Provided server={server} />,
    room: () => <Room server={server} token={query.get("token") ?? ""} />,
    document: () => <OfDocument server={server} />,
    renewed: () => <Renewed server={server} />,
    demo: () => <Demo server={server} />,
    connections: () => <TrackConnections url="/api/sse/clients" interval={50} />,
  };
  const root = document.querySelector("#root")!;
  const app = <StrictMode>{apps[query.get("app")!]!()}</StrictMode>;
  if (root.hasChildNodes()) hydrateRoot(root, app);
  else createRoot(root).render(app);
}
