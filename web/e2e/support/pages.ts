// The server's pages in a browser of their own, which notes what must not happen.
import { expect } from "vitest";
import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import type { Server } from "./server.js";

export interface Shown {
  page: Page;
  context: BrowserContext;
  /** Closes it; fails if there was an error in the page, or a request to elsewhere. */
  close(): Promise<void>;
}

export async function show(browser: Browser, at: Server, path: string, { token, before, ...options }: { token?: string; before?: (page: Page) => Promise<unknown> } & BrowserContextOptions = {}): Promise<Shown> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: "reduce", ...options });
  const page = await context.newPage();
  const problems: string[] = [];
  page.on("pageerror", (why) => problems.push(String(why)));
  page.on("console", (line) => line.type() === "error" && !/Failed to load resource|ERR_|Unable to preload|dynamically imported/.test(line.text()) && problems.push(line.text()));
  page.on("request", (request) => !request.url().startsWith(at.url) && !/^(data|blob):/.test(request.url()) && problems.push(`left the origin: ${request.url()}`));
  // Once: a user that has signed out stays so after a reload.
  await page.addInitScript((t) => {
    if (t && !sessionStorage.getItem("given")) sessionStorage.setItem("carillon.token", t);
    sessionStorage.setItem("given", "yes");
  }, token ?? "");
  await before?.(page);
  await page.goto(at.url + path);
  return {
    page,
    context,
    async close() {
      await context.close();
      expect(problems).toEqual([]);
    },
  };
}

/** Signs in with the test token, or with one that is given. */
export async function signIn(page: Page, token?: string): Promise<void> {
  await page.locator("header").getByRole("button", { name: "Sign in" }).click();
  const dialog = page.getByRole("dialog");
  if (token === undefined) await dialog.getByRole("button", { name: "Use the test token" }).click();
  else {
    await dialog.getByLabel("Token").fill(token);
    await dialog.getByRole("button", { name: "Sign in" }).click();
  }
  await page.getByRole("button", { name: "Sign out" }).waitFor();
}

/** As if the reader had gone to another tab, or come back from it. */
export const hide = (page: Page, hidden: boolean): Promise<void> =>
  page.evaluate((is) => {
    Object.defineProperty(document, "hidden", { configurable: true, get: () => is });
    Object.defineProperty(document, "visibilityState", { configurable: true, get: () => (is ? "hidden" : "visible") });
    document.dispatchEvent(new Event("visibilitychange"));
  }, hidden);
