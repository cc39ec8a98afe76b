// What every client must stand: kills and a drain of the server.
import { expect } from "vitest";
import { type Server, until } from "./server.js";

/** Arguments of a server that is quick to be back. */
export const quick = ["--stream.retry", "200ms", "--drain.window", "100ms", "--drain.expected_downtime", "200ms"];

/** Publishes to `news` before, during and after each absence; the one client, which tells what it has `seen`, gets all of it once. */
export async function losesAndDoublesNothing(server: Server, seen: () => string[] | Promise<string[]>): Promise<void> {
  const listens = (): Promise<unknown> => until("it listens", async () => (await server.metric("carillon_subscribers")) === 1, 30_000);
  const wanted: string[] = [];
  const publish = async (text: string): Promise<void> => {
    wanted.push(text);
    await server.publish("news", text);
  };
  const came = async (): Promise<void> => {
    await until(`${wanted.length} events`, async () => (await seen()).length >= wanted.length, 30_000).catch(() => {});
    expect(await seen()).toEqual(wanted);
  };
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
}
