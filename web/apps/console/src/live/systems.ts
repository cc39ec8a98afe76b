// The five systems as one hub serves them: their streams, and the calls that make something happen on them.

import * as cpp from "./cpp.js";
import { defaultMounts, type Interface, type Mounts } from "../api/mounts.js";

export type SystemId = "A" | "B" | "C" | "D" | "E";

export interface Parameter {
  name: string;
  label: string;
  /** Where it goes. A path takes it encoded. */
  in: "path" | "query";
  value: string;
  hint?: string;
}

export interface StreamChoice {
  id: string;
  name: string;
  /** `{name}` is a path parameter. */
  path: string;
  parameters: Parameter[];
  /** What it takes to listen: nobody in particular, somebody, or somebody with a token that a key has signed. */
  needs: "nobody" | "user" | "signed";
}

export interface CallChoice {
  id: string;
  name: string;
  path: string;
  parameters: Parameter[];
  needs: "nobody" | "user" | "admin";
  /** The body to begin with; in a text of it `{me}` is the caller. */
  body: object;
  /** The same in process, from C++. */
  cpp: cpp.Cpp;
}

export interface System {
  id: SystemId;
  /** Its section of the settings, which may put it elsewhere than the paths below say. */
  mount: Interface;
  name: string;
  about: string;
  guide: string;
  streams: StreamChoice[];
  calls: CallChoice[];
}

const topic = (value: string, hint?: string): Parameter => ({ name: "topic", label: "Topic", in: "query", value, ...(hint ? { hint } : {}) });

export const systems: System[] = [
  {
    id: "A",
    mount: "topic_service",
    name: "Topics",
    about: "A topic service: whoever names a topic, or a pattern, hears what is published under it.",
    guide: "systems/a-topics",
    streams: [
      {
        id: "subscribe",
        name: "Topics and patterns",
        path: "/events/subscribe",
        parameters: [
          topic("demo/**", "* is one segment, ** the rest"),
          { name: "last", label: "Begin with the last", in: "query", value: "", hint: "events of what is kept" },
        ],
        needs: "nobody",
      },
    ],
    calls: [
      {
        id: "publish",
        name: "Publish under a topic",
        path: "/events/publish/{topic}",
        parameters: [{ name: "topic", label: "Topic", in: "path", value: "demo/bells" }],
        needs: "nobody",
        body: { data: { text: "Hello" } },
        cpp: cpp.publish,
      },
      {
        id: "named",
        name: "Publish with a name",
        path: "/events/publish/{topic}",
        parameters: [{ name: "topic", label: "Topic", in: "path", value: "demo/bells" }],
        needs: "nobody",
        body: { event: "chime", data: { hour: 12, strokes: [1, 2, 3] }, metadata: { tower: "west" } },
        cpp: cpp.publish,
      },
    ],
  },
  {
    id: "B",
    mount: "users",
    name: "Users",
    about: "An application tells its users what happens; each has streams, and a calendar that reminds.",
    guide: "systems/b-users",
    streams: [{ id: "connect", name: "My events", path: "/api/sse/connect", parameters: [], needs: "user" }],
    calls: [
      {
        id: "send",
        name: "Send to a user",
        path: "/api/sse/send",
        parameters: [],
        needs: "user",
        body: { userId: "{me}", type: "task_assigned", data: { title: "Tune the west bell" } },
        cpp: cpp.toUsers("type"),
      },
      {
        id: "all",
        name: "Send to everyone",
        path: "/api/sse/send",
        parameters: [],
        needs: "user",
        body: { type: "dashboard_update", data: { visitors: 128 } },
        cpp: cpp.toUsers("type"),
      },
    ],
  },
  {
    id: "C",
    mount: "domains",
    name: "Domains",
    about: "A boilerplate with four domains: notifications, realtime, chat and system status.",
    guide: "systems/c-domains",
    streams: [
      {
        id: "notifications",
        name: "Notifications",
        path: "/notifications/stream",
        parameters: [{ name: "dispatch", label: "Dispatch", in: "query", value: "", hint: "named, message, or both as it is" }],
        needs: "user",
      },
      { id: "realtime", name: "Realtime updates", path: "/realtime/stream", parameters: [], needs: "user" },
      { id: "chat", name: "Chat, all my rooms", path: "/chat/stream", parameters: [], needs: "user" },
      {
        id: "room",
        name: "Chat, one room",
        path: "/chat/room/{roomId}/stream",
        parameters: [{ name: "roomId", label: "Room", in: "path", value: "lobby" }],
        needs: "user",
      },
      { id: "status", name: "System status", path: "/system/status/stream", parameters: [], needs: "user" },
      { id: "heartbeat", name: "Heartbeats", path: "/system/heartbeat", parameters: [], needs: "user" },
    ],
    calls: [
      {
        id: "send",
        name: "Send a notification",
        path: "/notifications/send",
        parameters: [],
        needs: "user",
        body: { title: "Test", message: "Hello World", type: "info" },
        cpp: cpp.notify("type"),
      },
      {
        id: "update",
        name: "Send a realtime update",
        path: "/realtime/update",
        parameters: [],
        needs: "user",
        body: { type: "price", entity: "bell", data: { value: 42 } },
        cpp: cpp.change("realtime-update", 'update(WHAT, "realtime"'),
      },
      {
        id: "join",
        name: "Join a chat room",
        path: "/chat/room/{roomId}/join",
        parameters: [{ name: "roomId", label: "Room", in: "path", value: "lobby" }],
        needs: "user",
        body: {},
        cpp: cpp.join,
      },
      {
        id: "message",
        name: "Say something in a room",
        path: "/chat/message",
        parameters: [],
        needs: "user",
        body: { roomId: "lobby", message: "Who is ringing?" },
        cpp: cpp.say,
      },
      {
        id: "status",
        name: "Tell the system's status",
        path: "/system/status/update",
        parameters: [],
        needs: "admin",
        body: { status: "maintenance", message: "Back at noon" },
        cpp: cpp.change("system-status", "announce(WHAT"),
      },
    ],
  },
  {
    id: "D",
    mount: "metadata",
    name: "Clients",
    about: "Clients say who they are and what they show; back ends send by user, session or metadata.",
    guide: "systems/d-metadata",
    streams: [
      {
        id: "stream",
        name: "A client with metadata",
        path: "/api/sse",
        parameters: [
          { name: "userId", label: "User", in: "query", value: "user123" },
          { name: "page", label: "Metadata: page", in: "query", value: "belfry" },
        ],
        needs: "nobody",
      },
    ],
    calls: [
      {
        id: "test",
        name: "Send the test notification",
        path: "/api/sse/test",
        parameters: [],
        needs: "nobody",
        body: { userId: "user123", message: "Test notification" },
        cpp: cpp.test,
      },
      {
        id: "notify",
        name: "Notify by user",
        path: "/api/sse/notify",
        parameters: [],
        needs: "user",
        body: { userId: "user123", event: "bell_tuned", data: { bell: "west", cents: 3 } },
        cpp: cpp.toClients,
      },
      {
        id: "broadcast",
        name: "Broadcast",
        path: "/api/sse/notify",
        parameters: [],
        needs: "user",
        body: { broadcast: true, event: "alert", data: { message: "System update available" } },
        cpp: cpp.toClients,
      },
    ],
  },
  {
    id: "E",
    mount: "notifications",
    name: "Notifications",
    about: "Notifications kept in a database: who was away gets them later, once.",
    guide: "systems/e-notifications",
    streams: [{ id: "stream", name: "My notifications", path: "/api/v1/sse/notifications", parameters: [], needs: "signed" }],
    calls: [
      {
        id: "notify",
        name: "Create a notification",
        path: "/api/v1/sse/notifications",
        parameters: [],
        needs: "user",
        body: { notificationType: "order", action: "created", priority: "high", title: "A new order", userIds: ["{me}"], data: { order: 7 } },
        cpp: cpp.notify("notificationType"),
      },
      {
        id: "system",
        name: "Announce to everyone",
        path: "/api/v1/sse/system",
        parameters: [],
        needs: "user",
        body: { eventType: "maintenance", data: { at: "12:00" } },
        cpp: cpp.announce,
      },
      {
        id: "custom",
        name: "Send a custom event",
        path: "/api/v1/sse/custom",
        parameters: [],
        needs: "user",
        body: { eventType: "bell_rung", data: { bell: "west" }, userIds: ["{me}"] },
        cpp: cpp.toUsers("eventType"),
      },
    ],
  },
];

