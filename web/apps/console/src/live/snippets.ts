// The same request as people write it elsewhere. A token is never in the text: it is named, and taken from the environment.

export interface Request {
  kind: "listen" | "call";
  origin: string;
  target: string;
  signedIn: boolean;
  body?: string;
  cpp?: string;
}

export type Language = "curl" | "JavaScript" | "C++";
export const languages: Language[] = ["curl", "JavaScript", "C++"];

/** In single quotes for a POSIX shell. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

function curl({ kind, origin, target, signedIn, body }: Request): string {
  const lines = [`curl ${kind === "listen" ? "-N " : ""}${quoted(origin + target)}`];
  if (signedIn) lines.push(`  -H "Authorization: Bearer $TOKEN"`);
  if (kind === "call") lines.push(`  --json ${quoted(body ?? "{}")}`);
  return lines.join(" \\\n");
}

function javascript({ kind, origin, target, signedIn, body }: Request): string {
  const url = JSON.stringify(origin + target);
  if (kind === "listen")
    return `import { connect } from "carillon-client";

const stream = connect(${url}${signedIn ? ", { token: () => token }" : ""});
for await (const { type, data, id } of stream) console.log(type, data, id);`;
  return `const answer = await fetch(${url}, {
  method: "POST",
  headers: { "Content-Type": "application/json"${signedIn ? ", Authorization: `Bearer ${token}`" : ""} },
  body: JSON.stringify(${body ?? "{}"}),
});`;
}

function cpp({ kind, target, cpp: own }: Request): string {
  if (kind === "call" && own) return `// In process: the program holds the hub itself.\n${own}`;
  const topic = new URLSearchParams(target.split("?")[1] ?? "").get("topic");
  return `// In process: a stream that the program reads, without HTTP.
carillon::in_process_hub sse;
auto* stream = sse.${topic ? `listen_to({${JSON.stringify(topic)}})` : `listen_as("test123")`}.value();
sse.run();
for (const auto& e : stream->heard()) std::cout << e.type << ' ' << e.data << '\\n';`;
}

export function snippet(language: Language, request: Request): string {
  return { curl, JavaScript: javascript, "C++": cpp }[language](request);
}
