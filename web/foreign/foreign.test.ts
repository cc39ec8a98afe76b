// Clients of other languages, each as its own pages say that it is used, through kills, restarts and a drain.
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Server, until } from "../e2e/support/server.js";

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

const clients: Record<string, Client> = {
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

  beforeEach(async () => {
    server = await Server.start("--stream.retry", "200ms", "--drain.window", "100ms", "--drain.expected_downtime", "200ms");
  });
  afterEach(async () => {
    listener?.kill("SIGKILL");
    await server?.stop();
  });

  test("loses and doubles nothing over kills and a drain", async () => {
    const [command, ...args] = make();
    let printed = "";
    listener = spawn(command!, [...args, `${server.url}/events/subscribe/news`], { stdio: ["ignore", "pipe", "inherit"] });
    listener.stdout!.on("data", (text) => (printed += String(text)));
    const listens = (): Promise<unknown> => until("it listens", async () => (await server.metric("carillon_subscribers")) === 1, 30_000);
    const lines = (): string[] => printed.split("\n").slice(0, -1);
    const wanted: string[] = [];
    const publish = async (text: string): Promise<void> => {
      wanted.push(text);
      await server.publish("news", text);
    };
    const came = (): Promise<unknown> =>
      until(`${wanted.length} events`, () => lines().length >= wanted.length, 30_000)
        .catch(() => {})
        .then(() => expect(lines()).toEqual(wanted));
    await listens();
    await publish("before");
    await came();
    for (const away of [server.kill, server.drain, server.kill]) {
      await away();
      await server.start();
      await publish(`meanwhile ${wanted.length}`);
      await listens();
      await publish(`after ${wanted.length}`);
      await came();
    }
  });
});
