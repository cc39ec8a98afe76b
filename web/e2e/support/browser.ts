// Debian's browsers, and a native EventSource in one of its pages that writes down what it sees.
import * as playwright from "playwright-core";
import { type Browser, type BrowserType, type Page, chromium } from "playwright-core";
import { inject } from "vitest";
import { until } from "./server.js";

/** The Chromium that all files share; closing it closes this file's pages. */
export const startBrowser = (): Promise<Browser> => chromium.connect(inject("chromium"));

/** Playwright's own Firefox speaks a protocol of its own; Debian's speaks WebDriver BiDi, which Playwright tries out so far. */
export const startFirefox = (): Promise<Browser> =>
  (playwright as unknown as { default: { _bidiFirefox: BrowserType } }).default._bidiFirefox.launch({ executablePath: process.env.FIREFOX ?? "/usr/bin/firefox-esr" });

export interface Seen {
  type: string;
  data: string;
  id: string;
}

/** A page on the server's own origin with one EventSource. */
export class Listener {
  private constructor(readonly page: Page) {}

  /** Listens to `target`, such as `?topic=a`, and waits until the stream is open. */
  static async open(browser: Browser, origin: string, target: string, types: string[] = []): Promise<Listener> {
    const page = await browser.newPage();
    await page.goto(`${origin}/health`);
    await page.evaluate(
      ([path, names]) => {
        const source = new EventSource(`/events/subscribe${path}`);
        const seen: Seen[] = [];
        Object.assign(globalThis, { source, seen });
        const note = (event: MessageEvent) =>
          seen.push({ type: event.type, data: event.data, id: event.lastEventId });
        for (const type of ["message", "carillon.open", "carillon.close", ...names]) source.addEventListener(type, note);
      },
      [target, types] as const,
    );
    return new Listener(page);
  }

  seen = (): Promise<Seen[]> => this.page.evaluate(() => (globalThis as unknown as { seen: Seen[] }).seen);

  /** 0 connecting, 1 open, 2 closed for good. */
  state = (): Promise<number> =>
    this.page.evaluate(() => (globalThis as unknown as { source: EventSource }).source.readyState);

  /** All events of one type, once there are so many. */
  async events(type: string, count: number): Promise<Seen[]> {
    return until(`${count} events ${type}`, async () => {
      const all = (await this.seen()).filter((event) => event.type === type);
      return all.length >= count ? all : undefined;
    });
  }

  /** What the opening events said of the cursor, in order. */
  async verdicts(count: number): Promise<string[]> {
    return (await this.events("carillon.open", count)).map((event) => JSON.parse(event.data).resume);
  }

  async data(count: number): Promise<string[]> {
    return (await this.events("message", count)).map((event) => event.data);
  }

  close = (): Promise<void> => this.page.close();
}
