// One Chromium for all files of tests: each opens pages of its own in it.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    /** Where it takes orders. */
    chromium: string;
  }
}

const tool = join(dirname(createRequire(import.meta.url).resolve("playwright-core/package.json")), "cli.js");

/** Its address, once it says one. */
function addressOf(launcher: ChildProcess): Promise<string> {
  return new Promise((found, failed) => {
    let said = "";
    createInterface({ input: launcher.stdout! }).on("line", (line) => (line.startsWith("ws://") ? found(line.trim()) : (said += `${line}\n`)));
    launcher.stderr!.on("data", (text: Buffer) => (said += text));
    launcher.on("error", failed);
    launcher.on("exit", (status, signal) => failed(new Error(`Chromium did not start (${signal ?? status}):\n${said}`)));
  });
}

// In a process of its own: whatever happens to the browser is a failure of the tests that use it, not of their runner.
export default async function start({ provide }: TestProject): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(tmpdir(), "chromium-"));
  const config = join(folder, "launch.json");
  writeFileSync(
    config,
    JSON.stringify({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox", "--disable-dev-shm-usage"], timeout: 120_000 }),
  );
  const launcher = spawn(process.execPath, [tool, "launch-server", "--browser=chromium", `--config=${config}`], { stdio: ["ignore", "pipe", "pipe"] });
  provide("chromium", await addressOf(launcher));
  return async () => {
    const ended = new Promise((done) => launcher.once("exit", done));
    launcher.kill("SIGTERM");
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
}
