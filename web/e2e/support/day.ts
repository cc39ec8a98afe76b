// A server as it is in the middle of a day: people listen, events come, some wait.
import type { Server } from "./server.js";

/** A development token of system C. */
export const devToken = (user: string, roles = "user"): string => Buffer.from(`${user}:${user}:${user}@example.com:${roles}`).toString("base64");
export const admin = devToken("root", "admin");

export interface Day {
  post(path: string, body: unknown, token?: string): Promise<Response>;
  /** Its streams end. */
  end(): void;
}

const topics = ["orders/created", "orders/shipped", "news", "prices/copper", "prices/tin", "weather/west", "a/topic/whose/name/goes/on/for/quite/a/while/because/somebody/liked/it/that/way"];
const users = ["ann", "bob", "carol", "dave", "a-user-with-a-rather-long-name@mail.example.com"];
const notes = [
  ["Your order has left us", "order"],
  ["Rehearsal moved to Friday, and to the other tower, since the first one is being painted", "calendar"],
  ["A bell is out of tune", "alert"],
];

export async function fill(server: Server): Promise<Day> {
  const over = new AbortController();
  // Kept: an answer that nobody holds is collected, and its connection with it.
  const streams: Response[] = [];
  const post = (path: string, body: unknown, token = admin) =>
    fetch(server.url + path, { method: "POST", headers: { "Content-Type": "application/json", Authorization: `Bearer ${token}` }, body: JSON.stringify(body) });
  const listen = async (path: string, user = "root") => void streams.push(await fetch(server.url + path, { signal: over.signal, headers: { Authorization: `Bearer ${devToken(user)}` } }));
  await Promise.all(topics.flatMap((topic, n) => users.slice(0, 5 - (n % 5)).map((user) => listen(`/events/subscribe?topic=${encodeURIComponent(topic)}`, user))));
  await Promise.all([listen("/events/subscribe?topic=orders/*&topic=news&topic=prices/**"), ...users.map((user) => listen("/chat/stream", user))]);
  await Promise.all([...users.slice(0, 4).map((user) => post("/chat/room/lobby/join", {}, devToken(user))), ...users.slice(2, 4).map((user) => post("/chat/room/ringers/join", {}, devToken(user)))]);
  for (const topic of topics)
    await post("/events/publish", Array.from({ length: 8 }, (_, n) => ({ topic, event: topic.startsWith("orders") ? topic.slice(7) : "update", data: { n, total: n * 12.5, customer: { name: "Ann Bell", city: "Ghent" } } })));
  for (const [title, type] of notes) await post("/api/v1/sse/notifications", { notificationType: type, action: "created", priority: type === "alert" ? "high" : "low", title, message: "Read it when you like.", userIds: users.slice(0, 3) });
  for (const hours of [1, 2, 26, 700]) await post("/events/publish/reminders", { data: { inHours: hours }, event: "due", deliverAt: new Date(Date.now() + hours * 3_600_000).toISOString() });
  for (let n = 0; n < 3; n++) await post("/events/streams", {});
  return {
    post,
    end() {
      over.abort();
      streams.length = 0;
    },
  };
}
