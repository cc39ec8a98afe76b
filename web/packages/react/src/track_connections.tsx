import { type ConnectionStatistics, type Polled, pollConnections } from "carillon-client/store";
import { type ReactNode, useEffect, useState } from "react";
import { useLatest } from "./latest.js";

export interface TrackConnectionsProps {
  /** Default `/api/sse/clients`. */
  url?: string;
  /** Milliseconds between two looks. Default 5000. */
  interval?: number;
  token?: string | (() => string | undefined | Promise<string | undefined>);
}

/** Who is connected, in figures: total, by user, average duration, events sent, last event. */
export function TrackConnections({ url = "/api/sse/clients", interval = 5000, token }: TrackConnectionsProps): ReactNode {
  const [polled, setPolled] = useState<Polled>({});
  const latest = useLatest(token);
  useEffect(() => {
    const end = new AbortController();
    pollConnections({ url, interval, token: () => (typeof latest.current === "function" ? latest.current() : latest.current), signal: end.signal, told: setPolled });
    return () => end.abort();
  }, [url, interval, latest]);
  const { statistics, problem } = polled;
  return (
    <section aria-label="Connections" aria-busy={!statistics && !problem}>
      {problem && <p role="alert">{problem}</p>}
      {!statistics && !problem && <p role="status">Loading …</p>}
      {statistics && <Figures {...statistics} />}
    </section>
  );
}

function Figures({ total, byUser, averageDuration, eventsSent, lastEventAt }: ConnectionStatistics): ReactNode {
  const users = Object.entries(byUser);
  return (
    <>
      <dl>
        <dt>Connected clients</dt>
        <dd>{total}</dd>
        <dt>Average duration</dt>
        <dd>{Math.round(averageDuration / 1000)} s</dd>
        <dt>Events sent</dt>
        <dd>{eventsSent}</dd>
        <dt>Last event</dt>
        <dd>{lastEventAt ? <time dateTime={lastEventAt}>{new Date(lastEventAt).toLocaleTimeString()}</time> : "none yet"}</dd>
      </dl>
      {users.length > 0 && (
        <table>
          <thead>
            <tr>
              <th scope="col">User</th>
              <th scope="col">Clients</th>
            </tr>
          </thead>
          <tbody>
            {users.map(([user, count]) => (
              <tr key={user}>
                <td>{user}</td>
                <td>{count}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </>
  );
}