/** The body of a call as its sender finds it. */
export const bodyOf = ({ body }: CallChoice, me: string): string => JSON.stringify(body, (_, value: unknown) => (value === "{me}" ? me : value), 2);

/** What a call's form says, with the values that it begins with. */
export const valuesOf = (parameters: Parameter[], values: Record<string, string>): Record<string, string> =>
  Object.fromEntries(parameters.map(({ name, value }) => [name, (values[name] ?? value).trim()]));

export const systemOf = (id: SystemId): System => systems.find((system) => system.id === id)!;

/** The path where the server has it. */
export const placed = ({ mount }: System, path: string, mounts: Mounts): string => (mounts[mount] ?? "") + path.slice(defaultMounts[mount]!.length);

/** A parameter of a path: topics have segments of their own, anything else is one. */
export const inPath = (name: string, value: string): string => (name === "topic" ? value.split("/").map(encodeURIComponent).join("/") : encodeURIComponent(value));

/** The address with these parameters; empty ones of the query are left out. */
export function target(path: string, parameters: Parameter[], values: Record<string, string>): string {
  let at = path;
  const query = new URLSearchParams();
  for (const parameter of parameters) {
    const value = (values[parameter.name] ?? parameter.value).trim();
    if (parameter.in === "path") at = at.replace(`{${parameter.name}}`, inPath(parameter.name, value));
    else if (value) query.append(parameter.name, value);
  }
  // A slash and a star need no escape in a query, and are easier to read.
  const text = query.toString().replaceAll("%2F", "/");
  return text ? `${at}?${text}` : at;
}
