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

/** Each snippet as a function that has what a program with a hub has; C++'s own tests compile and run them. */
function inFunctions(): string {
  const functions: string[] = [];
  const add = (name: string, text: string) =>
    functions.push(`void ${name}([[maybe_unused]] carillon::hub& hub, [[maybe_unused]] services::outbox_relay& relay,
    [[maybe_unused]] store::record_store& records) {
${text.replace(/^/gm, "    ")}
}

TEST_F(console_snippets, ${name}) {
    ${name}(events, *relay, *records);
    settle();
}`);
  for (const { id, streams, calls } of systems) {
    for (const stream of streams.filter(({ path }, n) => n === 0 || path.includes("{")))
      add(`${id.toLowerCase()}_stream_${stream.id}`, snippet("C++", { kind: "listen", origin: "http://h", target: target(stream.path, stream.parameters, {}), signedIn: false }));
    for (const call of calls) add(`${id.toLowerCase()}_call_${call.id}`, snippet("C++", { kind: "call", origin: "http://h", target: call.path, signedIn: false, cpp: call.cpp }));
  }
  return `// clang-format off
// What the live page gives as C++, each as it is. web/apps/console/test/live.test.ts writes this
// file (vitest -u) and holds it to the page.
#include "services/service_fixture.hpp"

#include <carillon/hub/in_process_hub.hpp>
#include <carillon/services/chat.hpp>
#include <carillon/services/metadata_events.hpp>
#include <carillon/services/notifications.hpp>
#include <carillon/services/topic_service.hpp>
#include <carillon/services/user_events.hpp>

#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace carillon::testing {
namespace {

/// Chat has a room to say something in.
class console_snippets : public service_fixture {
protected:
    console_snippets() {
        services::chat rooms(events, *relay, *records);
        EXPECT_TRUE(answer_of<services::chat::joined>([&](auto done) { rooms.join("lobby", "test123", std::move(done)); }));
    }
};

void complain(const std::string& why) { ADD_FAILURE() << why; }

${functions.join("\n\n")}

}  // namespace
}  // namespace carillon::testing
`;
}

test("C++ that is given is compiled, and run, by the tests of C++", async () => {
  await expect(inFunctions()).toMatchFileSnapshot("../../../../tests/services/console_snippets_test.cpp");
});
