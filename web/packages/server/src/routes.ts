// Carillon's routes with the types of its own description (api.ts), and where they are mounted.
import type { paths } from "./api.js";
import type { Call } from "./connection.js";
import { CarillonError } from "./errors.js";

/** Where Carillon's surfaces are mounted; its settings have the same defaults. */
export interface Prefixes {
  topics: string;
  users: string;
  domains: string;
  metadata: string;
  notifications: string;
}

export const defaultPrefixes: Prefixes = {
  topics: "/events",
  users: "/api",
  domains: "",
  metadata: "/api/sse",
  notifications: "/api/v1/sse",
};

export type Verb = "GET" | "POST" | "PUT" | "DELETE";

/** The paths of the description that know a verb. */
export type PathOf<V extends Verb> = { [P in keyof paths]: Lowercase<V> extends keyof paths[P] ? P : never }[keyof paths];

type Operation<V extends Verb, P> = P extends keyof paths ? (Lowercase<V> extends keyof paths[P] ? paths[P][Lowercase<V>] : never) : never;

/** What is not described may be anything. */
type Described<T, Otherwise> = unknown extends T ? Otherwise : T;
/** What is only read may be what nobody changes. */
type Given<T> = unknown extends T ? T : T extends readonly (infer E)[] ? readonly E[] : T extends object ? { readonly [K in keyof T]: Given<T[K]> } : T;

type ParametersOf<O> = O extends { parameters: { path: infer T } } ? T : never;
type QueryOf<O> = O extends { parameters: { query?: infer T } } ? Given<Described<T, NonNullable<Call["query"]>>> : Call["query"];
type BodyOf<O> = O extends { requestBody?: { content: { "application/json": infer T } } } ? Given<T> : unknown;

/** Everything but the verb and the path: `params` for a path that has parameters. */
export type RouteCall<V extends Verb, P> = Omit<Call, "query" | "json"> & {
  query?: QueryOf<Operation<V, P>> | undefined;
  json?: BodyOf<Operation<V, P>> | undefined;
} & ([ParametersOf<Operation<V, P>>] extends [never] ? { params?: undefined } : { params: ParametersOf<Operation<V, P>> });

/** A call's further argument, which may be left out where nothing of it is needed. */
export type RouteArguments<V extends Verb, P> = [ParametersOf<Operation<V, P>>] extends [never] ? [what?: RouteCall<V, P>] : [what: RouteCall<V, P>];

/** What a route answers, as far as the description says. */
export type AnswerOf<V extends Verb, P> =
  Operation<V, P> extends { responses: infer R } ? { [S in keyof R & (200 | 201 | 202)]: R[S] extends { content: { "application/json": infer T } } ? T : unknown }[keyof R & (200 | 201 | 202)] : unknown;

const mounts: [RegExp, keyof Prefixes][] = [
  [/^\/events(?=\/)/, "topics"],
  [/^\/api\/v1\/sse(?=\/)/, "notifications"],
  [/^\/api\/sse(?=$|\/(clients|notify|test)$)/, "metadata"],
  [/^\/api(?=\/(sse|calendar)\/)/, "users"],
  [/^(?=\/(notifications|realtime|chat|system)\/)/, "domains"],
];

/**
 * The path of a route where it is mounted, with its parameters filled in. A topic keeps its slashes. Throws
 * `INVALID_REQUEST` for a parameter that would lead to another route.
 */
export function mounted(prefixes: Prefixes, path: string, params: Readonly<Record<string, string | number>> = {}): string {
  const [at, surface] = mounts.find(([begin]) => begin.test(path)) ?? [];
  const here = at && surface ? path.replace(at, prefixes[surface]) : path;
  return here.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = params[name];
    if (value === undefined || value === "") throw new CarillonError("INVALID_REQUEST", `\`${name}\` is empty`);
    return name === "topic" ? pathOf(String(value)) : segmentOf(String(value));
  });
}

/** A topic in a path, decoded once by the server. */
export function pathOf(topic: string): string {
  return topic.split("/").map(segmentOf).join("/");
}

// URLs resolve such segments, also encoded ones, before anything is sent.
function segmentOf(text: string): string {
  if (text === "." || text === "..") throw new CarillonError("INVALID_REQUEST", `\`${text}\` cannot stand in a path`);
  return encodeURIComponent(text);
}
