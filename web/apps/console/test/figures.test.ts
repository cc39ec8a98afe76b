// How figures and times are written.
import { expect, test } from "vitest";
import { alone } from "../src/console/lines.js";
import { bytes, count, rate, time, timesIn } from "../src/ui/figures.js";

test("a rate that is small is not none", () => {
  expect([0, 0.001, 1 / 60, 0.25, 0.996, 4.66, 9.94, 9.96, 12.4, 999.7, 12_340].map(rate)).toEqual(["0", "<0.01", "0.02", "0.25", "1", "4.7", "9.9", "10", "12", "1k", "12.3k"]);
  expect([0, 999, 9999, 9999.7, 12_345].map((n) => count(n))).toEqual(["0", "999", "9,999", "10k", "12.3k"]);
});

test("a unit changes before its figure has four digits", () => {
  expect([0, 999, 999.7 * 1024, 1024, 99.96 * 1024].map(bytes)).toEqual(["0 B", "999 B", "0.98 MiB", "1.00 KiB", "100 KiB"]);
  expect([0, 0.9996, 0.25, 9.97, 999.7, 1500].map(time)).toEqual(["0 µs", "1.0 ms", "250 µs", "10 ms", "1.0 s", "1.5 s"]);
});

test("times of day are the reader's, and midnight is not 24 o'clock", () => {
  const midnight = new Date(2026, 0, 31, 0, 0, 5).getTime();
  expect(timesIn("de-DE").clock(midnight)).toBe("00:00:05");
  expect(timesIn("en-GB").clock(midnight)).toBe("00:00:05");
  expect(timesIn("en-US").clock(midnight)).toMatch(/^12:00:05\sAM$/);
  expect(timesIn("en-US").moment(midnight)).toMatch(/^Jan 31, 2026, 12:00:05\sAM$/);
  expect(timesIn("de-DE").clockExact(midnight + 7)).toBe("00:00:05,007");
});

test("a value between two that are not there is drawn by itself", () => {
  expect(alone([1, null, 2, 3, null, 4, undefined])).toEqual([0, 5]);
  expect(alone([null, null])).toEqual([]);
  expect(alone([7])).toEqual([0]);
});
