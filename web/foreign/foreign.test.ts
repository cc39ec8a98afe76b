// Clients of other languages, each as its own pages say that it is used, and ours in other runtimes than Node, through kills,
// restarts and a drain.
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, test } from "vitest";
import { Server } from "../e2e/support/server.js";
import { losesAndDoublesNothing, quick } from "../e2e/support/survival.js";

const here = fileURLToPath(new URL(".", import.meta.url));
const built = fileURLToPath(new URL("../../build/clients", import.meta.url));

interface Client {
  tools: string[];
  /** Makes it, unless it is there; gives the command that listens to the URL that is put behind it. */
  make(): string[];
}

const run = (command: string, args: string[], cwd = built): void => void execFileSync(command, args, { cwd, stdio: ["ignore", "inherit", "inherit"] });

/** Its sources, copied to where they may be built. */
function copied(name: string): string {
  cpSync(join(here, name), join(built, name), { recursive: true });
  return join(built, name);
}

let runtimesAreThere = false;

/** The folder in which other runtimes find our client, as packed, beside themselves. */
function runtimes(): string {
  const folder = join(built, "runtimes");
  if (runtimesAreThere) return folder;
  mkdirSync(folder, { recursive: true });
  const web = fileURLToPath(new URL("..", import.meta.url));
  run("node", ["build.mjs"], web);
  const packed = execFileSync("npm", ["pack", "--workspace", "carillon-client", "--ignore-scripts", "--silent", "--pack-destination", folder], { cwd: web, encoding: "utf8" });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
  // Their own binaries are packages; what their packages run when they are installed would only link them.
  run("npm", ["install", "--silent", "--ignore-scripts", "--no-audit", "--no-fund", `./${packed.trim()}`, "deno@^2.9.6", "bun@^1.4.5"], folder);
  cpSync(join(here, "listen.mjs"), join(folder, "listen.mjs"));
  runtimesAreThere = true;
  return folder;
}

/** The binary that the package of a runtime has brought along for this machine. */
function binaryOf(folder: string, scope: string, file: string): string {
  const path = join(folder, "node_modules", scope);
  const found = readdirSync(path).map((name) => join(path, name, file)).find((binary) => existsSync(binary));
  if (!found) throw new Error(`no ${file} for this machine`);
  return found;
}

const clients: Record<string, Client> = {
  "carillon-client in Node": {
    tools: ["npm"],
    make: () => ["node", join(runtimes(), "listen.mjs")],
  },
  "carillon-client in Deno": {
    tools: ["npm"],
    make() {
      const folder = runtimes();
      return [binaryOf(folder, "@deno", "deno"), "run", "--quiet", "--allow-net", "--allow-env", "--allow-read", join(folder, "listen.mjs")];
    },
  },
  "carillon-client in Bun": {
    tools: ["npm"],
    make() {
      const folder = runtimes();
      return [binaryOf(folder, "@oven", "bin/bun"), join(folder, "listen.mjs")];
    },
  },
  "httpx-sse": {
    tools: ["python3"],
    make() {
      const python = join(built, "python", "bin", "python");
      if (!existsSync(python)) run("python3", ["-m", "venv", "python"]);
      run(python, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "httpx", "httpx-sse"]);
      return [python, join(here, "httpx_sse_client.py")];
    },
  },
  "r3labs/sse": {
    tools: ["go"],
    make() {
      const folder = copied("r3labs");
      run("go", ["build", "-o", "listen", "."], folder);
      return [join(folder, "listen")];
    },
  },
  "okhttp-sse": {
    tools: ["mvn", "java"],
    make() {
      const folder = copied("okhttp");
      run("mvn", ["-q", "-B", "package", "dependency:copy-dependencies"], folder);
      return ["java", "-cp", `${join(folder, "target", "classes")}:${join(folder, "target", "dependency", "*")}`, "Listen"];
    },
  },
};

const isThere = (tool: string): boolean => spawnSync("sh", ["-c", `command -v ${tool}`]).status === 0;

mkdirSync(built, { recursive: true });

describe.each(Object.entries(clients))("%s", (name, { tools, make }) => {
  const missing = tools.filter((tool) => !isThere(tool));
  if (missing.length > 0) {
    console.log(`skipped: ${name} needs ${missing.join(", ")}`);
    return test.skip(`needs ${missing.join(", ")}`);
  }
  let server: Server;
  let listener: ChildProcess | undefined;

  afterEach(async () => {
    listener?.kill("SIGKILL");
    await server?.stop();
  });

  // Each with the decoder that its language brings along, if it asks for a coding.
  test.each(["off", "on"])("loses and doubles nothing over kills and a drain, with compression %s", async (compression) => {
    server = await Server.start(...quick, "--stream.compression", compression);
    const [command, ...args] = make();
    let printed = "";
    listener = spawn(command!, [...args, `${server.url}/events/subscribe/news`], { stdio: ["ignore", "pipe", "inherit"] });
    listener.stdout!.on("data", (text) => (printed += String(text)));
    await losesAndDoublesNothing(server, () => printed.split("\n").slice(0, -1));
  });
});
