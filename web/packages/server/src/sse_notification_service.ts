import type { Receipt } from "./carillon.js";
import type { SSEService } from "./sse_service.js";

/** One user, or several. */
export type Recipients = string | readonly string[];

/**
 * Ready calls for what applications tell their users. The type is the family with the action behind it:
 * `sendLeaveNotification(user, request, "approved")` sends `leave_request_approved`, with the record as data.
 */
export class SSENotificationService {
  constructor(private readonly service: SSEService) {}

  /** `notification` */
  sendNotification(to: Recipients, notification: unknown): Promise<Receipt> {
    return this.to(to, "notification", notification);
  }

  /** `calendar_event_created`, `…_updated`, `…_deleted`, `…_reminder`, … */
  sendCalendarNotification(to: Recipients, event: unknown, action: string): Promise<Receipt> {
    return this.to(to, `calendar_event_${action}`, event);
  }

  /** `employee_created`, … */
  sendEmployeeNotification(to: Recipients, employee: unknown, action: string): Promise<Receipt> {
    return this.to(to, `employee_${action}`, employee);
  }

  /** `leave_request_approved`, … */
  sendLeaveNotification(to: Recipients, leaveRequest: unknown, action: string): Promise<Receipt> {
    return this.to(to, `leave_request_${action}`, leaveRequest);
  }

  /** `chat_message`, … */
  sendChatNotification(to: Recipients, message: unknown, action: string): Promise<Receipt> {
    return this.to(to, `chat_${action}`, message);
  }

  /** `task_assigned`, … */
  sendTaskNotification(to: Recipients, task: unknown, action: string): Promise<Receipt> {
    return this.to(to, `task_${action}`, task);
  }

  /** `project_updated`, … */
  sendProjectNotification(to: Recipients, project: unknown, action: string): Promise<Receipt> {
    return this.to(to, `project_${action}`, project);
  }

  /** `dashboard_update` */
  sendDashboardUpdate(to: Recipients, update: unknown): Promise<Receipt> {
    return this.to(to, "dashboard_update", update);
  }

  /** `alert` */
  sendAlert(to: Recipients, alert: unknown): Promise<Receipt> {
    return this.to(to, "alert", alert);
  }

  /** `system_notification`, to everybody. */
  sendSystemNotification(notification: unknown): Promise<Receipt> {
    return this.service.sendToAll("system_notification", notification);
  }

  private to(to: Recipients, type: string, data: unknown): Promise<Receipt> {
    return typeof to === "string" ? this.service.sendToUser(to, type, data) : this.service.sendToUsers(to, type, data);
  }
}
