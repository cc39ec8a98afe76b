// What axe finds on a page, under the page's own policy.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Each as "rule: elements". `rules`: only these. */
export async function findings(page: Page, rules?: string[]): Promise<string[]> {
  // The policy admits no script from a string in the page; the debugger's own way is none.
  const world = await page.context().newCDPSession(page);
  await world.send("Runtime.evaluate", { expression: axe });
  const { result } = await world.send("Runtime.evaluate", {
    expression: `axe.run(document, ${JSON.stringify({ resultTypes: ["violations"], ...(rules ? { runOnly: rules } : {}) })}).then((r) => JSON.stringify(r.violations.map((v) => v.id + ": " + v.nodes.map((n) => n.target.join(" ")).slice(0, 3).join("; "))))`,
    awaitPromise: true,
    returnByValue: true,
  });
  await world.detach();
  return JSON.parse(result.value as string) as string[];
}
