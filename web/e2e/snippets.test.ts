// What the live page gives to take along, run as it is, for every stream and call of all five systems.
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { snippet } from "../apps/console/src/live/snippets.js";
import { bodyOf, systems, target } from "../apps/console/src/live/systems.js";
import { Server } from "./support/server.js";
import { bundled } from "./support/site.js";
import { secret, tokenOf } from "./support/token.js";

const run = promisify(execFile);
const token = tokenOf("test123", 600, { roles: ["user", "publisher", "admin"] });
const env = { ...process.env, TOKEN: token, NO_PROXY: "*" };
const folder = mkdtempSync(join(tmpdir(), "snippets-"));
let server: Server;

beforeAll(async () => {
  server = await Server.start("--auth.secret", secret);
});
afterAll(async () => {
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const calls = () =>
  systems.flatMap(({ id, calls }) =>
    calls.map((call) => ({
      name: `${id} ${call.id}`,
      request: { kind: "call" as const, origin: server.url, target: target(call.path, call.parameters, {}), signedIn: true, body: bodyOf(call, "test123") },
    })),
  );
const streams = () =>
  systems.flatMap(({ id, streams }) =>
    streams.map((stream) => ({ name: `${id} ${stream.id}`, request: { kind: "listen" as const, origin: server.url, target: target(stream.path, stream.parameters, {}), signedIn: true } })),
  );

test("curl sends every call", async () => {
  for (const { name, request } of calls()) {
    const { stdout } = await run("sh", ["-c", `${snippet("curl", request)} -s -w '\n%{http_code}'`], { env });
    const [body, status] = [stdout.slice(0, stdout.lastIndexOf("\n")), Number(stdout.slice(stdout.lastIndexOf("\n") + 1))];
    expect(status, `${name}: ${body}`).toBeLessThan(300);
    expect(status, `${name}: ${body}`).toBeGreaterThanOrEqual(200);
  }
});

test("curl listens to every stream", async () => {
  const heard = await Promise.all(
    streams().map(async ({ name, request }) => {
      const failed = (why: unknown) => why as { stdout: string };
      const { stdout } = await run("sh", ["-c", `${snippet("curl", request)} -s --max-time 2`], { env }).catch(failed);
      return [name, stdout] as const;
    }),
  );
  for (const [name, text] of heard) expect(text, name).toMatch(/^(retry|id|event|data|:)/m);
});

/** As a module of its own that Node runs: the packages are there, and `token` is what the program calls its token. */
async function module(name: string, source: string): Promise<string> {
  const file = join(folder, `${name}.mjs`);
  writeFileSync(file, await bundled({ source }));
  const { stdout } = await run(process.execPath, [file], { env, timeout: 20_000 });
  return stdout;
}

test("JavaScript sends every call", async () => {
  const blocks = calls().map(({ name, request }) => `{\n${snippet("JavaScript", request)}\nconsole.log(${JSON.stringify(name)}, answer.status);\n}`);
  const said = await module("calls", `const token = process.env.TOKEN;\n${blocks.join("\n")}`);
  for (const { name } of calls()) expect(said).toMatch(new RegExp(`^${name} 20[0-9]$`, "m"));
});

test("JavaScript listens to every stream", async () => {
  // Each is a program that goes on for ever: what it hears first ends it. Heartbeats are the client's own affair: it tells none.
  const heard = streams().filter(({ name }) => name !== "C heartbeat");
  const all = heard.map(({ name, request }) => {
    const [first, ...rest] = snippet("JavaScript", request).split("\n");
    expect(first).toBe('import { connect } from "carillon-client";');
    return `(async () => {\n${rest.join("\n").replace("console.log(type, data, id);", `{ console.log(${JSON.stringify(name)}, type, data, id); stream.close(); break; }`)}\n})()`;
  });
  const listening = module("streams", `import { connect } from "carillon-client";\nconst token = process.env.TOKEN;\nawait Promise.all([\n${all.join(",\n")}\n]);\nprocess.exit(0);`);
  // Some hear what is sent meanwhile only.
  const over = new AbortController();
  const ring = async () => {
    while (!over.signal.aborted) {
      for (const { request } of calls()) await fetch(server.url + new URL(request.origin + request.target).pathname, { method: "POST", headers: { "Content-Type": "application/json", Authorization: `Bearer ${token}` }, body: request.body });
      await new Promise((done) => setTimeout(done, 200));
    }
  };
  const ringing = ring();
  try {
    const said = await listening;
    for (const { name } of heard) expect(said).toContain(`${name} `);
  } finally {
    over.abort();
    await ringing;
  }
});
