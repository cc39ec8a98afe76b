import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { createParser } from "../src/parser.js";

// The same streams that the server's own parser is tested with.
const corpus = new URL("../../../../tests/wire/corpus/", import.meta.url);
const names = readdirSync(corpus).filter((name) => name.endsWith(".stream"));

function parsed(pieces: Iterable<Uint8Array>): unknown {
  const events: unknown[] = [];
  const comments: string[] = [];
  let retry: number | null = null;
  const decoder = new TextDecoder();
  const feed = createParser({
    event: ({ type, data, id }) => events.push({ type, data, lastEventId: id }),
    retry: (ms) => (retry = ms),
    comment: (text) => comments.push(text),
  });
  for (const piece of pieces) feed(decoder.decode(piece, { stream: true }));
  return { events, retry, comments };
}

test.each(names)("reads %s as the standard says, wherever it is cut", (name) => {
  const bytes = readFileSync(new URL(name, corpus));
  const wanted = JSON.parse(readFileSync(new URL(name.replace(".stream", ".json"), corpus), "utf8"));
  expect(parsed([bytes])).toEqual(wanted);
  expect(parsed(Array.from(bytes, (byte) => Uint8Array.of(byte)))).toEqual(wanted);
  for (let at = 0; at <= bytes.length && bytes.length < 4096; ++at)
    expect(parsed([bytes.subarray(0, at), bytes.subarray(at)]), `cut at ${at}`).toEqual(wanted);
});

test("leaves out what is too large, in one line or in many, and goes on", () => {
  const seen: string[] = [];
  const held = (limit: number) => {
    seen.length = 0;
    return createParser({ event: ({ data, id }) => seen.push(`${id}=${data}`), tooLarge: () => seen.push("too large") }, "", limit);
  };
  let feed = held(16);
  feed("id: 1\ndata: 123456789012345\n\n");
  feed("id: 2\ndata: 1234567890123456\n\nid: 3\ndata: x\n\n");
  expect(seen).toEqual(["1=123456789012345", "too large", "3=x"]);
  feed = held(16);
  feed("id: 2\ndata: 1234567\ndata: 1234567\ndata: 1\n\ndata: y\n\n");
  expect(seen).toEqual(["too large", "2=y"]);
  feed = held(16);
  for (let piece = 0; piece < 1000; ++piece) feed(piece === 0 ? "data: " : "0123456789");
  feed("\ndata: more\n\ndata: z\n\n");
  expect(seen).toEqual(["too large", "=z"]);
});

test("tells the cursor of blocks without data", () => {
  const ids: string[] = [];
  const feed = createParser({ event: () => {}, id: (id) => ids.push(id) }, "0");
  feed("id: 1\n\n: comment\n\nid: 2\ndata: x\n\ndata: y\n\n");
  expect(ids).toEqual(["1", "2"]);
});

test("an event without an id bears the one before it, though not as its own", () => {
  const seen: unknown[] = [];
  const feed = createParser({ event: (event) => seen.push(event) }, "before");
  feed("data: a\n\nid: 1\ndata: b\n\ndata: c\n\n");
  expect(seen).toEqual([
    { type: "message", data: "a", id: "before", own: false },
    { type: "message", data: "b", id: "1", own: true },
    { type: "message", data: "c", id: "1", own: false },
  ]);
});
