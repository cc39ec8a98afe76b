/** What a stream says of one event (WHATWG HTML, section 9.2.6). */
export interface RawEvent {
  /** `message` for events without a name. */
  type: string;
  data: string;
  /** The last event id: this event's own, or that of an earlier one. */
  id: string;
  /** Whether the event brought an id of its own. */
  own: boolean;
}

/** Who hears what a parser has read. */
export interface ParserSink {
  event(event: RawEvent): void;
  /** A valid `retry:`, in milliseconds, before the event of the same block. */
  retry?(ms: number): void;
  comment?(text: string): void;
  /** A block has moved the cursor, with or without an event. */
  id?(id: string): void;
  /** An event beyond `maxEventSize` was left out. */
  tooLarge?(): void;
}

/**
 * Reads an event stream from pieces of decoded text, cut anywhere. It holds one unfinished event, of at most
 * `maxEventSize` UTF-16 units. The decoder takes the byte order mark off.
 *
 * @param lastEventId - what events without an id bear until the stream names one
 */
export function createParser(sink: ParserSink, lastEventId = "", maxEventSize = Infinity): (chunk: string) => void {
  const lineEnd = /\r\n?|\n/g;
  let rest = ""; // an unfinished line
  let size = 0; // of the event so far
  let afterCr = false; // a line feed at the start of the next piece belongs to the line end before it
  let type = "";
  let data: string | undefined;
  let id = lastEventId;
  let own = false;
  let tooLarge = false;

  const finish = (): void => {
    if (own) sink.id?.(id);
    if (tooLarge) sink.tooLarge?.();
    else if (data !== undefined) sink.event({ type: type || "message", data, id, own });
    type = "";
    data = undefined;
    own = tooLarge = false;
    size = 0;
  };

  const line = (text: string): void => {
    if (!text) return finish();
    if (text[0] === ":") return sink.comment?.(text.slice(1));
    const [, field, value] = /^([^:]*):? ?([^]*)/.exec(text) as unknown as [string, string, string];
    if (field === "data") {
      size += value.length + 1;
      if (size > maxEventSize) tooLarge = true;
      data = tooLarge ? "" : data === undefined ? value : `${data}\n${value}`;
    } else if (field === "event") type = value;
    else if (field === "id" && !value.includes("\0")) {
      id = value;
      own = true;
    } else if (field === "retry" && /^\d{1,15}$/.test(value)) sink.retry?.(+value);
  };

  return (chunk) => {
    if (!chunk) return;
    let from = afterCr && chunk[0] === "\n" ? 1 : 0;
    afterCr = chunk.endsWith("\r");
    lineEnd.lastIndex = from;
    for (let end; (end = lineEnd.exec(chunk)); from = lineEnd.lastIndex) {
      const text = rest + chunk.slice(from, end.index);
      rest = "";
      line(text);
    }
    rest += chunk.slice(from);
    if (size + rest.length > maxEventSize + 8) {
      // The rest of this line is read as a comment.
      tooLarge = true;
      data = "";
      rest = ":";
    }
  };
}
