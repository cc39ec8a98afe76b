// Clients that people already have, each as its own pages say that it is used. `?client=NAME&server=URL`.
import { fetchEventSource } from "@microsoft/fetch-event-source";
import ReconnectingEventSource from "reconnecting-eventsource";

const seen: string[] = [];
Object.assign(globalThis, { seen });
const query = new URLSearchParams(location.search);
const url = `${query.get("server")}/events/subscribe/news`;

const clients: Record<string, () => void> = {
  "@microsoft/fetch-event-source": () => {
    void fetchEventSource(url, {
      openWhenHidden: true,
      onmessage: ({ event, data }) => void (event === "" && seen.push(data)),
      // It takes the polite end of a stream for the last word unless it is told otherwise.
      onclose: () => {
        throw new Error("closed");
      },
    });
  },
  "reconnecting-eventsource": () => {
    // Its declaration is that of an ES module, which it is not.
    const Source = ReconnectingEventSource as unknown as typeof EventSource;
    new Source(url).onmessage = ({ data }: MessageEvent<string>) => seen.push(data);
  },
  htmx: () => {
    document.body.addEventListener("htmx:sseMessage", (event) => seen.push((event as CustomEvent<MessageEvent<string>>).detail.data));
    document.body.innerHTML = `<div hx-ext="sse" sse-connect="${url}"><p sse-swap="message"></p></div>`;
    (globalThis as unknown as { htmx: { process(part: Element): void } }).htmx.process(document.body);
  },
};
clients[query.get("client")!]!();
