// What `npm pack` makes of the packages for Node, after `npm run build`, installed into an empty project.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Server } from "./support/server.js";

const web = fileURLToPath(new URL("..", import.meta.url));
const project = mkdtempSync(join(tmpdir(), "carillon-packed-"));

function run(command: string, args: string[], cwd = project): string {
  try {
    return execFileSync(command, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  } catch (why) {
    const { stdout, stderr } = why as { stdout: string; stderr: string };
    throw new Error(`${command} ${args.join(" ")}\n${stdout}\n${stderr}`);
  }
}

interface Packed {
  filename: string;
  files: { path: string }[];
}
const packed: Record<string, Packed> = {};

beforeAll(() => {
  for (const name of ["server", "nest"]) {
    const args = ["pack", "--json", "--pack-destination", project, "--ignore-scripts"];
    const [one] = JSON.parse(run("npm", args, join(web, "packages", name))) as Packed[];
    if (one) packed[name] = one;
  }
  writeFileSync(join(project, "package.json"), JSON.stringify({ name: "empty", private: true, type: "module" }));
  const tarballs = Object.values(packed).map(({ filename }) => join(project, filename));
  run("npm", ["install", "--offline", "--no-audit", "--no-fund", "--legacy-peer-deps", ...tarballs]);
  // Peers, and what the compiler needs: as the application has them.
  for (const name of ["@nestjs", "reflect-metadata", "rxjs", "@types/node", "undici-types"]) {
    const link = join(project, "node_modules", name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(web, "node_modules", name), link);
  }
}, 120_000);
afterAll(() => rmSync(project, { recursive: true, force: true }));

const entries = ["", "/topics", "/users", "/domains", "/metadata", "/notifications", "/express", "/next"];
const names = [...entries.map((entry) => `carillon-server${entry}`), "carillon-nest"];

describe("the packages", () => {
  it("hold what is needed and nothing else", () => {
    for (const { files } of Object.values(packed)) {
      const others = files.map(({ path }) => path).filter((path) => !/^dist\/[\w-]+\.(js|cjs|d\.ts|d\.cts)$/.test(path));
      expect(others.sort()).toEqual(["API.md", "CHANGELOG.md", "LICENSE", "README.md", "package.json"]);
    }
  });

  it("are ES modules", () => {
    const lines = names.map((name, n) => `import * as m${n} from ${JSON.stringify(name)};`);
    const counts = names.map((_, n) => `Object.keys(m${n}).length`).join(", ");
    writeFileSync(join(project, "all.mjs"), `import "reflect-metadata";\n${lines.join("\n")}\nconsole.log(JSON.stringify([${counts}]));`);
    const found = JSON.parse(run("node", ["all.mjs"])) as number[];
    expect(found.every((count) => count > 0)).toBe(true);
  });

  it("are CommonJS modules with the same names", () => {
    const script = `require("reflect-metadata");
      const names = ${JSON.stringify(names)};
      const keys = (all) => Object.keys(all).filter((key) => key !== "default" && key !== "module.exports").sort();
      Promise.all(names.map(async (name) => [keys(require(name)), keys(await import(name))]))
        .then((all) => console.log(JSON.stringify(all)));`;
    writeFileSync(join(project, "all.cjs"), script);
    for (const [required, imported] of JSON.parse(run("node", ["all.cjs"])) as [string[], string[]][]) {
      expect(required).toEqual(imported);
    }
  });

  it("start nothing when they are loaded", () => {
    const script = `import ${JSON.stringify("carillon-server")}; import "carillon-server/metadata";
      console.log(process.getActiveResourcesInfo().filter((name) => /Timeout|Immediate|TCP|Signal/.test(name)).join());`;
    writeFileSync(join(project, "idle.mjs"), script);
    expect(run("node", ["idle.mjs"]).trim()).toBe("");
  });

  it("run the first example of their page", async () => {
    const page = readFileSync(join(web, "packages/server/README.md"), "utf8");
    const example = /```js\n([\s\S]*?)```/.exec(page)?.[1] ?? "";
    const server = await Server.start();
    try {
      writeFileSync(join(project, "example.mjs"), example.replace("http://localhost:3000", server.url));
      expect(run("node", ["example.mjs"])).toMatch(/^stored as \w+\.\d+\n$/);
    } finally {
      await server.stop();
    }
  });

  const source = `import { Carillon, CarillonError, type Published } from "carillon-server";
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
  const nest = `import { Module } from "@nestjs/common";
import { AuthGuard, SSEModule, SSEService } from "carillon-nest";
export const guard = AuthGuard;
export class AppModule { constructor(readonly sse: SSEService) {} }
Module({ imports: [SSEModule.forRoot({ enabled: true, maxClients: 1000 })] })(AppModule);
`;

  it.each([
    ["ES modules and CommonJS", ["a.mts", "b.cts"], "nodenext", "nodenext"],
    ["old resolution", ["c.ts"], "commonjs", "node10"],
    ["bundlers", ["d.ts"], "esnext", "bundler"],
  ])("have strict types for %s", (_, names, module, moduleResolution) => {
    const files = names.flatMap((name) => [name, `nest_${name}`]);
    for (const name of files) writeFileSync(join(project, name), name.startsWith("nest") ? nest : source);
    const tsconfig = {
      compilerOptions: {
        module,
        moduleResolution,
        target: "es2022",
        lib: ["es2022"],
        strict: true,
        exactOptionalPropertyTypes: true,
        noEmit: true,
        types: ["node"],
        experimentalDecorators: true,
        // Our own declarations are looked at too; what others' get wrong is theirs.
        skipLibCheck: moduleResolution !== "nodenext",
      },
      files,
    };
    writeFileSync(join(project, "tsconfig.json"), JSON.stringify(tsconfig));
    let said = "";
    try {
      run(process.execPath, [join(web, "node_modules/typescript/bin/tsc"), "-p", "tsconfig.json"]);
    } catch (why) {
      said = String(why);
    }
    expect(said.split("\n").filter((line) => /^(node_modules\/carillon|[\w]+\.[mc]?ts\()/.test(line))).toEqual([]);
  });

  it("run: what nobody awaits fails without a sound", () => {
    const script = `import { Carillon } from "carillon-server"; import { SSEService } from "carillon-server/topics";
      const carillon = new Carillon({ url: "http://localhost:1", giveUpAfter: 0, onError: (why) => console.log(why.code) });
      new SSEService(carillon).broadcast({ topic: "t", data: 1 });`;
    writeFileSync(join(project, "run.mjs"), script);
    expect(run("node", ["run.mjs"]).trim()).toBe("NETWORK_ERROR");
  });
});
