// What the inspector asks for, and how much of what comes it keeps.
import { whole } from "../ui/figures.js";

export interface Asked {
  topic: string;
  names: string;
  from: string;
}

export const most = 2000;
/** Characters of data that are kept of one event, and of all together. */
const longest = 64 * 1024;
export const heaviest = 16 * 1024 * 1024;

/** The newest of them that may be kept; `rows` begin with the newest. */
export function kept<Row extends { data: string }>(rows: Row[]): Row[] {
  let sum = 0;
  const end = rows.findIndex(({ data }, n) => n === most || (sum += data.length) > heaviest);
  return end < 0 ? rows : rows.slice(0, end);
}

/** What the address asks for: the newest of all topics if it says nothing. `last` is another name of `from`. */
export const askedBy = (search: URLSearchParams): Asked => ({
  topic: search.get("topic") || "**",
  names: search.get("events") ?? "",
  from: search.get("from") ?? search.get("last") ?? "50",
});

/** `from`: an id, `last=n`, `since=…`, or nothing for what comes from now on. */
export function targetOf(prefix: string, { topic, names, from }: Asked): string {
  const query = new URLSearchParams({ topic: topic.trim() || "**", envelope: "full" });
  if (names.trim()) query.set("events", names.replace(/\s*,\s*/g, ",").trim());
  const begin = from.trim() === "now" ? "" : from.trim();
  if (/^\d{1,6}$/.test(begin)) query.set("last", begin);
  else if (/^(\d+(ms|[smhd])|earliest|\d{4}-.*)$/.test(begin)) query.set("since", begin);
  else if (begin) query.set("last_event_id", begin);
  return `${prefix}/subscribe?${query}`;
}

export const shortened = (text: string): string => (text.length > longest ? `${text.slice(0, longest)}… (${whole(text.length - longest)} characters more)` : text);
