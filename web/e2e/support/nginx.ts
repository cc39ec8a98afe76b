// The real nginx with the documented configuration; only names and ports differ.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort, until } from "./server.js";

const documented = fileURLToPath(new URL("../../../packaging/nginx/carillon.conf", import.meta.url));

function replaced(text: string, from: string | RegExp, to: string): string {
  const changed = text.replace(from, to);
  if (changed === text) throw new Error(`${documented} has no ${String(from)}`);
  return changed;
}

export class Nginx {
  private constructor(
    readonly port: number,
    private readonly folder: string,
    private readonly process: ChildProcess,
  ) {}

  static async before(port: number): Promise<Nginx> {
    const own = await freePort();
    let site = readFileSync(documented, "utf8");
    site = replaced(site, "server 127.0.0.1:3000;", `server 127.0.0.1:${port};`);
    site = replaced(site, "listen 80;", `listen 127.0.0.1:${own};`);
    site = replaced(site, "listen [::]:80;", "");
    site = replaced(site, "server_name events.example.com;", "server_name localhost;");
    return Nginx.run(own, site, "/health");
  }

  /** With the location of system C's document, word for word. */
  static async ofDocument(port: number): Promise<Nginx> {
    const own = await freePort();
    const site = `
upstream backend { server 127.0.0.1:${port}; }
server {
listen 127.0.0.1:${own};
server_name localhost;
location /api/ {
    proxy_pass http://backend;
    proxy_http_version 1.1;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection "upgrade";
    proxy_set_header Host $host;
    proxy_cache_bypass $http_upgrade;

    # SSE specific
    proxy_buffering off;
    proxy_cache off;
    chunked_transfer_encoding off;
}
}`;
    return Nginx.run(own, site, "/api/system/health");
  }

  private static async run(own: number, site: string, alive: string): Promise<Nginx> {
    const folder = mkdtempSync(join(tmpdir(), "nginx-"));
    mkdirSync(join(folder, "temp"));
    const temp = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((kind) => `${kind}_temp_path ${folder}/temp/${kind};`);
    writeFileSync(
      join(folder, "nginx.conf"),
      `daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/error.log;
       events { worker_connections 512; }
       http { access_log off; ${temp.join(" ")}
       ${site} }`,
    );
    const running = spawn("/usr/sbin/nginx", ["-p", folder, "-c", join(folder, "nginx.conf")], { stdio: "ignore" });
    const nginx = new Nginx(own, folder, running);
    await until("nginx answers", () => fetch(`${nginx.url}${alive}`).then((answer) => answer.ok, () => false)).catch((why) => {
      throw new Error(`${why}: ${readFileSync(join(folder, "error.log"), "utf8")}`);
    });
    return nginx;
  }

  get url(): string {
    return `http://localhost:${this.port}`;
  }

  async stop(): Promise<void> {
    const over = new Promise((done) => this.process.once("exit", done));
    this.process.kill("SIGKILL");
    await over;
    rmSync(this.folder, { recursive: true, force: true });
  }
}
