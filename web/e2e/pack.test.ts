// The packages as `npm pack` makes them after `npm run build`, in an empty project. Nothing is downloaded.
import { execFile, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build, transform } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePort, Server, until } from "./support/server.js";

const run = promisify(execFile);
const web = fileURLToPath(new URL("..", import.meta.url));
const tsc = createRequire(import.meta.url).resolve("typescript/bin/tsc");

interface Manifest {
  name: string;
  version: string;
  exports: Record<string, unknown>;
  peerDependencies?: Record<string, string>;
}
const packages = ["client", "react", "vue", "server", "nest"].map(
  (name) => JSON.parse(readFileSync(join(web, "packages", name, "package.json"), "utf8")) as Manifest,
);
/** Every entry that can be imported; a worker runs in no other place. */
const entries = packages.flatMap(({ name, exports }) =>
  Object.keys(exports)
    .filter((entry) => !["./package.json", "./worker"].includes(entry))
    .map((entry) => name + entry.slice(1)),
);

const readme = (name: string): string => readFileSync(join(web, "packages", name, "README.md"), "utf8");
const snippets = (name: string, language: string): string[] => [...readme(name).matchAll(new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``, "g"))].map((found) => found[1]!);

const imports = (wanted: string[]): string =>
  wanted.map((entry, n) => `import * as entry${n} from "${entry}"; export const name${n}: keyof typeof entry${n} = "" as never;`).join("\n");
let project: string;
let contents: Record<string, string[]>;

beforeAll(async () => {
  project = mkdtempSync(join(tmpdir(), "carillon-pack-"));
  const { stdout } = await run("npm", ["pack", "--json", "--ignore-scripts", ...packages.flatMap(({ name }) => ["--workspace", name]), "--pack-destination", project], { cwd: web });
  const packed = Object.values(JSON.parse(stdout) as Record<string, { name: string; filename: string; files: { path: string }[] }>);
  contents = Object.fromEntries(packed.map(({ name, files }) => [name, files.map(({ path }) => path)]));
  writeFileSync(join(project, "package.json"), JSON.stringify({ name: "empty", version: "1.0.0", private: true }));
  const tarballs = packed.map(({ filename }) => `./${filename}`);
  await run("npm", ["install", "--offline", "--legacy-peer-deps", "--no-audit", "--no-fund", ...tarballs], { cwd: project });
  // What an application brings along, with its types: from here, so that nothing is downloaded.
  const peers = packages.flatMap(({ peerDependencies = {} }) => Object.keys(peerDependencies)).filter((name) => !name.startsWith("@nestjs/"));
  for (const name of new Set([...peers, "react-dom", "@types", "csstype", "@vue", "undici-types", "@nestjs", "reflect-metadata", "rxjs", "express"])) {
    const link = join(project, "node_modules", name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(web, "node_modules", name), link);
  }
  // npm takes its time on a machine that is busy.
}, 240_000);
afterAll(() => rmSync(project, { recursive: true, force: true }));

