import { CarillonClient, type EventMap } from "./client.js";
import type { ClientOptions } from "./types.js";

/** Opens a stream. The same as `new CarillonClient(url, options)`. */
export function connect<Events extends EventMap = EventMap>(url: string | URL, options?: ClientOptions): CarillonClient<Events> {
  return new CarillonClient<Events>(url, options);
}
