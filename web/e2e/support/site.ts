// An application of its own origin: pages that load the packages, made from their sources.
import { createServer, type Server as Listener } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const web = fileURLToPath(new URL("../..", import.meta.url));

/** One ES module of the given file, or of source text, with everything in it. */
export async function bundled(entry: string | { source: string }): Promise<string> {
  const { outputFiles } = await build({
    ...(typeof entry === "string"
      ? { entryPoints: [`${web}/${entry}`] }
      : { stdin: { contents: entry.source, resolveDir: `${web}/e2e`, loader: "tsx" } }),
    bundle: true,
    write: false,
    format: "esm",
    target: "es2022",
    jsx: "automatic",
    tsconfig: `${web}/tsconfig.base.json`,
    define: { "process.env.NODE_ENV": '"development"', __VUE_OPTIONS_API__: "true", __VUE_PROD_DEVTOOLS__: "false", __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: "false" },
  });
  return outputFiles[0]!.text;
}

export class Site {
  private constructor(
    private readonly listener: Listener,
    readonly url: string,
    /** What pages begin with. */
    public body: string,
  ) {}

  /** Serves these scripts by their paths, and a page with `body` everywhere else. */
  static async start(scripts: Record<string, string>, body = ""): Promise<Site> {
    let site: Site | undefined;
    const listener = createServer((request, answer) => {
      const script = scripts[new URL(request.url!, "http://site").pathname];
      if (script !== undefined) return answer.writeHead(200, { "Content-Type": "text/javascript" }).end(script);
      answer.writeHead(200, { "Content-Type": "text/html" }).end(`<!doctype html><meta charset="utf-8"><title>site</title>${site!.body}`);
    });
    await new Promise<void>((done) => listener.listen(0, "127.0.0.1", done));
    site = new Site(listener, `http://localhost:${(listener.address() as AddressInfo).port}`, body);
    return site;
  }

  async stop(): Promise<void> {
    this.listener.closeAllConnections?.();
    await new Promise((done) => this.listener.close(done));
  }
}
