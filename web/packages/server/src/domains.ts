// Four domains: notifications, realtime updates, chat and the system's status.
import type { Carillon, Receipt } from "./carillon.js";
import type { User } from "./caller.js";

/** What a notification says: a title or a message at least. */
export interface NotificationContent {
  title?: string;
  message?: string;
  type?: string;
  action?: string;
  priority?: string;
  data?: unknown;
}

/** Whom a notification goes to. */
export type Target = { userId: string } | { userIds: readonly string[] };

export interface RealtimeUpdate {
  data: unknown;
  type?: string;
  entity?: string;
  action?: string;
}

export interface ChatRoom {
  roomId: string;
  name?: string;
  owner: string;
  open: boolean;
  createdAt: string;
}

export interface ChatMessage {
  roomId: string;
  message: string;
  data?: unknown;
}

export interface StatusUpdate {
  /** One of both at least. */
  status?: string;
  message?: string;
  data?: unknown;
}

/** The calls of the four domains, each under the name of its route. */
export class Domains {
  readonly notifications: NotificationCalls;
  readonly realtime: RealtimeCalls;
  readonly chat: ChatCalls;
  readonly system: SystemCalls;

  constructor(carillon: Carillon) {
    this.notifications = new NotificationCalls(carillon);
    this.realtime = new RealtimeCalls(carillon);
    this.chat = new ChatCalls(carillon);
    this.system = new SystemCalls(carillon);
  }
}

export class NotificationCalls {
  /** @internal */
  constructor(private readonly carillon: Carillon) {}

  /** To one user or several; to nobody if the list is empty. */
  send(notification: NotificationContent & Target): Promise<Receipt> {
    const keys = "userId" in notification ? [notification.userId] : notification.userIds;
    if (keys?.length === 0) return Promise.resolve({});
    return this.carillon.send(keys, "POST", "/notifications/send", { json: notification });
  }

  broadcast(notification: NotificationContent): Promise<Receipt> {
    return this.carillon.send("all", "POST", "/notifications/broadcast", { json: notification });
  }
}

export class RealtimeCalls {
  /** @internal */
  constructor(private readonly carillon: Carillon) {}

  update(update: RealtimeUpdate): Promise<Receipt> {
    return this.carillon.send([":realtime"], "POST", "/realtime/update", { json: update });
  }

  /** Tells that an entity was created; its data in your own shape. */
  createEntity(entity: string, data: unknown): Promise<Receipt> {
    return this.entity(entity, "create", data);
  }

  updateEntity(entity: string, data: unknown): Promise<Receipt> {
    return this.entity(entity, "update", data);
  }

  deleteEntity(entity: string, data: unknown): Promise<Receipt> {
    return this.entity(entity, "delete", data);
  }

  private entity(entity: string, action: "create" | "update" | "delete", data: unknown): Promise<Receipt> {
    const call = { params: { entity }, json: data };
    return this.carillon.send([":realtime"], "POST", `/realtime/entity/{entity}/${action}`, call);
  }
}

/** What happens in a room happens in the name of one of its members. */
export class ChatCalls {
  /** @internal */
  constructor(private readonly carillon: Carillon) {}

  message(as: User, message: ChatMessage): Promise<Receipt> {
    const call = { json: message, as };
    return this.carillon.send([room(message.roomId)], "POST", "/chat/message", call);
  }

  /** Gives the room and its newest messages. */
  join(as: User, roomId: string): Promise<Receipt> {
    return this.inRoom(as, roomId, "join");
  }

  leave(as: User, roomId: string): Promise<Receipt> {
    return this.inRoom(as, roomId, "leave");
  }

  typing(as: User, roomId: string, typing = true): Promise<Receipt> {
    return this.inRoom(as, roomId, "typing", { typing });
  }

  /** A room that is not `open` can be joined by invitation only, and gets an id that cannot be guessed. */
  createRoom(as: User, options: { roomId?: string; name?: string; open?: boolean } = {}): Promise<ChatRoom> {
    const keys = options.roomId === undefined ? [":rooms"] : [room(options.roomId)];
    const made = this.carillon.send(keys, "POST", "/chat/rooms", { json: options, as });
    return made as Promise<unknown> as Promise<ChatRoom>;
  }

  invite(as: User, roomId: string, userId: string): Promise<Receipt> {
    return this.inRoom(as, roomId, "invite", { userId });
  }

  async rooms(as: User): Promise<ChatRoom[]> {
    return ((await this.carillon.get("/chat/rooms", { as })) as { rooms: ChatRoom[] }).rooms;
  }

  private inRoom(as: User, roomId: string, action: "join" | "leave" | "typing" | "invite", json?: unknown): Promise<Receipt> {
    return this.carillon.send([room(roomId)], "POST", `/chat/room/{roomId}/${action}`, { params: { roomId }, as, json });
  }
}

const room = (id: string): string => `:room ${id}`;

export class SystemCalls {
  /** @internal */
  constructor(private readonly carillon: Carillon) {}

  updateStatus(status: StatusUpdate): Promise<Receipt> {
    return this.carillon.send([":status"], "POST", "/system/status/update", { json: status });
  }

  async stats(): Promise<Receipt> {
    return (await this.carillon.get("/system/stats")) as Receipt;
  }

  async connections(): Promise<Receipt> {
    return (await this.carillon.get("/system/connections")) as Receipt;
  }

  async health(): Promise<Receipt> {
    return (await this.carillon.get("/system/health")) as Receipt;
  }
}
