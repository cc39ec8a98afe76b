// Long lists, a page at a time, while they change at the server.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { repeated } from "../src/api/repeated.js";
import { Pager, type Listed } from "../src/console/pager.js";

/** A list of names as a server has it: a page begins behind a name. */
function served(size: number) {
  const names = new Set(Array.from({ length: 100 }, (_, n) => `n${String(n).padStart(3, "0")}`));
  const asked: (string | undefined)[] = [];
  let gate: Promise<void> | undefined;
  let failure: Error | undefined;
  const told: Listed<string>[] = [];
  const pager = new Pager<string>(
    async (after, signal) => {
      asked.push(after);
      await gate;
      signal.throwIfAborted();
      if (failure) throw failure;
      const from = [...names].sort().filter((name) => after === undefined || name > after);
      const rows = from.slice(0, size);
      return { rows, total: names.size, ...(from.length > size ? { next: rows.at(-1)! } : {}) };
    },
    (listed) => told.push(listed),
  );
  return {
    names,
    asked,
    pager,
    get rows() {
      return told.at(-1)?.rows ?? [];
    },
    get last() {
      return told.at(-1);
    },
    hold() {
      let go = () => {};
      gate = new Promise((done) => (go = () => ((gate = undefined), done())));
      return go;
    },
    fail: (why?: Error) => void (failure = why),
  };
}
const settled = () => new Promise((done) => setTimeout(done));
const twice = (rows: readonly string[]) => rows.filter((row, n) => rows.indexOf(row) !== n);

test("pages are asked for as they are needed", async () => {
  const of = served(40);
  await of.pager.refresh();
  expect(of.rows).toHaveLength(40);
  of.pager.need(0, 10);
  await settled();
  expect(of.rows).toHaveLength(40);
  of.pager.need(15, 25);
  await settled();
  expect(of.rows).toHaveLength(80);
  of.pager.need(70, 79);
  await settled();
  expect(of.rows).toHaveLength(100);
  expect(of.last!.more).toBe(false);
  expect(of.asked).toEqual([undefined, "n039", "n079"]);
});

test("a page that is needed while others are asked for anew neither repeats a row nor leaves one out", async () => {
  const of = served(40);
  await of.pager.refresh();
  // A row goes: the page then ends one row later.
  of.names.delete("n005");
  const go = of.hold();
  const refreshed = of.pager.refresh();
  of.pager.need(20, 39);
  go();
  await refreshed;
  await settled();
  expect(twice(of.rows)).toEqual([]);
  expect(of.rows.slice(0, 80)).toEqual([...of.names].sort().slice(0, 80));
});

test("what is on the screen stays there when a page before its end has changed", async () => {
  const of = served(40);
  await of.pager.refresh();
  of.pager.need(20, 40);
  await settled();
  of.pager.need(35, 50);
  await settled();
  of.names.delete("n010");
  of.names.add("n0105");
  of.names.delete("n039");
  const lengths: number[] = [];
  await of.pager.refresh();
  lengths.push(of.rows.length);
  expect(of.rows.slice(0, 51)).toEqual([...of.names].sort().slice(0, 51));
  expect(Math.min(...lengths)).toBeGreaterThan(50);
});

test("a list that is asked for anew is asked from where the reader is", async () => {
  const of = served(20);
  await of.pager.refresh();
  for (const at of [19, 39, 59]) {
    of.pager.need(at - 10, at);
    await settled();
  }
  of.pager.need(61, 75);
  await settled();
  const before = of.asked.length;
  await of.pager.refresh();
  expect(of.rows).toHaveLength(100);
  expect(of.asked.slice(before)).toEqual(["n059"]);
});

test("a refusal keeps the rows, says why, and goes with the next answer", async () => {
  const of = served(40);
  await of.pager.refresh();
  of.fail(new Error("no"));
  await of.pager.refresh();
  expect(of.rows).toHaveLength(40);
  expect(of.last!.problem).toEqual(new Error("no"));
  // Scrolling asks nothing of a server that refuses.
  const asked = of.asked.length;
  of.pager.need(30, 39);
  await settled();
  expect(of.asked.length).toBe(asked);
  of.fail();
  await of.pager.refresh();
  await settled();
  expect(of.last!.problem).toBe(undefined);
  expect(of.rows).toHaveLength(80);
});

test("what comes after the end is told to nobody", async () => {
  const of = served(40);
  const go = of.hold();
  const asked = of.pager.refresh();
  of.pager.end();
  go();
  await asked;
  expect(of.last).toBe(undefined);
});

beforeEach(() => void vi.useRealTimers());
afterEach(() => void vi.useRealTimers());

test("an answer that takes longer than the pause is waited for", async () => {
  vi.useFakeTimers();
  const over = new AbortController();
  let began = 0;
  let answered = 0;
  const done = repeated(2000, over.signal, async () => {
    began++;
    await new Promise((done) => setTimeout(done, 5000));
    answered++;
  });
  await vi.advanceTimersByTimeAsync(18_000);
  expect(answered).toBe(2);
  expect(began).toBe(3);
  over.abort();
  await vi.advanceTimersByTimeAsync(20_000);
  await done;
  expect(began).toBe(3);
});
