// Notifications kept in a database: publisher, and what a processor of notifications needs.
import type { Carillon, Receipt } from "./carillon.js";
import type { User } from "./caller.js";

export type Priority = "LOW" | "MEDIUM" | "HIGH" | "URGENT" | (string & {});

/** A notification as its recipient lists it. */
export interface KeptNotification<T = unknown> {
  notificationId: string;
  notificationType?: string;
  action?: string;
  priority?: Priority;
  title?: string;
  message?: string;
  data?: T;
  sender?: string;
  createdAt: string;
  read: boolean;
  readAt?: string;
  /** What became of it at this recipient. */
  state: string;
}

/** What became of a notification at one recipient. */
export interface Delivery {
  userId: string;
  state: string;
  /** Streams of the user that it was handed to. */
  connections?: number;
  updatedAt: string;
}

/** Publishes; Carillon stores a notification with its event as one unit, and logs its delivery to each recipient. */
export class SSEPublisher {
  constructor(readonly carillon: Carillon) {}

  /**
   * To the recipients, also to those who are away now: they get it on their next connection, once. The id is yours and
   * unique; `CONFLICT` if another notification has it.
   */
  publishNotification(
    notificationId: string,
    notificationType: string,
    action: string,
    priority: Priority,
    data: unknown,
    recipientUserIds: readonly string[],
  ): Promise<Receipt> {
    if (recipientUserIds?.length === 0) return Promise.resolve({});
    const json = { notificationId, notificationType, action, priority, data, recipientUserIds };
    // An attempt whose answer was lost has taken the id: the next one is told so.
    return this.carillon.send(recipientUserIds, "POST", "/api/v1/sse/notifications", { json, namesItself: true });
  }

  /** To everybody. */
  publishSystemEvent(eventType: string, data: unknown): Promise<Receipt> {
    return this.carillon.send("all", "POST", "/api/v1/sse/system", { json: { eventType, data } });
  }

  /** To these users, to nobody if the list is empty, to everybody if there is none. */
  publishCustomEvent(eventType: string, data: unknown, userIds?: readonly string[]): Promise<Receipt> {
    if (userIds?.length === 0) return Promise.resolve({});
    const json = { eventType, data, ...(userIds && { userIds }) };
    return this.carillon.send(userIds ?? "all", "POST", "/api/v1/sse/custom", { json });
  }

  /** What became of a notification, recipient by recipient. */
  async *deliveries(notificationId: string): AsyncGenerator<Delivery, void, undefined> {
    const params = { id: notificationId };
    for (let after: string | undefined; ; ) {
      const page = (await this.carillon.get("/api/v1/sse/notifications/{id}/deliveries", { params, query: { after } })) as { deliveries: Delivery[]; next?: string };
      yield* page.deliveries;
      if (page.next === undefined) return;
      after = page.next;
    }
  }

  /** The notifications of one user. */
  inbox(user: User): Inbox {
    return new Inbox(this.carillon, user);
  }
}

/** What a user may do with their own notifications; the calls are made in the user's name. */
export class Inbox {
  constructor(
    private readonly carillon: Carillon,
    private readonly user: User,
  ) {}

  /** Newest first, page after page. */
  async *list<T = unknown>(options: { unread?: boolean } = {}): AsyncGenerator<KeptNotification<T>, void, undefined> {
    for (let before: number | undefined; ; ) {
      const query = { before, unread: options.unread || undefined };
      const page = (await this.carillon.get("/api/v1/sse/notifications/inbox", { query, as: this.user })) as {
        notifications: KeptNotification<T>[];
        next?: number;
      };
      yield* page.notifications;
      if (page.next === undefined) return;
      before = page.next;
    }
  }

  async countUnread(): Promise<number> {
    return ((await this.carillon.get("/api/v1/sse/notifications/unread", { as: this.user })) as { unread: number }).unread;
  }

  markRead(notificationId: string): Promise<Receipt> {
    const call = { params: { id: notificationId }, as: this.user };
    return this.carillon.send([this.user.id], "POST", "/api/v1/sse/notifications/{id}/read", call);
  }

  markAllRead(): Promise<Receipt> {
    return this.carillon.send([this.user.id], "POST", "/api/v1/sse/notifications/read", { as: this.user });
  }
}
