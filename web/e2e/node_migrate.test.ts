// The applications of docs/guide/migrate.md: a page sees the same before and after.
import "reflect-metadata";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import type { Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { Test } from "@nestjs/testing";
import { signToken } from "carillon-server";
import { EventSource } from "eventsource";
import type { Express } from "express";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { Server, until } from "./support/server.js";

const secret = "a secret that is only used in these tests";
const repository = fileURLToPath(new URL("../..", import.meta.url));
let server: Server;
const cleanUp: (() => unknown)[] = [];

beforeAll(async () => {
  server = await Server.start("--auth.secret", secret);
  Object.assign(process.env, { CARILLON_URL: server.url, CARILLON_AUTH_SECRET: secret });
});
afterEach(async () => {
  for (const end of cleanUp.splice(0).reverse()) await end();
});
afterAll(async () => {
  delete process.env.CARILLON_URL;
  delete process.env.CARILLON_AUTH_SECRET;
  await server?.stop();
});

// Applications read the environment when they are loaded.
async function startNest(name: string, which: string): Promise<string> {
  const { AppModule } = (await import(`../examples/migrate/${name}/${which}.ts`)) as { AppModule: new () => object };
  const testing = await Test.createTestingModule({ imports: [AppModule] }).compile();
  const app = testing.createNestApplication({ logger: false, forceCloseConnections: true });
  await app.listen(0, "127.0.0.1");
  cleanUp.push(() => app.close());
  return app.getUrl();
}

async function startExpress(app: Express): Promise<string> {
  const listening = await new Promise<HttpServer>((done) => {
    const started = app.listen(0, "127.0.0.1", () => done(started));
  });
  cleanUp.push(() => {
    listening.closeAllConnections();
    listening.close();
  });
  return `http://127.0.0.1:${(listening.address() as AddressInfo).port}`;
}

interface Page {
  seen: { event: string; id: string; data: Record<string, unknown> }[];
  opened: Promise<unknown>;
}

/** A page that listens to events of these names. */
function open(url: string, names: string[], headers: Record<string, string> = {}): Page {
  const withHeaders: typeof fetch = (input, init) =>
    fetch(input, { ...init, headers: { ...(init?.headers as Record<string, string>), ...headers } });
  const source = new EventSource(url, { fetch: withHeaders as never });
  cleanUp.push(() => source.close());
  const seen: Page["seen"] = [];
  for (const name of names) {
    source.addEventListener(name, ({ data, lastEventId }) => {
      seen.push({ event: name, id: lastEventId, data: JSON.parse(data as string) as Record<string, unknown> });
    });
  }
  return { seen, opened: new Promise((done) => source.addEventListener("open", done, { once: true })) };
}

const post = (url: string) => fetch(url, { method: "POST" });
const bearer = (user: string) => ({ Authorization: `Bearer ${signToken({ user, roles: ["user"] }, secret)}` });

describe("an application with topics", () => {
  it.each(["before", "after"])("shows a page its events (%s)", async (which) => {
    const url = await startNest("topics", which);
    const { seen, opened } = open(`${url}/events/subscribe/orders`, ["paid"]);
    await opened;
    await post(`${url}/events/orders/42/paid`);
    await until("it has come", () => seen.length === 1);
    expect(seen).toEqual([{ event: "paid", id: "order-42", data: { order: "42" } }]);
  });
});

describe("an application with users", () => {
  it.each(["before", "after"])("shows a page its user's events (%s)", async (which) => {
    const url = await startNest("users", which);
    const online = async () => ((await (await fetch(`${url}/employees/hr1/online`)).json()) as { online: boolean }).online;
    expect(await online()).toBe(false);
    const { seen } = open(`${url}/api/sse/connect`, ["message"], bearer("hr1"));
    await until("it is connected", () => seen.length === 1);
    expect(await online()).toBe(true);
    await post(`${url}/employees/Ada/hr1`);
    await post(`${url}/employees/Bob/hr2`);
    await until("all have come", () => seen.length === 4);
    expect(seen.map(({ data: { type, data } }) => [type, data])).toEqual([
      ["connection_established", expect.anything()],
      ["employee_created", { name: "Ada" }],
      ["dashboard_update", { employees: 1 }],
      ["dashboard_update", { employees: 1 }],
    ]);
    expect(seen.every(({ data }) => typeof data.timestamp === "string")).toBe(true);
  });
});

describe("an application with clients that have metadata", () => {
  it.each(["before", "after"])("shows a page its user's events (%s)", async (which) => {
    const { app } = (await import(`../examples/migrate/metadata/${which}.ts`)) as { app: Express };
    const url = await startExpress(app);
    const { seen, opened } = open(`${url}/api/sse?userId=user1`, ["notification", "alert"], { Cookie: "user=user1" });
    await opened;
    await post(`${url}/orders/user1`);
    await post(`${url}/orders/user2`);
    await until("all have come", () => seen.length === 3);
    expect(seen.map(({ event, data }) => [event, data.message])).toEqual([
      ["notification", "Hello, user!"],
      ["alert", "System update available"],
      ["alert", "System update available"],
    ]);
  });
});

describe("an application that keeps notifications", () => {
  it.each(["before", "after"])("shows a page its user's notifications (%s)", async (which) => {
    const url = await startNest("notifications", which);
    const { seen } = open(`${url}/api/v1/sse/notifications`, ["message"], bearer("u1"));
    await until("it is connected", () => seen.length === 1);
    await post(`${url}/trainers/${which}-1/u1`);
    await post(`${url}/trainers/${which}-2/u2`);
    await until("all have come", () => seen.length === 4);
    const told = { notificationType: "VOCAB_TRAINER", action: "CREATE", priority: "LOW", userId: "u1" };
    const { timestamp, ...notification } = seen[1]?.data ?? {};
    expect(seen.map(({ data }) => data.type)).toEqual(["connection", "notification", "system", "system"]);
    expect(seen[0]?.data).toMatchObject({ message: "SSE connection established", userId: "u1" });
    expect(notification).toEqual({
      ...told,
      type: "notification",
      notificationId: `${which}-1`,
      data: { message: "New vocab trainer available" },
    });
    expect(timestamp).toEqual(expect.any(String));
    expect(seen[2]?.data).toMatchObject({ eventType: "maintenance", data: { message: "System maintenance" } });
  });
});

describe("the guide", () => {
  it.each(["topics", "users", "metadata", "notifications"])("shows the difference of %s as it is", (name) => {
    const folder = `${repository}web/examples/migrate/${name}/`;
    let difference = "";
    try {
      execFileSync("diff", ["-U1", `${folder}before.ts`, `${folder}after.ts`], { encoding: "utf8" });
    } catch (why) {
      difference = (why as { stdout: string }).stdout.split("\n").slice(2).join("\n");
    }
    expect(difference).not.toBe("");
    expect(readFileSync(`${repository}docs/guide/migrate.md`, "utf8")).toContain(`\`\`\`diff\n${difference}\`\`\``);
  });
});

