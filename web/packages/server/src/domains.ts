// Four domains: notifications, realtime updates, chat and the system's status.
import type { Carillon, Receipt } from "./carillon.js";
import type { User } from "./caller.js";

/** What a notification says. */
export interface NotificationContent {
  title: string;
  message: string;
  type?: string;
  data?: unknown;
}

export interface RealtimeUpdate {
  type?: string;
  entity?: string;
  action?: string;
  data?: unknown;
  [more: string]: unknown;
}

export interface ChatMessage {
  roomId: string;
  message: string;
  type?: string;
  data?: unknown;
  [more: string]: unknown;
}

export interface StatusUpdate {
  status?: string;
  message?: string;
  [more: string]: unknown;
}

/** Whom a notification goes to. */
export type Target = { userId: string } | { userIds: readonly string[] };

/** The calls of the four domains, each under the name of its route. */
export class Domains {
  readonly notifications: NotificationCalls;
  readonly realtime: RealtimeCalls;
  readonly chat: ChatCalls;
  readonly system: SystemCalls;

  constructor(carillon: Carillon) {
    const root = carillon.prefixes.domains;
    this.notifications = new NotificationCalls(carillon, `${root}/notifications`);
    this.realtime = new RealtimeCalls(carillon, `${root}/realtime`);
    this.chat = new ChatCalls(carillon, `${root}/chat`);
    this.system = new SystemCalls(carillon, `${root}/system`);
  }
}

class NotificationCalls {
  constructor(
    private readonly carillon: Carillon,
    private readonly path: string,
  ) {}

  send(notification: NotificationContent & Target): Promise<Receipt> {
    const keys = "userId" in notification ? [notification.userId] : notification.userIds;
    return this.carillon.send(keys, "POST", `${this.path}/send`, { json: notification });
  }

  broadcast(notification: NotificationContent): Promise<Receipt> {
    return this.carillon.send("all", "POST", `${this.path}/broadcast`, { json: notification });
  }
}

class RealtimeCalls {
  constructor(
    private readonly carillon: Carillon,
    private readonly path: string,
  ) {}

  update(update: RealtimeUpdate): Promise<Receipt> {
    return this.carillon.send([":realtime"], "POST", `${this.path}/update`, { json: update });
  }

  create(entity: string, data: unknown): Promise<Receipt> {
    return this.entity(entity, "create", data);
  }

  /** An entity's update; `update` without an entity tells of something else. */
  updateEntity(entity: string, data: unknown): Promise<Receipt> {
    return this.entity(entity, "update", data);
  }

  delete(entity: string, data: unknown): Promise<Receipt> {
    return this.entity(entity, "delete", data);
  }

  private entity(entity: string, action: string, data: unknown): Promise<Receipt> {
    const path = `${this.path}/entity/${encodeURIComponent(entity)}/${action}`;
    return this.carillon.send([":realtime"], "POST", path, { json: data });
  }
}

/** What happens in a room happens in the name of one of its members. */
class ChatCalls {
  constructor(
    private readonly carillon: Carillon,
    private readonly path: string,
  ) {}

  message(as: User, message: ChatMessage): Promise<Receipt> {
    return this.carillon.send([`:room ${message.roomId}`], "POST", `${this.path}/message`, { json: message, as });
  }

  join(as: User, roomId: string): Promise<Receipt> {
    return this.room(as, roomId, "join");
  }

  leave(as: User, roomId: string): Promise<Receipt> {
    return this.room(as, roomId, "leave");
  }

  private room(as: User, roomId: string, action: string): Promise<Receipt> {
    const path = `${this.path}/room/${encodeURIComponent(roomId)}/${action}`;
    return this.carillon.send([`:room ${roomId}`], "POST", path, { json: {}, as });
  }
}

class SystemCalls {
  constructor(
    private readonly carillon: Carillon,
    private readonly path: string,
  ) {}

  updateStatus(status: StatusUpdate): Promise<Receipt> {
    return this.carillon.send([":status"], "POST", `${this.path}/status/update`, { json: status });
  }

  async stats(): Promise<Receipt> {
    return (await this.carillon.get(`${this.path}/stats`)) as Receipt;
  }

  async connections(): Promise<Receipt> {
    return (await this.carillon.get(`${this.path}/connections`)) as Receipt;
  }

  async health(): Promise<Receipt> {
    return (await this.carillon.get(`${this.path}/health`)) as Receipt;
  }
}
