import { createHmac } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { retryAfterOf, waitBefore } from "../src/backoff.js";
import { EventParser } from "../src/event_parser.js";
import { Lanes } from "../src/lanes.js";
import { headersToPassOn } from "../src/pass_through.js";
import { developmentToken, readDevelopmentToken, signToken, verifyToken } from "../src/tokens.js";

describe("the parser of event streams", () => {
  const corpus = fileURLToPath(new URL("../../../../tests/wire/corpus/", import.meta.url));
  const names = readdirSync(corpus).filter((name) => name.endsWith(".stream"));

  interface Expected {
    events: { type: string; data: string; lastEventId: string }[];
    retry: number | null;
  }

  it.each(names)("reads %s as a browser does, however it is cut", (name) => {
    const bytes = readFileSync(corpus + name);
    const expected = JSON.parse(readFileSync(corpus + name.replace(".stream", ".json"), "utf8")) as Expected;
    const cuts = [[bytes], [...bytes].map((byte) => Uint8Array.of(byte))];
    for (let at = 1; at < Math.min(bytes.length, 2000); at += 1) cuts.push([bytes.subarray(0, at), bytes.subarray(at)]);
    for (const pieces of cuts) {
      const parser = new EventParser();
      const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
      const events = pieces.flatMap((piece) => parser.push(decoder.decode(piece, { stream: true })));
      expect(events.map(({ event, data, id }) => ({ type: event, data, lastEventId: id }))).toEqual(expected.events);
      expect(parser.retry ?? null).toBe(expected.retry);
    }
  });

  it("takes no event beyond its limit", () => {
    expect(new EventParser(10).push("data: 45678\n\n")).toHaveLength(1);
    expect(() => new EventParser(10).push("data: 4567890123")).toThrow(RangeError);
    expect(() => new EventParser(10).push("data: 45678\ndata: 45678\n")).toThrow(RangeError);
  });
});

describe("tokens", () => {
  /** Signed like others, but by another program. */
  function ofNobody(): string {
    const text = [{ alg: "HS256" }, { sub: "", exp: 4e9 }].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
    return `${text}.${createHmac("sha256", "secret").update(text).digest("base64url")}`;
  }

  it("are read again as they were signed", () => {
    const token = signToken({ user: "alice", session: "s1", roles: ["user"], claims: { team: 7 } }, "secret");
    expect(verifyToken(token, "secret")).toMatchObject({ user: "alice", session: "s1", roles: ["user"], claims: { team: 7 } });
  });

  it.each([
    ["another secret", signToken({ user: "a" }, "other"), {}],
    ["expired", signToken({ user: "a", expiresIn: 10 }, "secret", Date.now() - 41_000), {}],
    ["without a user", ofNobody(), {}],
    ["for an audience", signToken({ user: "a", audience: "x" }, "secret"), {}],
    ["of another issuer", signToken({ user: "a", issuer: "x" }, "secret"), { issuer: "y" }],
    ["no token", "a.b", {}],
    ["algorithm none", `${Buffer.from('{"alg":"none"}').toString("base64url")}.e30.AA`, {}],
  ])("are refused: %s", (_, token, options) => {
    expect(() => verifyToken(token, "secret", options)).toThrow(expect.objectContaining({ code: "UNAUTHENTICATED" }));
  });

  it("claims of a caller cannot take the user's place", () => {
    const token = signToken({ user: "alice", roles: ["user"], claims: { sub: "root", roles: ["admin"] } }, "secret");
    expect(verifyToken(token, "secret")).toMatchObject({ user: "alice", roles: ["user"] });
  });

  it("of developers have the documents' form", () => {
    const token = "dGVzdDEyMzp0ZXN0dXNlcjp0ZXN0QGV4YW1wbGUuY29tOnVzZXIsYWRtaW4=";
    expect(developmentToken("test123", ["user", "admin"], "testuser", "test@example.com")).toBe(token);
    expect(readDevelopmentToken(token)).toMatchObject({ user: "test123", name: "testuser", roles: ["user", "admin"] });
    expect(() => developmentToken("a:b")).toThrow(expect.objectContaining({ code: "INVALID_REQUEST" }));
  });
});

describe("waits", () => {
  it("grow to a limit, and differ", () => {
    const waits = Array.from({ length: 200 }, (_, attempt) => waitBefore(attempt, { first: 10, most: 100 }));
    expect(Math.max(...waits)).toBeLessThanOrEqual(100);
    expect(waits[0]).toBeLessThanOrEqual(10);
    expect(new Set(waits).size).toBeGreaterThan(100);
  });

  it("read Retry-After in both forms", () => {
    expect(retryAfterOf("3")).toBe(3000);
    expect(retryAfterOf("Thu, 01 Jan 1970 00:00:10 GMT", 4000)).toBe(6000);
    expect(retryAfterOf("soon")).toBeUndefined();
    expect(retryAfterOf(null)).toBeUndefined();
  });
});

describe("lanes", () => {
  function gate() {
    let open: () => void = () => undefined;
    const opened = new Promise<void>((done) => (open = done));
    return { open, opened };
  }

  it("keep the order of jobs that share a key, and run others meanwhile", async () => {
    const lanes = new Lanes(8, 100);
    const order: string[] = [];
    const first = gate();
    const job = (name: string, wait?: Promise<void>) => async () => {
      await wait;
      order.push(name);
    };
    const all = [
      lanes.run(["a"], job("a1", first.opened)),
      lanes.run(["a", "b"], job("ab")),
      lanes.run(["c"], job("c").bind(null)),
      lanes.run("all", job("all")),
      lanes.run(["c"], job("c2")),
    ];
    await all[2];
    expect(order).toEqual(["c"]);
    first.open();
    await Promise.all(all);
    expect(order).toEqual(["c", "a1", "ab", "all", "c2"]);
    await lanes.drained();
    expect(lanes.size).toBe(0);
  });

  it("run no more at once than they may, and go on behind a failure", async () => {
    const lanes = new Lanes(2, 100);
    let running = 0;
    let most = 0;
    const jobs = Array.from({ length: 9 }, (_, i) =>
      lanes.run([String(i % 5)], async () => {
        most = Math.max(most, (running += 1));
        await new Promise(setImmediate);
        running -= 1;
        if (i % 2 === 0) throw new Error("no");
      }),
    );
    await Promise.allSettled(jobs);
    expect(most).toBe(2);
  });

  it("refuse one more than may wait", async () => {
    const lanes = new Lanes(1, 2);
    const jobs = [1, 2, 3].map(() => lanes.run("all", () => Promise.resolve()));
    expect((await Promise.allSettled(jobs)).map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "rejected"]);
  });
});

describe("heads that are passed on", () => {
  it("lose what is of one connection only, and what is the application's business", () => {
    const head: [string, string][] = [
      ["Content-Type", "text/event-stream"],
      ["Connection", "keep-alive, X-Hop"],
      ["X-Hop", "1"],
      ["Transfer-Encoding", "chunked"],
      ["Access-Control-Allow-Origin", "*"],
      ["Set-Cookie", "a=b"],
      ["Retry-After", "3"],
    ];
    expect(headersToPassOn(head)).toEqual([
      ["Content-Type", "text/event-stream"],
      ["Retry-After", "3"],
    ]);
  });
});
