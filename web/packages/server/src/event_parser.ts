/** An event as a browser would see it. */
export interface ReceivedEvent {
  /** The last id that the stream has told, also by earlier events; empty if none. */
  id: string;
  event: string;
  data: string;
}

/**
 * Reads the event-stream format (WHATWG HTML, 9.2.6) as it comes, in pieces of any size. An event that is not
 * complete when the stream ends is none.
 */
export class EventParser {
  /** Milliseconds of the last `retry:`. */
  retry: number | undefined;
  private buffer = "";
  private started = false;
  /** The last character was a CR, whose LF may be still to come. */
  private afterReturn = false;
  /** The last id that the stream has told, also in a block without data: where to come back to. */
  id: string;
  /** An id whose block has not ended yet. */
  private told: string;
  private event = "";
  private data: string[] = [];
  private size = 0;

  /** An event or a line beyond `maxSize` characters is an error: otherwise the sender could fill the memory. */
  constructor(
    private readonly maxSize = 16 * 1024 * 1024,
    lastEventId = "",
  ) {
    this.id = lastEventId;
    this.told = lastEventId;
  }

  push(text: string): ReceivedEvent[] {
    const events: ReceivedEvent[] = [];
    if (text === "") return events;
    if (!this.started) {
      this.started = true;
      if (text.startsWith("\uFEFF")) text = text.slice(1);
    }
    let rest = text;
    if (this.afterReturn && rest.startsWith("\n")) rest = rest.slice(1);
    if (text !== "") this.afterReturn = false;
    const ends = /\r\n|\r|\n/g;
    let from = 0;
    for (let end = ends.exec(rest); end; end = ends.exec(rest)) {
      const line = this.buffer + rest.slice(from, end.index);
      this.buffer = "";
      from = ends.lastIndex;
      if (end[0] === "\r" && from === rest.length) this.afterReturn = true;
      const event = this.line(line);
      if (event) events.push(event);
    }
    this.buffer += rest.slice(from);
    this.check(this.buffer.length);
    return events;
  }

  private line(line: string): ReceivedEvent | undefined {
    if (line === "") return this.dispatch();
    const colon = line.indexOf(":");
    if (colon === 0) return undefined;
    const field = colon < 0 ? line : line.slice(0, colon);
    let value = colon < 0 ? "" : line.slice(colon + 1);
    if (value.startsWith(" ")) value = value.slice(1);
    if (field === "data") {
      this.size += value.length + 1;
      this.check(this.size);
      this.data.push(value);
    } else if (field === "event") this.event = value;
    else if (field === "id" && !value.includes("\0")) this.told = value;
    else if (field === "retry" && /^\d+$/.test(value) && Number.isSafeInteger(Number(value))) this.retry = Number(value);
    return undefined;
  }

  private dispatch(): ReceivedEvent | undefined {
    const { event, data } = this;
    const id = (this.id = this.told);
    this.event = "";
    this.data = [];
    this.size = 0;
    return data.length === 0 ? undefined : { id, event: event || "message", data: data.join("\n") };
  }

  private check(size: number): void {
    if (size > this.maxSize) throw new RangeError(`an event of more than ${this.maxSize} characters`);
  }
}

/** The events of a response's body. */
export async function* eventsOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<ReceivedEvent, void, undefined> {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const parser = new EventParser();
  for await (const bytes of body) yield* parser.push(decoder.decode(bytes, { stream: true }));
}
