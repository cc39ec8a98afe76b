// Notifications kept in a database: publisher, and what a processor of notifications needs.
import type { Carillon, Receipt } from "./carillon.js";

export type Priority = "LOW" | "MEDIUM" | "HIGH" | "URGENT" | (string & {});

/** A notification as its recipient lists it. */
export interface KeptNotification<T = unknown> {
  notificationId: string;
  notificationType?: string;
  action?: string;
  priority?: Priority;
  data?: T;
  read?: boolean;
  [more: string]: unknown;
}

/** What became of a notification at one recipient. */
export interface Delivery {
  userId: string;
  status: string;
  [more: string]: unknown;
}

/** Publishes; Carillon stores a notification with its event as one unit, and logs its delivery to each recipient. */
export class SSEPublisher {
  constructor(readonly carillon: Carillon) {}

  /** To the recipients, also to those who are away now: they get it on their next connection, once. */
  publishNotification(
    notificationId: string,
    notificationType: string,
    action: string,
    priority: Priority,
    data: unknown,
    recipientUserIds: readonly string[],
  ): Promise<Receipt> {
    const json = { notificationId, notificationType, action, priority, data, recipientUserIds };
    return this.post("notifications", recipientUserIds, json);
  }

  /** To everybody. */
  publishSystemEvent(eventType: string, data: unknown): Promise<Receipt> {
    return this.post("system", "all", { eventType, data });
  }

  /** To these users, or to everybody. */
  publishCustomEvent(eventType: string, data: unknown, userIds?: readonly string[]): Promise<Receipt> {
    return this.post("custom", userIds ?? "all", { eventType, data, ...(userIds && { userIds }) });
  }

  private post(what: string, keys: readonly string[] | "all", json: unknown): Promise<Receipt> {
    return this.carillon.send(keys, "POST", `${this.carillon.prefixes.notifications}/${what}`, { json });
  }
}
