// The programs of docs/guide, as they stand there; needs `npm run build`.
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { EventSource } from "eventsource";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePort, Server, until } from "./support/server.js";

const repository = fileURLToPath(new URL("../..", import.meta.url));
const project = mkdtempSync(join(tmpdir(), "carillon-guide-"));
const running: ChildProcess[] = [];
let server: Server;

beforeAll(async () => {
  server = await Server.start();
  mkdirSync(join(project, "node_modules"));
  symlinkSync(join(repository, "web/packages/server"), join(project, "node_modules/carillon-server"));
});
afterAll(async () => {
  for (const child of running) child.kill();
  await server?.stop();
  rmSync(project, { recursive: true, force: true });
});

/** The first block of this language. */
function block(page: string, language: string): string {
  const text = readFileSync(join(repository, "docs/guide", page), "utf8");
  return new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(text)?.[1] ?? "";
}

describe("token streams", () => {
  it("are written and read with curl", async () => {
    const script = block("token-streams.md", "sh").replace("http://localhost:3000", server.url);
    const { stdout } = await promisify(execFile)("bash", ["-euo", "pipefail", "-c", script]);
    expect(stdout.match(/"stopRequested":false/g)).toHaveLength(4);
    const data = [...stdout.matchAll(/^data: (.*)$/gm)].map(([, text]) => text);
    expect(data.slice(2, 6).join("")).toBe("Hello, world");
    expect(stdout).toContain("event: carillon.end");
  });

  it("are written from Node, and read by a page", async () => {
    const port = await freePort();
    writeFileSync(join(project, "app.mjs"), block("token-streams.md", "js"));
    const env = { ...process.env, PORT: String(port), CARILLON_URL: server.url };
    const app = spawn(process.execPath, ["app.mjs"], { cwd: project, env, stdio: ["ignore", "pipe", "inherit"] });
    running.push(app);
    let output = "";
    app.stdout.on("data", (text) => (output += String(text)));
    await until("it listens", () => output.includes("ready"));
    const { stream } = (await (await fetch(`http://localhost:${port}/?q=why+is+it`)).json()) as { stream: string };
    const source = new EventSource(`${server.url}/events/streams/${stream}`);
    let text = "";
    source.addEventListener("message", ({ data }) => (text += data as string));
    await new Promise((done) => source.addEventListener("carillon.end", done));
    source.close();
    expect(text).toBe("You asked: why is it");
    await until("the application knows", () => output.includes("5 tokens\n"));
  });
});
