// What the live page makes of streams and requests, without a browser.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { blocks } from "../src/live/blocks.js";
import { visible } from "../src/live/cpp.js";
import { snippet } from "../src/live/snippets.js";
import { bodyOf, systems, target, valuesOf } from "../src/live/systems.js";

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

/** Ends of literals, of lines and of words, and characters that turn those around them. */
const hostile = { topic: `x"); system("id"); //\\ ??/ )" '$(id)' \`id\` \u202e é`, event: `e")`, data: { text: `)" )json" \u202e ' $(id) \`id\` ??= \\`, big: "__proto__", end: "x)" } };

test("no language lets a text out of its quotes", async () => {
  const request = { kind: "call" as const, origin: "http://h", target: target("/events/publish/{topic}", [{ name: "topic", label: "", in: "path", value: hostile.topic }], {}), signedIn: false, body: JSON.stringify(hostile) };
  // The shell gives each word on as it is.
  const { stdout } = await promisify(execFile)("sh", ["-c", `curl() { printf '%s\\0' "$@"; }; ${snippet("curl", request)}`]);
  expect(stdout.split("\0").slice(0, -1)).toEqual([request.origin + request.target, "--json", visible(request.body)]);
  expect(JSON.parse(visible(request.body))).toEqual(hostile);
  // So does JavaScript.
  const sent: unknown[] = [];
  await new Function("fetch", `return (async () => { ${snippet("JavaScript", request)} })()`)((url: string, { body }: { body: string }) => sent.push(url, JSON.parse(body)));
  expect(sent).toEqual([request.origin + request.target, hostile]);
  // Nothing in any of them turns the text around it.
  for (const language of ["curl", "JavaScript", "C++"] as const) expect(snippet(language, { ...request, cpp: systems[0]!.calls[0]!.cpp, values: { topic: hostile.topic } })).not.toMatch(/[\u202e\n]\u202e|\u202e/);
});

test("curl asks with the method of the call, with a body where there is one, and sends no file", () => {
  const ask = (method: string, body?: string) => snippet("curl", { kind: "call", method, origin: "http://h", target: "/x", signedIn: false, ...(body ? { body } : {}) });
  expect(ask("GET")).toBe("curl 'http://h/x'");
  expect(ask("DELETE")).toBe("curl -X DELETE 'http://h/x'");
  expect(ask("POST")).toBe("curl -X POST 'http://h/x'");
  expect(ask("POST", "{}")).toBe("curl 'http://h/x' \\\n  --json '{}'");
  expect(ask("PUT", "{}")).toBe("curl -X PUT 'http://h/x' \\\n  --json '{}'");
  expect(ask("POST", "@/etc/passwd")).toContain("--data-raw '@/etc/passwd'");
});

test("what is taken along has every digit that was written", () => {
  const body = `{"id": 12345678901234567890, "__proto__": 1}`;
  const request = { kind: "call" as const, origin: "http://h", target: "/x", signedIn: false, body };
  expect(snippet("curl", request)).toContain(`'{"id":12345678901234567890,"__proto__":1}'`);
  expect(snippet("JavaScript", request)).toContain(`body: ${JSON.stringify(`{"id":12345678901234567890,"__proto__":1}`)}`);
});

test("C++ says what stands in the form", () => {
  const [send, all] = systems[1]!.calls;
  const request = { kind: "call" as const, origin: "http://h", target: "/", signedIn: true, me: "ann" };
  expect(snippet("C++", { ...request, cpp: send!.cpp, body: `{"userIds":["bob","eve"],"type":"bell","data":12345678901234567890}` })).toContain(`users.send({.users = {"bob", "eve"}}, {.type = "bell", .data = R"(12345678901234567890)"}`);
  expect(snippet("C++", { ...request, cpp: all!.cpp, body: `{"type":"bell","data":1}` })).toContain("users.send_to_all(");
  const [publish] = systems[0]!.calls;
  expect(snippet("C++", { ...request, cpp: publish!.cpp, values: { topic: "a/b" }, body: `{"data":"hello"}` })).toContain(`parse("a/b"));\ne.data = "hello";\nhub.publish`);
  expect(snippet("C++", { kind: "listen", origin: "http://h", target: "/api/sse/connect", signedIn: true, me: "ann" })).toContain(`listen_as("ann")`);
});

test("a body begins with its caller's name, whatever that is", () => {
  expect(JSON.parse(bodyOf(systems[1]!.calls[0]!, `a"$&{me}`))).toMatchObject({ userId: `a"$&{me}` });
});

test("every system has a stream and a call, in each language", () => {
  for (const { streams, calls } of systems) {
    expect(streams.length).toBeGreaterThan(0);
    for (const call of calls) {
      const request = { kind: "call" as const, origin: "http://h", target: call.path, signedIn: false, body: bodyOf(call, "test123"), cpp: call.cpp, values: valuesOf(call.parameters, {}) };
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
    for (const call of calls) add(`${id.toLowerCase()}_call_${call.id}`, snippet("C++", { kind: "call", origin: "http://h", target: call.path, signedIn: false, body: bodyOf(call, "test123"), cpp: call.cpp, values: valuesOf(call.parameters, {}) }));
  }
  // What strangers may write stays within its literal.
  const { cpp } = systems[0]!.calls[0]!;
  add("a_hostile_text", snippet("C++", { kind: "call", origin: "http://h", target: "/", signedIn: false, body: JSON.stringify(hostile), cpp, values: { topic: hostile.topic } }));
  add("a_hostile_topic", snippet("C++", { kind: "listen", origin: "http://h", target: target("/events/subscribe", systems[0]!.streams[0]!.parameters, { topic: hostile.topic }), signedIn: false }));
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
