// The same request as people write it elsewhere. A token is never in the text: it is named, and taken from the environment.
// Whatever a topic or a body holds stays within its quotes.
import { isJson } from "../ui/json_text.js";
import { listen, visible, type Cpp, type Sent } from "./cpp.js";

export interface Request {
  kind: "listen" | "call";
  /** Default: GET to listen, POST to call. */
  method?: string;
  origin: string;
  target: string;
  signedIn: boolean;
  /** As it stands in the form; empty or left out: none. */
  body?: string;
  /** Who asks. */
  me?: string;
  cpp?: Cpp;
  values?: Sent["values"];
}

export type Language = "curl" | "JavaScript" | "C++";
export const languages: Language[] = ["curl", "JavaScript", "C++"];

/** In single quotes for a POSIX shell. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
const methodOf = ({ kind, method }: Request): string => method ?? (kind === "listen" ? "GET" : "POST");
const shown = (body: string): string => (isJson(body) ? visible(body) : body);

function curl(request: Request): string {
  const { kind, origin, target, signedIn, body } = request;
  const method = methodOf(request);
  // Without a body curl says GET, with one POST.
  const usual = body ? "POST" : "GET";
  // `-g`: brackets and braces of an address are its own, no list of addresses.
  const lines = [`curl ${kind === "listen" ? "-N " : ""}${/[[\]{}]/.test(target) ? "-g " : ""}${method === usual ? "" : `-X ${method} `}${quoted(origin + target)}`];
  if (signedIn) lines.push(`  -H "Authorization: Bearer $TOKEN"`);
  // `--json @name` would send a file.
  if (body) lines.push(body.startsWith("@") ? `  -H 'Content-Type: application/json' --data-raw ${quoted(body)}` : `  --json ${quoted(shown(body))}`);
  return lines.join(" \\\n");
}

/** JSON as JavaScript; where it would become something else there, as a text of JSON. */
function javascriptOf(body: string): string {
  const same = isJson(body) && JSON.stringify(JSON.parse(body)) === visible(body) && !body.includes("__proto__");
  return same ? `JSON.stringify(${visible(body)})` : JSON.stringify(shown(body));
}

function javascript(request: Request): string {
  const { kind, origin, target, signedIn, body } = request;
  const url = JSON.stringify(origin + target);
  if (kind === "listen")
    return `import { connect } from "carillon-client";

const stream = connect(${url}${signedIn ? ", { token: () => token }" : ""});
for await (const { type, data, id } of stream) console.log(type, data, id);`;
  return `const answer = await fetch(${url}, {
  method: "${methodOf(request)}",
  headers: { "Content-Type": "application/json"${signedIn ? ", Authorization: `Bearer ${token}`" : ""} },
  body: ${javascriptOf(body || "{}")},
});`;
}

function cpp({ kind, target, cpp: own, body = "{}", values = {}, me = "test123" }: Request): string {
  if (kind === "call" && own && isJson(body)) return `// In process: the program holds the hub itself.\n${own({ body, values, me })}`;
  if (kind === "call") return "// The body is no JSON yet.";
  return listen(new URLSearchParams(target.split("?")[1] ?? "").getAll("topic"), me);
}

export function snippet(language: Language, request: Request): string {
  return { curl, JavaScript: javascript, "C++": cpp }[language](request);
}
