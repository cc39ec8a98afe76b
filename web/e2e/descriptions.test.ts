// What the server tells tools of itself is valid by their own schemas.
import { Validator } from "@seriousme/openapi-schema-validator";
import specs from "@asyncapi/specs";
import { Ajv } from "ajv";
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { file, typesOf } from "../openapi.mjs";
import { Server } from "./support/server.js";

let server: Server;
beforeAll(async () => {
  server = await Server.start();
});
afterAll(() => server?.stop());

async function json(path: string): Promise<Record<string, unknown>> {
  const answer = await fetch(server.url + path);
  expect(answer.status).toBe(200);
  return (await answer.json()) as Record<string, unknown>;
}

test("/openapi.json is OpenAPI 3.1 and has every route", async () => {
  const document = await json("/openapi.json");
  const validator = new Validator();
  const verdict = await validator.validate(document);
  expect(verdict.errors ?? []).toEqual([]);
  expect(validator.version).toBe("3.1");
  const { routes } = (await json("/api")) as { routes: { method: string; path: string }[] };
  const paths = document["paths"] as Record<string, Record<string, unknown>>;
  for (const { method, path } of routes) expect(paths[path], `${method} ${path}`).toHaveProperty(method.toLowerCase());
});

test("the types that the packages' calls are checked by are those of /openapi.json", async () => {
  // `npm run api` in web/ makes them anew.
  expect(await typesOf(await json("/openapi.json"))).toBe(readFileSync(file, "utf8"));
});

test("/asyncapi.json is AsyncAPI 3", async () => {
  const document = await json("/asyncapi.json");
  const valid = new Ajv({ strict: false, validateFormats: false }).compile(specs.schemasWithoutId["3.0.0"]);
  expect(valid(document), JSON.stringify(valid.errors)).toBe(true);
});
