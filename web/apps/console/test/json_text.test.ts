// JSON that keeps its sender's spelling.
import { expect, test } from "vitest";
import { kept } from "../src/console/inspected.js";
import { compact, isJson, member, pretty } from "../src/ui/json_text.js";

const written = `{ "id": 12345678901234567890, "2": 1.50, "1": [ ], "text": "a, {b}: \\"c\\" ]", "e": 1e3, "deep": [ { "x": null }, true, -0 ], "none": {} }`;

test("numbers keep their digits, and names their order", () => {
  expect(compact(written)).toBe(`{"id":12345678901234567890,"2":1.50,"1":[],"text":"a, {b}: \\"c\\" ]","e":1e3,"deep":[{"x":null},true,-0],"none":{}}`);
  expect(member(written, "id")).toBe("12345678901234567890");
  expect(pretty(written)).toContain('"id": 12345678901234567890,\n  "2": 1.50,\n  "1": [],');
});

test("what is laid out looks as everybody lays it out", () => {
  for (const value of [null, 1, "x", [], {}, [[]], { a: {} }, { a: [1, { b: [] }], c: "}{" }, ["a", ["b", {}]]]) expect(pretty(JSON.stringify(value))).toBe(JSON.stringify(value, null, 2));
});

test("a member is taken out as it stands", () => {
  expect(member(written, "text")).toBe(`"a, {b}: \\"c\\" ]"`);
  expect(member(written, "deep")).toBe(`[ { "x": null }, true, -0 ]`);
  expect(member(written, "none")).toBe("{}");
  expect(member(written, "x")).toBe(undefined);
  expect(member(`{"a":{"data":1},"data":2}`, "data")).toBe("2");
  expect(member(`{"d\\u0061ta":3}`, "data")).toBe("3");
  expect(member(`{"data":1,"data":2}`, "data")).toBe("2");
  expect(member(`["data"]`, "data")).toBe(undefined);
  expect(isJson("{")).toBe(false);
});

test("of what the inspector keeps the newest counts, by number and by size", () => {
  const row = (n: number, size = 1) => ({ n, data: "x".repeat(size) });
  expect(kept(Array.from({ length: 2001 }, (_, n) => row(n)))).toHaveLength(2000);
  expect(kept([row(0, 9 << 20), row(1, 7 << 20), row(2)]).map(({ n }) => n)).toEqual([0, 1]);
  expect(kept([row(0)])).toHaveLength(1);
});
