// JSON as text: laid out, joined or taken apart without a number or a name losing what its sender wrote. `JSON.parse` and
// `stringify` round numbers of more than 53 bits and put names that look like numbers first.

const token = /"(?:\\.|[^"\\])*"|[{}[\],:]|[^\s{}[\],:"]+/g;

/** Whether `text` is JSON. The functions below want to know that first. */
export function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** In one line, without spaces between its parts. */
export const compact = (json: string): string => (json.match(token) ?? []).join("");

/** A line for each member, two spaces deeper at each level, as `JSON.stringify(…, null, 2)` lays it out. */
export function pretty(json: string): string {
  const tokens = json.match(token) ?? [];
  let out = "";
  let depth = 0;
  const line = () => `\n${"  ".repeat(depth)}`;
  tokens.forEach((part, n) => {
    if (part === "{" || part === "[") {
      out += part;
      depth++;
      if (!/[}\]]/.test(tokens[n + 1] ?? "")) out += line();
    } else if (part === "}" || part === "]") {
      depth--;
      out += /^[{[]$/.test(tokens[n - 1] ?? "") ? part : line() + part;
    } else if (part === ",") out += part + line();
    else out += part === ":" ? ": " : part;
  });
  return out;
}

/** The text of a member of an object, of several with that name the last; undefined if there is none. */
export function member(json: string, name: string): string | undefined {
  let depth = 0;
  let before = "";
  let key: string | undefined;
  let from = -1;
  let found: string | undefined;
  for (const { 0: part, index } of json.matchAll(token)) {
    if (depth === 1 && (part === "," || part === "}") && from >= 0) {
      if (key === name) found = json.slice(from, index).trim();
      from = -1;
      key = undefined;
    }
    if (part === "{" || part === "[") depth++;
    else if (part === "}" || part === "]") depth--;
    else if (part === ":" && depth === 1 && from < 0) {
      key = JSON.parse(before) as string;
      from = index + 1;
    }
    before = part;
  }
  return found;
}
