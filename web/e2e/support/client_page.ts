// A page that runs carillon-client, of another origin than the server's.
import type { BrowserContext, Frame, Page } from "playwright-core";
import { expect } from "vitest";
import type { CarillonClient, ClientOptions } from "carillon-client";
import { until } from "./server.js";
import { bundled, Site } from "./site.js";

/** What the page keeps of what its client has told. */
export interface Kept {
  client: CarillonClient;
  data: string[];
  verdicts: string[];
  gaps: unknown[];
  closes: string[];
  /** Why a token was asked for. */
  asked: string[];
  opened: number;
  renewed: number;
}
declare const kept: Kept;

const entry = `
  import { connect } from "../packages/client/src/index.ts";
  import { connectShared } from "../packages/client/src/sharing.ts";
  import { nativeTransport } from "../packages/client/src/native.ts";
  globalThis.start = (url, { shared, worker, native, token, ...options } = {}) => {
    const kept = { data: [], verdicts: [], gaps: [], closes: [], asked: [], opened: 0, renewed: 0 };
    if (native) options.transport = nativeTransport({ types: ["tick"] });
    if (worker) options.worker = () => new SharedWorker(worker, { type: "module" });
    if (token || globalThis.freshToken) options.token = async ({ why }) => (kept.asked.push(why), token ?? globalThis.freshToken(why));
    kept.client = (shared || worker ? connectShared : connect)(url, { ...options, onGap: (gap) => kept.gaps.push(gap) });
    kept.client.onopen = () => ++kept.opened;
    kept.client.onmessage = (event) => kept.data.push(event.data);
    const hear = (type, act) => kept.client.addEventListener("carillon." + type, (event) => act(JSON.parse(event.data)));
    hear("open", ({ resume }) => kept.verdicts.push(resume));
    hear("close", ({ reason }) => kept.closes.push(reason));
    hear("renewed", () => ++kept.renewed);
    globalThis.kept = kept;
  };
`;

export interface PageOptions extends Omit<ClientOptions, "token"> {
  shared?: boolean;
  /** The path of a SharedWorker; `/worker.js` is there. */
  worker?: string;
  name?: string;
  native?: boolean;
  token?: string;
}

/** Serves the page; `more` makes further scripts, of its own one perhaps. */
export async function startClientSite(more: (client: string) => Record<string, string> = () => ({})): Promise<Site> {
  const [client, worker] = await Promise.all([bundled({ source: entry }), bundled("packages/client/src/worker.ts")]);
  return Site.start({ "/client.js": client, "/worker.js": worker, ...more(client) }, `<script type="module" src="/client.js"></script>`);
}

export async function begin(page: Page | Frame, url: string, options: PageOptions = {}): Promise<void> {
  await page.waitForFunction(() => "start" in globalThis);
  await page.evaluate(([to, given]) => (globalThis as unknown as { start(url: string, options: object): void }).start(to, given), [url, options] as const);
}

export const opens = (page: Page | Frame): Promise<unknown> => until("the stream is open", () => page.evaluate(() => kept.client.status === "open"));

/** A page whose client is open. */
export async function openClient(context: BrowserContext, site: Site, url: string, options: PageOptions = {}): Promise<Page> {
  const page = await context.newPage();
  await page.goto(site.url);
  await begin(page, url, options);
  await opens(page);
  return page;
}

export const dataOf = (page: Page | Frame): Promise<string[]> => page.evaluate(() => kept.data);

/** Waits for these events at each of the pages, and fails if there are others. */
export async function came(pages: Page | Frame | Page[], ...wanted: string[]): Promise<void> {
  for (const page of [pages].flat()) {
    await until(`events ${wanted.join()}`, async () => (await dataOf(page)).length >= wanted.length).catch(() => {});
    expect(await dataOf(page)).toEqual(wanted);
  }
}
