// Pictures of the pages, in each width and both colours; kept as files of the run (build/screenshots).
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, vi } from "vitest";
import type { BrowserContext, Page } from "playwright-core";

// A test takes many pictures, and a machine with other work to do takes its time for each.
vi.setConfig({ testTimeout: 180_000 });

export const screenshots = fileURLToPath(new URL("../../../build/screenshots", import.meta.url));
mkdirSync(screenshots, { recursive: true });

interface Look {
  width: number;
  height: number;
  colours: "light" | "dark";
}
const heights = { 1440: 900, 768: 1024, 375: 812 } as const;
const six: Look[] = ([1440, 768, 375] as const).flatMap((width) => (["light", "dark"] as const).map((colours) => ({ width, height: heights[width], colours })));
/** `LOOKS=all`: every state in all six, and down to what is below the first screen. For people who look. */
const all = process.env.LOOKS === "all";
const tallest = 1800;
let taken = 0;

/** Takes pictures `name-WIDTH-COLOURS.png` of the page as it is, and holds that it is no wider than the screen. A state that is not the page's main one has one: wide and light, and the next narrow and dark. */
export async function look(page: Page, name: string, { main = false } = {}): Promise<void> {
  for (const { width, height, colours } of main || all ? six : [six[(taken += 1) % 2 ? 0 : 5]!]) {
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme: colours, reducedMotion: "reduce" });
    if (all) {
      const whole = await page.evaluate(() => document.documentElement.scrollHeight);
      if (whole > height) await page.setViewportSize({ width, height: Math.min(whole, tallest) });
    }
    await page.evaluate(async () => {
      if (!location.hash) scrollTo(0, 0);
      // Two frames: one for what follows the size, one to draw it.
      await new Promise<void>((done) => requestAnimationFrame(() => requestAnimationFrame(() => done())));
    });
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), `${name} at ${width}`).toBeLessThanOrEqual(0);
    await page.screenshot({ path: `${screenshots}/${name}-${width}-${colours}.png` });
  }
}

/** What stands in for the server's answers, but for files and who the caller is. */
export type Weather = "loading" | "error" | "offline";

export async function weather(context: BrowserContext, how: Weather): Promise<void> {
  await context.route(
    (url) => !url.pathname.startsWith("/assets/"),
    async (route) => {
      const path = new URL(route.request().url()).pathname;
      if (route.request().resourceType() === "document") return route.fallback();
      if (how === "offline") return route.abort();
      if (path === "/auth/me" || path === "/api") return route.fallback();
      if (how === "loading") return; // Never.
      return route.fulfill({
        status: 503,
        contentType: "application/problem+json",
        json: { status: 503, code: "UNAVAILABLE", title: "Service Unavailable", detail: "The records cannot be read at this moment." },
      });
    },
  );
}

/** Goes to another page of the application, as a link does. */
export async function goTo(page: Page, path: string): Promise<void> {
  await page.evaluate((to) => {
    history.pushState(null, "", to);
    dispatchEvent(new PopStateEvent("popstate"));
  }, path);
}
