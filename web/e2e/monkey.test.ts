// Tabs that share a stream are opened, closed, reloaded, frozen and cut off at random, while events come and the server is killed:
// each tab sees every event from its first one on, once and in order. MONKEY_SEED repeats a run, MONKEY_SECONDS makes it longer.
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, test } from "vitest";
import type { Browser, BrowserContext, CDPSession, Page } from "playwright-core";
import { startBrowser } from "./support/browser.js";
import { begin, type Kept, type PageOptions, startClientSite } from "./support/client_page.js";
import { Server, until } from "./support/server.js";
import type { Site } from "./support/site.js";

declare const kept: Kept;

const seconds = Number(process.env.MONKEY_SECONDS ?? 4);
const firstSeed = Number(process.env.MONKEY_SEED ?? Math.floor(Math.random() * 1e9));
const mostTabs = 7;

let browser: Browser;
let site: Site;

beforeAll(async () => {
  [browser, site] = await Promise.all([startBrowser(), startClientSite()]);
});
afterAll(async () => {
  await browser?.close();
  await site?.stop();
});

/** Numbers from 0 to 1 that a seed decides (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Tab {
  name: string;
  page: Page;
  session: CDPSession;
  frozen: boolean;
}

class Monkey {
  readonly tabs: Tab[] = [];
  readonly log: string[] = [];
  readonly #random: () => number;
  #published = 0;
  #publishing = true;
  #last: Promise<unknown> = Promise.resolve();
  #opened = 0;

  constructor(
    seed: number,
    private readonly server: Server,
    private readonly context: BrowserContext,
    private readonly options: PageOptions,
  ) {
    this.#random = randomOf(seed);
  }

  #below = (limit: number): number => Math.floor(this.#random() * limit);

  /** What the server is asked to do, one thing after the other: each event is published once. */
  #alone<T>(job: () => Promise<T>): Promise<T> {
    const done = this.#last.then(job);
    this.#last = done.catch(() => {});
    return done;
  }

  /** Events go on while other things happen. */
  async publish(): Promise<void> {
    while (this.#publishing) {
      await this.#alone(() => this.server.publish("news", this.#published++));
      await sleep(5);
    }
  }

  #begin = (page: Page): Promise<void> => begin(page, `${this.server.url}/events/subscribe?topic=news`, { persist: "cursor", ...this.options });

  async #open(): Promise<void> {
    const page = await this.context.newPage();
    await page.addInitScript(() =>
      addEventListener("pagehide", () => "kept" in globalThis && sessionStorage.setItem("before", JSON.stringify([...JSON.parse(sessionStorage.getItem("before") ?? "[]"), ...kept.data]))),
    );
    await page.goto(site.url);
    await this.#begin(page);
    this.tabs.push({ name: `tab ${++this.#opened}`, page, session: await this.context.newCDPSession(page), frozen: false });
  }

  async #close(tab: Tab): Promise<void> {
    this.tabs.splice(this.tabs.indexOf(tab), 1);
    await tab.page.close();
  }

  async #reload(tab: Tab): Promise<void> {
    await tab.page.reload();
    await this.#begin(tab.page);
  }

  async #freeze(tab: Tab): Promise<void> {
    tab.frozen = !tab.frozen;
    await tab.session.send("Page.setWebLifecycleState", { state: tab.frozen ? "frozen" : "active" });
  }

  async #cutOff(): Promise<void> {
    await this.context.setOffline(true);
    await sleep(this.#below(200));
    await this.context.setOffline(false);
  }

  #restart(): Promise<void> {
    const end = this.#below(2) ? this.server.kill : this.server.drain;
    return this.#alone(async () => {
      await end();
      await this.server.start();
    });
  }

  async #seen(tab: Tab): Promise<number[]> {
    return (await tab.page.evaluate(() => [...JSON.parse(sessionStorage.getItem("before") ?? "[]"), ...kept.data])).map(Number);
  }

  /** In order, from the first on, without a hole. */
  async #check(tab: Tab): Promise<number[]> {
    const seen = await this.#seen(tab);
    const wrong = seen.findIndex((n, at) => n !== seen[0]! + at);
    if (wrong >= 0) throw new Error(`${tab.name} saw ${seen.slice(Math.max(0, wrong - 3), wrong + 3).join()}`);
    return seen;
  }

  async step(): Promise<void> {
    const tab = this.tabs[this.#below(this.tabs.length)];
    const roll = this.#below(100);
    const note = (what: string): unknown => this.log.push(what);
    if (!tab || (roll < 30 && this.tabs.length < mostTabs)) return note("open"), this.#open();
    // What is frozen answers nothing.
    if (tab.frozen) return note(`thaw ${tab.name}`), this.#freeze(tab);
    if (roll < 50) return await this.#check(tab), note(`close ${tab.name}`), this.#close(tab);
    if (roll < 65) return note(`reload ${tab.name}`), this.#reload(tab);
    if (roll < 80) return note(`freeze ${tab.name}`), this.#freeze(tab);
    if (roll < 85) return note("offline"), this.#cutOff();
    if (roll < 90) return note("restart"), void this.#restart();
    note(`reconnect ${tab.name}`);
    await tab.page.evaluate(() => kept.client.reconnect());
  }

  /** Everything is left alone: all tabs have all events, over one connection. */
  async rest(publishing: Promise<void>): Promise<void> {
    for (const tab of this.tabs.filter(({ frozen }) => frozen)) await this.#freeze(tab);
    this.#publishing = false;
    await publishing;
    const last = this.#published;
    await this.server.publish("news", last);
    for (const tab of this.tabs) {
      await until(`${tab.name} has ${last}`, async () => (await this.#check(tab)).at(-1) === last, 30_000).catch(async (why) => {
        throw new Error(`${why} (${(await this.#seen(tab)).slice(-3).join()}; ${await tab.page.evaluate(() => kept.client.status)})`);
      });
    }
    await until("one connection", async () => (await this.server.metric("carillon_subscribers")) === Math.min(1, this.tabs.length));
  }
}

test.each([
  ["a SharedWorker", { worker: "/worker.js" }, 0],
  ["one of the tabs", { shared: true }, 1],
])(`a stream that is held by %s, %# (seed ${firstSeed})`, async (_, options, more) => {
  const context = await browser.newContext();
  const server = await Server.start("--stream.retry", "200ms", "--http.cors_origins", site.url, "--drain.window", "50ms", "--drain.expected_downtime", "100ms");
  const monkey = new Monkey(firstSeed + more, server, context, options);
  try {
    const publishing = monkey.publish();
    for (const end = Date.now() + seconds * 1000; Date.now() < end; ) await monkey.step();
    await monkey.rest(publishing);
  } catch (why) {
    throw new Error(`${why}\nseed ${firstSeed}: ${monkey.log.join(", ")}`);
  } finally {
    await context.close();
    await server.stop();
  }
}, seconds * 1000 + 240_000);
