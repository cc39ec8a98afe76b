// The calls of the live page as C++, with what stands in its form. Whatever a name or a body holds is text in a literal.
import { compact, isJson, member } from "../ui/json_text.js";

/** What the form says: its parameters, its body (JSON), and who sends it. */
export interface Sent {
  values: Readonly<Record<string, string>>;
  body: string;
  me: string;
}

/** What turns the order of the characters around it, or cannot be seen. */
// eslint-disable-next-line no-misleading-character-class
const unseen = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** JSON in which such characters are escaped; in JSON they stand within strings only. */
export const visible = (json: string): string => compact(json).replace(unseen, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);

const octal = (c: string): string => [...new TextEncoder().encode(c)].map((byte) => `\\${byte.toString(8).padStart(3, "0")}`).join("");

/** A string literal. Three octal digits end by themselves, whatever follows; two question marks may begin a trigraph. */
export const literal = (text: string): string => `"${text.replace(/["\\]/g, "\\$&").replace(unseen, octal).replaceAll("??", "?\\?")}"`;

/** A raw literal of JSON, with an end that does not occur in it. */
export function raw(json: string): string {
  const text = visible(json);
  let mark = "";
  for (let n = 0; text.includes(`)${mark}"`); n++) mark = `json${n || ""}`;
  return `R"${mark}(${text})${mark}"`;
}

/** A member of the body that is a string. */
function text({ body }: Sent, name: string): string | undefined {
  const found = member(body, name);
  return found?.startsWith('"') ? (JSON.parse(found) as string) : undefined;
}
function recipients(sent: Sent): string[] {
  const all = member(sent.body, "userIds");
  const listed: unknown = all && isJson(all) ? JSON.parse(all) : undefined;
  if (Array.isArray(listed)) return listed.map(String);
  const one = text(sent, "userId");
  return one === undefined ? [] : [one];
}
const list = (names: string[]): string => `{${names.map(literal).join(", ")}}`;
/** `.name = value` of what is there. */
const fields = (all: Record<string, string | undefined>): string => `{${Object.entries(all).filter(([, value]) => value !== undefined).map(([name, value]) => `.${name} = ${value}`).join(", ")}}`;
const quoted = (value: string | undefined): string | undefined => (value === undefined ? undefined : literal(value));
const rawOf = (sent: Sent, name: string): string | undefined => {
  const found = member(sent.body, name);
  return found === undefined ? undefined : raw(found);
};

const unlessDone = (word: string, note = ""): string => `[](auto ${word}) {
    if (!${word}) complain(${word}.error().detail);${note}
});`;
const users = "carillon::services::user_events users(hub);";
const clients = "carillon::services::metadata_events clients(hub);";
const notes = `carillon::services::notifications notes(hub, relay, records,
    [&hub](std::string_view user) { return hub.connections_of(user); });`;
const chat = "carillon::services::chat chat(hub, relay, records);";

export type Cpp = (sent: Sent) => string;

export const publish: Cpp = (sent) => {
  const name = text(sent, "event");
  const data = member(sent.body, "data") ?? "null";
  const metadata = rawOf(sent, "metadata");
  const lines = [
    "carillon::event e;",
    `e.topics.push_back(*carillon::topic::parse(${literal(sent.values.topic ?? "")}));`,
    ...(name ? [`e.name = *carillon::wire::event_name::parse(${literal(name)});`] : []),
    ...(data.startsWith('"') ? [`e.data = ${literal(JSON.parse(data) as string)};`] : [`e.data = ${raw(data)};`, "e.payload = carillon::payload_kind::json;"]),
    ...(metadata ? [`e.metadata = ${metadata};`] : []),
    `hub.publish({std::move(e)}, ${unlessDone("published")}`,
  ];
  return lines.join("\n");
};

const userEvent = (sent: Sent, type: string) => fields({ type: quoted(text(sent, type)), data: rawOf(sent, "data") });

export const toUsers = (type: string): Cpp => (sent) => {
  const to = recipients(sent);
  const what = userEvent(sent, type);
  if (to.length === 0) return `${users}\nusers.send_to_all(${what}, std::nullopt, ${unlessDone("published")}`;
  return `${users}\nusers.send({.users = ${list(to)}}, ${what}, std::nullopt, ${unlessDone("published")}`;
};
/** The whole body is the data. */
export const change = (type: string, call: string): Cpp => ({ body }) => `${users}\nusers.${call.replace("WHAT", () => fields({ type: literal(type), data: raw(body) }))}, std::nullopt, ${unlessDone("published")}`;
export const announce: Cpp = (sent) => `${users}\nusers.announce(${userEvent(sent, "eventType")}, std::nullopt, ${unlessDone("published")}`;

export const notify = (type: string): Cpp => (sent) => {
  const to = recipients(sent);
  const what = fields({
    type: quoted(text(sent, type)),
    action: quoted(text(sent, "action")),
    priority: quoted(text(sent, "priority")),
    title: quoted(text(sent, "title")),
    message: quoted(text(sent, "message")),
    data: rawOf(sent, "data"),
  });
  return `${notes}\nnotes.notify(${what}, ${list(to.length > 0 ? to : [sent.me])}, ${unlessDone("sent")}`;
};

export const join: Cpp = ({ values, me }) => `${chat}\nchat.join(${literal(values.roomId ?? "")}, ${literal(me)}, ${unlessDone("joined", "  // else the room and its history")}`;
export const say: Cpp = (sent) => `${chat}\nchat.say(${fields({ room: literal(text(sent, "roomId") ?? ""), user: literal(sent.me), text: literal(text(sent, "message") ?? "") })}, ${unlessDone("said")}`;

export const test: Cpp = (sent) => `${clients}\nclients.notify_user(${literal(text(sent, "userId") ?? "")}, ${fields({ event: '"notification"', data: raw(`{"message":${JSON.stringify(text(sent, "message") ?? "")}}`) })});`;
export const toClients: Cpp = (sent) => {
  const what = fields({ event: quoted(text(sent, "event")), data: rawOf(sent, "data") });
  const user = text(sent, "userId");
  return `${clients}\nclients.${user === undefined ? "broadcast(" : `notify_user(${literal(user)}, `}${what});`;
};

/** A stream that the program reads: of topics, or of a user. */
export const listen = (topics: string[], me: string): string => `// In process: a stream that the program reads, without HTTP.
carillon::in_process_hub sse;
auto* stream = sse.${topics.length > 0 ? `listen_to(${list(topics)})` : `listen_as(${literal(me)})`}.value();
sse.run();
for (const auto& e : stream->heard()) std::cout << e.type << ' ' << e.data << '\\n';`;