describe.each(packages.map(({ name }) => name))("%s", (name) => {
  test("holds what it needs and nothing else", () => {
    const files = contents[name]!;
    expect(files).toEqual(expect.arrayContaining(["package.json", "README.md", "API.md", "CHANGELOG.md", "LICENSE", "dist/index.js", "dist/index.cjs"]));
    expect(files.filter((path) => !/^(package\.json|README\.md|API\.md|CHANGELOG\.md|LICENSE|dist\/[^/]+\.(js|cjs|d\.ts|d\.cts))$/.test(path))).toEqual([]);
  });

  test("its types import files that are there", () => {
    for (const path of contents[name]!.filter((file) => /\.d\.c?ts$/.test(file))) {
      const text = readFileSync(join(project, "node_modules", name, path), "utf8");
      for (const [, target] of text.matchAll(/(?:from|import\()\s*"\.\/([^"]+)"/g))
        expect(contents[name], `${path} imports ${target}`).toContain(`dist/${target!.replace(/\.(c?)js$/, ".d.$1ts")}`);
    }
  });
});

test("every entry can be imported as an ES module and required as CommonJS, and has the same names", async () => {
  writeFileSync(
    join(project, "try.mjs"),
    `import "reflect-metadata";
     import { createRequire } from "node:module";
     const require = createRequire(import.meta.url);
     for (const entry of ${JSON.stringify(entries)}) {
       const names = (module) => Object.keys(module).filter((name) => !["default", "module.exports", "__esModule"].includes(name)).sort().join();
       const [imported, required] = [names(await import(entry)), names(require(entry))];
       if (imported !== required || imported === "") throw new Error(entry + ": " + imported + " / " + required);
     }
     console.log("all there");`,
  );
  expect((await run(process.execPath, ["try.mjs"], { cwd: project })).stdout).toBe("all there\n");
});

test.each([
  ["react", "tsx"],
  ["vue", "ts"],
])("the README of carillon-%s shows the example that is tested", (name, extension) => {
  const read = (file: string): string => readFileSync(join(web, "packages", name, file), "utf8");
  expect(read("README.md")).toContain(`\`\`\`${extension}\n${read(`examples/news.${extension}`)}\`\`\``);
});

test("the README of carillon-client begins with a program that runs", async () => {
  const server = await Server.start();
  const program = snippets("client", "js")[0]!.replace("localhost:3000", `localhost:${server.port}`);
  writeFileSync(join(project, "readme.mjs"), program);
  const running = spawn(process.execPath, ["readme.mjs"], { cwd: project, stdio: ["ignore", "pipe", "inherit"] });
  let printed = "";
  running.stdout.on("data", (text) => (printed += String(text)));
  await until("it listens", async () => (await server.metric("carillon_subscribers")) === 1);
  const id = await server.publish("news", { text: "hello" });
  await until("it prints the event", () => printed === `hello ${id}\n`);
  running.kill();
  await server.stop();
});

test("the README of carillon-server begins with a program that runs", async () => {
  const server = await Server.start();
  writeFileSync(join(project, "publish.mjs"), snippets("server", "js")[0]!.replace("http://localhost:3000", server.url));
  expect((await run(process.execPath, ["publish.mjs"], { cwd: project })).stdout).toMatch(/^stored as \w+\.\d+\n$/);
  await server.stop();
});

test("the README of carillon-server passes a stream through Express", async () => {
  const server = await Server.start();
  const port = await freePort();
  const example = snippets("server", "js").find((text) => text.includes("passThrough"))!;
  writeFileSync(join(project, "express.mjs"), example.replace("http://localhost:3000", server.url).replace("8080", String(port)));
  const running = spawn(process.execPath, ["express.mjs"], { cwd: project, stdio: ["ignore", "inherit", "inherit"] });
  const url = `http://localhost:${port}/api/stream`;
  await until("it refuses nobody in particular", () => fetch(url).then(({ status }) => status === 401, () => false));
  const leave = new AbortController();
  const answer = await fetch(url, { headers: { "X-User": "ann" }, signal: leave.signal });
  expect(await answer.body!.pipeThrough(new TextDecoderStream()).getReader().read()).toMatchObject({ value: expect.stringContaining('"topics":["users/ann","news"]') as string });
  leave.abort();
  running.kill();
  await server.stop();
});

test("the README of carillon-nest begins with a module that an application starts with", async () => {
  const server = await Server.start();
  const program = `import "reflect-metadata";
    ${snippets("nest", "ts")[0]!.replace("http://localhost:3000", server.url)}
    import { NestFactory } from "@nestjs/core";
    import { SSEService } from "carillon-nest";
    const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
    console.log((await app.get(SSEService).broadcast({ topic: "news", data: { text: "hello" } })).topic);
    await app.close();`;
  const { code } = await transform(program, { loader: "ts", tsconfigRaw: { compilerOptions: { experimentalDecorators: true } } });
  writeFileSync(join(project, "nest.mjs"), code);
  expect((await run(process.execPath, ["nest.mjs"], { cwd: project })).stdout).toBe("news\n");
  await server.stop();
});

test("nothing starts when they are loaded, and what nobody uses is left out by a bundler", async () => {
  const script = `${entries.map((entry) => `import ${JSON.stringify(entry)};`).join("\n")}
    console.log(process.getActiveResourcesInfo().filter((name) => /Timeout|Immediate|TCP|Signal/.test(name)).join());`;
  writeFileSync(join(project, "idle.mjs"), `import "reflect-metadata";\n${script}`);
  expect((await run(process.execPath, ["idle.mjs"], { cwd: project })).stdout).toBe("\n");
  const unused = entries.map((entry, n) => `import * as unused${n} from ${JSON.stringify(entry)};`).join("\n");
  const { outputFiles } = await build({ stdin: { contents: unused, resolveDir: project }, bundle: true, write: false, minify: true, format: "esm", platform: "node", packages: "bundle", external: packages.flatMap(({ peerDependencies = {} }) => Object.keys(peerDependencies).filter((name) => !name.startsWith("carillon"))) });
  expect(outputFiles[0]!.text.replace(/import"[^"]*";|\s/g, "")).toBe("");
});

test("what nobody awaits fails without a sound", async () => {
  const script = `import { Carillon } from "carillon-server"; import { SSEService } from "carillon-server/topics";
    const carillon = new Carillon({ url: "http://localhost:1", giveUpAfter: 0, onError: (why) => console.log(why.code) });
    new SSEService(carillon).broadcast({ topic: "t", data: 1 });`;
  writeFileSync(join(project, "run.mjs"), script);
  expect((await run(process.execPath, ["run.mjs"], { cwd: project })).stdout).toBe("NETWORK_ERROR\n");
});

const example = `
  import { connect } from "carillon-client";
  const client = connect("http://localhost/events/subscribe/news");
  client.on<{ text: string }>("notification", ({ data }) => data.text.length);
  // @ts-expect-error it is no number
  client.on<{ text: string }>("notification", ({ data }) => data.text.toFixed());
  client.close();
`;
const serverExample = `
import { Carillon, CarillonError, type Published } from "carillon-server";
import { SSEService, type SSEClient, type SSEConfig, type SSEEvent } from "carillon-server/topics";
import { SSENotificationService } from "carillon-server/users";
import { Domains } from "carillon-server/domains";
import { type ClientFilter, type SSEStats, initializeSSE, notifyUser } from "carillon-server/metadata";
import { SSEPublisher } from "carillon-server/notifications";
import { passThrough } from "carillon-server/express";
import { streamRoute } from "carillon-server/next";

const config: SSEConfig = { enabled: true, heartbeatInterval: 30000 };
const carillon = new Carillon({ url: "http://localhost:1", giveUpAfter: 0, onError: () => undefined });
export const service = new SSEService(carillon, config);
const event: SSEEvent<{ n: number }> = { data: { n: 1 } };
export const published: Promise<Published> = service.broadcast({ ...event, topic: "t" });
export const notify: SSENotificationService = new SSENotificationService(service);
export const topics = (client: SSEClient): Set<string> => client.topics;
export const filter: ClientFilter = { userId: "u" };
export const average = (stats: SSEStats): number => stats.averageConnectionDuration;
export const code = (why: unknown): string => (why instanceof CarillonError ? why.code : "");
initializeSSE({ carillon, pingInterval: 45000 });
void notifyUser("u", { event: "e", data: 1 });
export const rest = [new Domains(carillon), new SSEPublisher(carillon), passThrough({ carillon }), streamRoute({ carillon })];
// @ts-expect-error a broadcast needs data
void service.broadcast({ topic: "t" });
`;

const nestExample = `
import { Module } from "@nestjs/common";
import { AuthGuard, SSEModule, SSEService } from "carillon-nest";
export const guard = AuthGuard;
export class AppModule { constructor(readonly sse: SSEService) {} }
Module({ imports: [SSEModule.forRoot({ enabled: true, maxClients: 1000 })] })(AppModule);
`;
const own = [...entries.filter((entry) => /^carillon-(client|server)/.test(entry))];
const plain = { client: imports(own) + example, server: serverExample };
const all = { all: imports(entries) + example, server: serverExample, nest: nestExample, ...Object.fromEntries(snippets("nest", "ts").map((text, n) => [`readme${n}`, text])) };
const named = (texts: Record<string, string>, end: string): Record<string, string> => Object.fromEntries(Object.entries(texts).map(([name, text]) => [name + end, text]));

// The declarations of what stands on no framework are looked at themselves; with those of React, Vue and Nest that would take long.
test.each([
  ["on no framework, as ES modules and CommonJS", "NodeNext", "NodeNext", false, { ...named(plain, ".mts"), ...named(plain, ".cts") }],
  ["all, for a bundler", "Bundler", "ESNext", true, named(all, ".ts")],
  ["all, as CommonJS of old resolution", "Node10", "CommonJS", true, named(all, ".cts")],
])("types are right under `strict`: %s", async (_, moduleResolution, module, skipLibCheck, files) => {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(project, name), text);
  const compilerOptions = {
    strict: true,
    noEmit: true,
    target: "ES2022",
    lib: ["ES2022", "DOM", "DOM.Iterable"],
    types: ["node"],
    exactOptionalPropertyTypes: true,
    experimentalDecorators: true,
    skipLibCheck,
    skipDefaultLibCheck: true,
    module,
    moduleResolution,
  };
  const config = `tsconfig.${Object.keys(files)[0]}.json`;
  writeFileSync(join(project, config), JSON.stringify({ compilerOptions, files: Object.keys(files) }));
  const { stdout } = await run(process.execPath, [tsc, "-p", config], { cwd: project }).catch((failed: { stdout: string }) => failed);
  expect(stdout.split("\n").filter((line) => /^(node_modules\/carillon|[a-z]+\d*\.[mc]?ts\()|error TS5/.test(line))).toEqual([]);
}, 180_000);
