import { describe, expect, it } from "vitest";
import type { Carillon } from "../src/carillon.js";
import type { Connection } from "../src/connection.js";
import { defaultPrefixes, mounted } from "../src/routes.js";

describe("a route", () => {
  it.each([
    ["/events/clients/{id}/topics/{topic}", { id: "a/b", topic: "x/y z" }, "/events/clients/a%2Fb/topics/x/y%20z", "/t/clients/a%2Fb/topics/x/y%20z"],
    ["/api/sse/users/{user}/connections", { user: "$&" }, "/api/sse/users/%24%26/connections", "/u/sse/users/%24%26/connections"],
    ["/api/calendar/events", {}, "/api/calendar/events", "/u/calendar/events"],
    ["/chat/room/{roomId}/join", { roomId: "7" }, "/chat/room/7/join", "/d/chat/room/7/join"],
    ["/api/sse", {}, "/api/sse", "/m"],
    ["/api/sse/clients", {}, "/api/sse/clients", "/m/clients"],
    ["/api/v1/sse/notifications/inbox", {}, "/api/v1/sse/notifications/inbox", "/n/notifications/inbox"],
    ["/auth/token", {}, "/auth/token", "/auth/token"],
  ])("%s is called where it is mounted, with its parameters", (path, params, usual, moved) => {
    const elsewhere = { topics: "/t", users: "/u", domains: "/d", metadata: "/m", notifications: "/n" };
    expect([mounted(defaultPrefixes, path, params), mounted(elsewhere, path, params)]).toEqual([usual, moved]);
  });

  // Compiled, not run: what does not compile here fails the type check.
  const claims = (connection: Connection, carillon: Carillon): unknown[] => [
    connection.call("GET", "/events/clients/{id}", { params: { id: "1" } }),
    connection.call("POST", "/events/streams"),
    // @ts-expect-error the description knows no such path
    connection.call("GET", "/events/nothing"),
    // @ts-expect-error nor this verb there
    connection.call("DELETE", "/events/publish"),
    // @ts-expect-error a parameter is missing
    connection.call("GET", "/events/clients/{id}"),
    // @ts-expect-error a parameter has another name
    connection.call("GET", "/events/clients/{id}", { params: { client: "1" } }),
    // @ts-expect-error the query knows no such member
    connection.call("GET", "/api/v1/sse/notifications/inbox", { query: { newest: 1 } }),
    // @ts-expect-error a body's member is of another type
    carillon.send("all", "POST", "/api/v1/sse/system", { json: { eventType: 7 } }),
    // @ts-expect-error a body's member has another name
    carillon.send("all", "POST", "/api/v1/sse/system", { json: { eventType: "x", text: "" } }),
  ];

  it("has the types of the server's description", () => {
    expect(claims).toBeTypeOf("function");
  });
});
