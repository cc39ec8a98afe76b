// The server's own descriptions (OpenAPI 3.1, AsyncAPI 3), as far as the page shows them.
import type { Mounts } from "../api/mounts.js";

export interface Schema {
  type?: string;
  description?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
}
interface ParameterObject {
  name: string;
  in: "path" | "query" | "header";
  required?: boolean;
  description?: string;
  schema?: Schema;
}
interface OperationObject {
  operationId: string;
  summary?: string;
  parameters?: ParameterObject[];
  requestBody?: { required?: boolean; content?: Record<string, { schema?: Schema }> };
  responses?: Record<string, { description?: string; content?: Record<string, unknown> }>;
  "x-access"?: { locally: string; otherwise: string };
}
export interface OpenApi {
  info: { title: string; version: string };
  paths: Record<string, Record<string, OperationObject>>;
}
interface Message {
  name: string;
  title?: string;
  summary?: string;
  payload?: Schema;
}
export interface AsyncApi {
  channels: Record<string, { address: string; messages?: Record<string, Message> }>;
}

export interface Operation {
  id: string;
  method: string;
  path: string;
  summary: string;
  parameters: ParameterObject[];
  /** Null: it takes none. */
  body: { types: string[]; needed: boolean; schema: Schema } | null;
  answers: { status: string; types: string[]; meaning: string }[];
  access: { locally: string; otherwise: string } | undefined;
  isStream: boolean;
  events: Message[];
}

/** Which group a path is of. What stands within another's prefix comes before it. */
function rulesOf(mounts: Mounts): [title: string, holds: (path: string) => boolean][] {
  const below = (mount: string | undefined, ...ends: string[]) => (path: string) => mount !== undefined && ends.some((end) => path === mount + end || path.startsWith(`${mount}${end}/`));
  const { topic_service, users, domains, metadata, notifications } = mounts;
  return [
    ["A · Topics", below(topic_service, "/subscribe", "/publish", "/history", "/scheduled", "/streams", "/clients", "/stats")],
    ["D · Clients", (path) => path === metadata || below(metadata, "/test", "/notify", "/clients")(path)],
    ["E · Notifications", below(notifications, "/notifications", "/system", "/custom")],
    ["B · Users", below(users, "/sse", "/calendar")],
    ["C · Domains", (path) => [domains, "/api"].some((mount) => below(mount, "/notifications", "/realtime", "/chat", "/system")(path))],
    ["Identity", below("/auth", "")],
    ["Administration", (path) => below("/admin", "")(path) || below("/console", "")(path)],
  ];
}
const order = ["A · Topics", "B · Users", "C · Domains", "D · Clients", "E · Notifications", "Identity", "Administration", "The server"];

/** All operations by group; those that are there a second time below `/api`, and the pages, are left out. */
export function grouped(api: OpenApi, streams: AsyncApi | undefined, mounts: Mounts): { title: string; operations: Operation[] }[] {
  const rules = rulesOf(mounts);
  const groups = new Map<string, Operation[]>(order.map((title) => [title, []]));
  const events = new Map(Object.values(streams?.channels ?? {}).map((channel) => [channel.address, Object.values(channel.messages ?? {})]));
  for (const [path, methods] of Object.entries(api.paths)) {
    if (path.startsWith("/api/") && api.paths[path.slice(4)]) continue;
    for (const [method, operation] of Object.entries(methods)) {
      const answers = Object.entries(operation.responses ?? {})
        .filter(([status]) => status !== "default")
        .map(([status, { description, content }]) => ({ status, types: Object.keys(content ?? {}), meaning: description ?? "" }));
      const types = answers.flatMap((answer) => answer.types);
      if (types.some((type) => type.startsWith("text/html") || type === "*/*")) continue;
      const content = operation.requestBody?.content;
      const isStream = types.includes("text/event-stream");
      groups.get(rules.find(([, holds]) => holds(path))?.[0] ?? "The server")!.push({
        id: operation.operationId,
        method: method.toUpperCase(),
        path,
        summary: operation.summary ?? "",
        parameters: operation.parameters ?? [],
        body: content ? { types: Object.keys(content), needed: operation.requestBody?.required ?? false, schema: content["application/json"]?.schema ?? {} } : null,
        answers,
        access: operation["x-access"],
        isStream,
        events: isStream ? (events.get(path) ?? []) : [],
      });
    }
  }
  return [...groups].map(([title, operations]) => ({ title, operations })).filter(({ operations }) => operations.length > 0);
}

const samples: Record<string, unknown> = { string: "", integer: 1, number: 1, boolean: true, object: {}, array: [] };
/** Values to begin with, of names that mean the same everywhere. */
export const known: Record<string, unknown> = { data: { text: "Hello" }, topic: "demo/bells", message: "Hello", title: "Hello", type: "info", event: "chime", userId: "test123", roomId: "lobby" };

/** A body to begin with: what is needed, or a few fields that say something. */
export function sample(schema: Schema): string {
  const properties = Object.entries(schema.properties ?? {});
  if (properties.length === 0) return JSON.stringify({ data: { text: "Hello" } }, null, 2);
  const needed = properties.filter(([name]) => schema.required?.includes(name));
  const chosen = needed.length > 0 ? needed : properties.filter(([name]) => name in known).slice(0, 3);
  return JSON.stringify(Object.fromEntries(chosen.map(([name, { type }]) => [name, known[name] ?? samples[type ?? "object"] ?? null])), null, 2);
}

export const accessWords: Record<string, string> = {
  none: "everybody",
  optional: "everybody; with a token, what it grants",
  user: "a user",
  verified_user: "a user with a signed token",
  owner: "the owner",
  publisher: "a publisher or admin",
  admin: "an admin",
};
export const accessOf = (word: string): string => accessWords[word] ?? accessWords[word.replaceAll(" ", "_")] ?? word;
