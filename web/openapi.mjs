// Writes the types of Carillon's HTTP API, which the packages' calls are checked by, from a server's /openapi.json:
// `node openapi.mjs [--check] [URL]`. Without a URL it asks SERVER_BINARY, or the release build.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import openapi, { astToString } from "openapi-typescript";

const here = fileURLToPath(new URL(".", import.meta.url));
export const file = join(here, "packages/server/src/api.ts");

/** The paths that back ends call, each once: aliases, pages, probes and descriptions are of no use there. */
const isCalled = (path) => /^\/(events|auth|api\/sse|api\/calendar|api\/v1\/sse|notifications|realtime|chat|system)(\/[^$]*)?$/.test(path);

/** A stream is read, not called. */
const isStream = (operation) => operation.responses?.["200"]?.content?.["text/event-stream"] !== undefined;

/** Failures are problem documents, whatever was called. */
const successes = ({ responses }) => Object.fromEntries(Object.entries(responses).filter(([status]) => /^2/.test(status)));

/** The key of a call that may be repeated is no part of the route: every call has an option for it. */
const withoutHeaders = ({ parameters = [] }) => parameters.filter((parameter) => parameter.in !== "header");

/** The operations of a path that are calls; undefined if there is none. */
function callsOf(operations) {
  const calls = Object.entries(operations).flatMap(([verb, operation]) =>
    isStream(operation) ? [] : [[verb, { ...operation, parameters: withoutHeaders(operation), responses: successes(operation) }]],
  );
  return calls.length > 0 ? Object.fromEntries(calls) : undefined;
}

/** What is prose in the document says nothing about types. */
function withoutProse(node) {
  if (Array.isArray(node)) return node.map(withoutProse);
  if (node === null || typeof node !== "object") return node;
  const prose = ["description", "summary", "example", "examples"];
  return Object.fromEntries(Object.entries(node).flatMap(([name, value]) => (prose.includes(name) && typeof value !== "object" ? [] : [[name, withoutProse(value)]])));
}

/** The text of api.ts that a document asks for. */
export async function typesOf(document) {
  const called = Object.entries(document.paths).flatMap(([path, operations]) => (isCalled(path) && callsOf(operations) ? [[path, callsOf(operations)]] : []));
  const paths = Object.fromEntries(called.sort(([a], [b]) => (a < b ? -1 : 1)));
  const types = astToString(await openapi({ ...withoutProse(document), components: { schemas: withoutProse(document.components.schemas) }, paths: withoutProse(paths) }, { alphabetize: true }))
    // What is not there need not be said to be never there, nor to be empty, nor to be anything.
    .replace(/^ +\w+\?: never;\n/gm, "")
    .replace(/^ +parameters: \{\n +\};\n/gm, "")
    .replace(/^ +headers: \{\n +\[name: string\]: unknown;\n +\};\n/gm, "");
  return `// Made by \`npm run api\` from /openapi.json; the tests hold it to what the server says.\n${types}`;
}

async function documentOfBuild() {
  const probe = createServer();
  const port = await new Promise((done) => probe.listen(0, "127.0.0.1", () => done(probe.address().port)));
  await new Promise((done) => probe.close(done));
  const data = mkdtempSync(join(tmpdir(), "carillon-"));
  const server = spawn(process.env.SERVER_BINARY ?? join(here, "../build/release/carillon"), ["serve", "--listen", `127.0.0.1:${port}`, "--data-dir", data], { stdio: "ignore" });
  try {
    for (let tries = 0; tries < 200; ++tries) {
      const answer = await fetch(`http://127.0.0.1:${port}/openapi.json`).catch(() => undefined);
      if (answer?.ok) return await answer.json();
      await new Promise((done) => setTimeout(done, 50));
    }
    throw new Error("the server does not answer");
  } finally {
    server.kill();
    rmSync(data, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [url] = process.argv.slice(2).filter((word) => word !== "--check");
  const types = await typesOf(url ? await (await fetch(new URL("/openapi.json", url))).json() : await documentOfBuild());
  if (!process.argv.includes("--check")) writeFileSync(file, types);
  else if (readFileSync(file, "utf8") !== types) {
    console.error(`${file} is not what the server says: run \`npm run api\` in web/`);
    process.exitCode = 1;
  }
}
