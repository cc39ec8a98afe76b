// What the live page makes of streams and requests, without a browser.
import { expect, test } from "vitest";
import { blocks } from "../src/live/blocks.js";
import { snippet } from "../src/live/snippets.js";
import { systems, target } from "../src/live/systems.js";

function cut(...pieces: string[]): string[] {
  const found: string[] = [];
  const feed = blocks((text) => found.push(text));
  pieces.forEach(feed);
  return found;
}

test("a stream is cut into its blocks, wherever its pieces end", () => {
  const stream = "id: 1\nevent: a\ndata: x\n\n:\ndata: y\r\ndata: z\r\n\r\n: heartbeat\n";
  const whole = ["id: 1\nevent: a\ndata: x", ":", "data: y\ndata: z", ": heartbeat"];
  expect(cut(stream)).toEqual(whole);
  expect(cut(...stream)).toEqual(whole);
  for (let at = 1; at < stream.length; at += 1) expect(cut(stream.slice(0, at), stream.slice(at))).toEqual(whole);
});

test("a comment within a block belongs to it", () => {
  expect(cut("data: x\n:why\nid: 2\n\n")).toEqual(["data: x\n:why\nid: 2"]);
});

test("parameters are encoded for where they go", () => {
  const path = [{ name: "topic", label: "", in: "path" as const, value: "a/b c?d" }];
  expect(target("/events/publish/{topic}", path, {})).toBe("/events/publish/a/b%20c%3Fd");
  const query = [
    { name: "topic", label: "", in: "query" as const, value: "demo/**" },
    { name: "last", label: "", in: "query" as const, value: "" },
  ];
  expect(target("/events/subscribe", query, {})).toBe("/events/subscribe?topic=demo/**");
  expect(target("/events/subscribe", query, { topic: "a&b=c", last: " 5 " })).toBe("/events/subscribe?topic=a%26b%3Dc&last=5");
});

test("a shell reads what is taken along as one word, and finds no token in it", () => {
  const body = `{"text":"it's $HOME \`id\`"}`;
  const text = snippet("curl", { kind: "call", origin: "http://localhost:3000", target: "/x", signedIn: true, body });
  expect(text).toContain(`--json '{"text":"it'\\''s $HOME \`id\`"}'`);
  expect(text).toContain('"Authorization: Bearer $TOKEN"');
});

test("every system has a stream and a call, in each language", () => {
  for (const { streams, calls } of systems) {
    expect(streams.length).toBeGreaterThan(0);
    for (const call of calls) {
      const request = { kind: "call" as const, origin: "http://h", target: call.path, signedIn: false, body: JSON.stringify(call.body), cpp: call.cpp };
      expect(snippet("curl", request)).toContain(call.path);
      expect(snippet("JavaScript", request)).toContain(call.path);
      expect(snippet("C++", request)).toContain("carillon::");
    }
  }
});
