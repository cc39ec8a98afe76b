import { expect, expectTypeOf, test } from "vitest";
import { CarillonClient, type ClientOptions, connect, type StreamEvent, type StreamFailure } from "../src/index.js";
import { connectShared } from "../src/sharing.js";
import type { PathOf } from "../../server/src/routes.js";

interface Notification {
  title: string;
}
interface Events extends Record<string, unknown> {
  notification: Notification;
  tick: number;
}

// Compiled, not run: what does not compile here fails the type check.
function claims(client: CarillonClient, typed: CarillonClient<Events>): void {
  client.on<Notification>("notification", (event) => expectTypeOf(event).toEqualTypeOf<StreamEvent<Notification>>());
  typed.on("notification", ({ data }) => expectTypeOf(data).toEqualTypeOf<Notification>());
  typed.on("tick", ({ data }) => expectTypeOf(data).toEqualTypeOf<number>());
  typed.on<{ other: boolean }>("not in the map", ({ data }) => expectTypeOf(data.other).toEqualTypeOf<boolean>());
  client.on("anything", ({ data }) => expectTypeOf(data).toEqualTypeOf<unknown>());
  // @ts-expect-error a listener is a function
  client.on("tick", "listener");
  // @ts-expect-error a token is a text
  connect("/", { token: () => 7 });
  const source: EventSource = client;
  source.close();
  client.addEventListener("tick", (event) => expectTypeOf(event).toEqualTypeOf<MessageEvent<string>>());
  client.addEventListener("error", (event) => expectTypeOf(event).toEqualTypeOf<Event>());
  expectTypeOf(client.failure).toEqualTypeOf<StreamFailure | undefined>();
  expectTypeOf(client.readyState).toEqualTypeOf<0 | 1 | 2>();
  expectTypeOf(connectShared<Events>("/")).toEqualTypeOf<CarillonClient<Events>>();
  expectTypeOf<Parameters<typeof connect>[1]>().toEqualTypeOf<ClientOptions | undefined>();
}

test("a shared stream with a token needs a name", () => {
  expect(() => connectShared("http://hub.test/", { token: () => "t" })).toThrow(/name/);
});

/** The calls of this package beside the stream, as the server describes them. */
const calls: [PathOf<"PUT">, PathOf<"DELETE">, PathOf<"POST">, PathOf<"POST">, PathOf<"GET">] = [
  "/events/clients/{id}/topics/{topic}",
  "/events/clients/{id}/topics/{topic}",
  "/auth/renew",
  "/auth/ticket",
  "/api/sse/clients",
];

test("types are as they are documented", () => {
  expectTypeOf(claims).toBeFunction();
  expect(calls).toHaveLength(5);
});
