// One Chromium for all files of tests: each opens pages of its own in it.
import { chromium } from "playwright-core";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    /** Where it takes orders. */
    chromium: string;
  }
}

export default async function start({ provide }: TestProject): Promise<() => Promise<void>> {
  const server = await chromium.launchServer({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-dev-shm-usage"],
  });
  provide("chromium", server.wsEndpoint());
  return () => server.close();
}
