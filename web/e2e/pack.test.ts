// The packages for pages as `npm pack` makes them, in an empty project. Nothing is downloaded.
import { execFile, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Server, until } from "./support/server.js";

const run = promisify(execFile);
const web = fileURLToPath(new URL("..", import.meta.url));
const tsc = createRequire(import.meta.url).resolve("typescript/bin/tsc");

interface Manifest {
  name: string;
  version: string;
  exports: Record<string, unknown>;
  peerDependencies?: Record<string, string>;
}
const packages = ["client", "react", "vue"].map(
  (name) => JSON.parse(readFileSync(join(web, "packages", name, "package.json"), "utf8")) as Manifest,
);
/** Every entry that can be imported; a worker runs in no other place. */
const entries = packages.flatMap(({ name, exports }) =>
  Object.keys(exports)
    .filter((entry) => !["./package.json", "./worker"].includes(entry))
    .map((entry) => name + entry.slice(1)),
);

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
  const peers = packages.flatMap(({ peerDependencies = {} }) => Object.keys(peerDependencies));
  for (const name of [...peers, "react-dom", "@types", "csstype", "@vue", "undici-types"]) {
    const link = join(project, "node_modules", name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(web, "node_modules", name), link);
  }
});
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
    `import { createRequire } from "node:module";
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
  const readme = readFileSync(join(web, "packages", "client", "README.md"), "utf8");
  const program = readme.match(/```js\n([^]*?)```/)![1]!.replace("localhost:3000", `localhost:${server.port}`);
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

const example = `
  import { connect } from "carillon-client";
  const client = connect("http://localhost/events/subscribe/news");
  client.on<{ text: string }>("notification", ({ data }) => data.text.length);
  // @ts-expect-error it is no number
  client.on<{ text: string }>("notification", ({ data }) => data.text.toFixed());
  client.close();
`;
const imports = (wanted: string[]): string =>
  wanted.map((entry, n) => `import * as entry${n} from "${entry}"; export const name${n}: keyof typeof entry${n} = "" as never;`).join("\n");
const plain = imports(entries.filter((entry) => entry.startsWith("carillon-client"))) + example;
const all = imports(entries) + example;

// The declarations of the client are looked at themselves; with those of React and Vue that would take long.
test.each([
  ["carillon-client", "NodeNext", false, { "esm.mts": plain, "cjs.cts": plain }],
  ["all, as ES modules and CommonJS", "NodeNext", true, { "all.mts": all, "all.cts": all }],
  ["all, for a bundler", "Bundler", true, { "bundler.ts": all }],
])("types are right under `strict`: %s", async (_, moduleResolution, skipLibCheck, files) => {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(project, name), text);
  const compilerOptions = {
    strict: true,
    noEmit: true,
    target: "ES2022",
    lib: ["ES2022", "DOM", "DOM.Iterable"],
    types: ["node"],
    skipLibCheck,
    module: moduleResolution === "Bundler" ? "ESNext" : moduleResolution,
    moduleResolution,
  };
  const config = `tsconfig.${Object.keys(files)[0]}.json`;
  writeFileSync(join(project, config), JSON.stringify({ compilerOptions, files: Object.keys(files) }));
  const { stdout } = await run(process.execPath, [tsc, "-p", config], { cwd: project }).catch((failed: { stdout: string }) => failed);
  expect(stdout.split("\n").filter((line) => /^(node_modules\/carillon|[a-z]+\.[mc]?ts\()/.test(line))).toEqual([]);
});
