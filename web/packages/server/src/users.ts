// Users of an application: the calls and types of a service that knows them.
export type { Observer, UserEvent, UserEvent as SSEEvent, UserStream } from "./user_stream.js";
export { Calendar, type CalendarEvent } from "./calendar.js";
export { type ActiveConnection, type SendOptions, SSEService } from "./sse_service.js";
export { type Recipients, SSENotificationService } from "./sse_notification_service.js";
