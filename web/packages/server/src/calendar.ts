import type { Carillon, Receipt } from "./carillon.js";
import type { User } from "./caller.js";

/** An event of the calendar that Carillon keeps. */
export interface CalendarEvent {
  id?: string;
  title: string;
  /** `2026-03-01T09:00:00`, in `zone`. */
  starts: string;
  /** `1h`, `45m`. */
  length?: string;
  /** `Europe/Berlin`; default UTC. */
  zone?: string;
  /** When it comes again (RFC 5545): `FREQ=WEEKLY;COUNT=10`. */
  rule?: string;
  /** How long before the start attendees are reminded by themselves: `["1d", "15m"]`. */
  reminders?: readonly string[];
  attendees?: readonly string[];
  data?: unknown;
}

/** Events and reminders: attendees get `calendar_event_*`, a reminder once for each occurrence. */
export class Calendar {
  constructor(private readonly carillon: Carillon) {}

  /** Reminds the attendees of what starts `within` (`30m`; default an hour). Gives how many reminders went out. */
  sendUpcomingReminders(within?: string): Promise<Receipt> {
    const json = within === undefined ? {} : { within };
    return this.carillon.send([":calendar"], "POST", "/api/calendar/reminders/upcoming", { json });
  }

  /** Reminds the attendees of an event's next occurrence. */
  sendReminder(eventId: string): Promise<Receipt> {
    return this.carillon.send([":calendar"], "POST", "/api/calendar/reminders/{id}", { params: { id: eventId } });
  }

  /** Creates an event that is owned by `as`, and tells its attendees. */
  async create(as: User, event: CalendarEvent): Promise<string> {
    const made = await this.carillon.send([":calendar"], "POST", "/api/calendar/events", { json: event, as });
    return typeof made.id === "string" ? made.id : (event.id ?? "");
  }

  async change(as: User, event: CalendarEvent & { id: string }): Promise<void> {
    await this.carillon.send([":calendar"], "PUT", "/api/calendar/events/{id}", { params: { id: event.id }, json: event, as });
  }

  async remove(as: User, id: string): Promise<void> {
    await this.carillon.send([":calendar"], "DELETE", "/api/calendar/events/{id}", { params: { id }, as });
  }

  /** What a user owns or attends, page after page. */
  async *events(as: User): AsyncGenerator<CalendarEvent & { id: string }, void, undefined> {
    for (let after: string | undefined; ; ) {
      const page = (await this.carillon.get("/api/calendar/events", { query: { after }, as })) as {
        events: (CalendarEvent & { id: string })[];
        next?: string;
      };
      yield* page.events;
      if (page.next === undefined) return;
      after = page.next;
    }
  }
}
