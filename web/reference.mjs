// Writes API.md of the packages from their declarations: `node reference.mjs [--check]`.
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const root = dirname(fileURLToPath(import.meta.url));
const config = ts.getParsedCommandLineOfConfigFile(join(root, "tsconfig.json"), {}, { ...ts.sys, onUnRecoverableConfigFileDiagnostic() {} });
const packages = ["client", "react", "vue", "server", "nest"];

const entriesOf = (name) =>
  Object.keys(JSON.parse(readFileSync(join(root, "packages", name, "package.json"), "utf8")).exports)
    .filter((entry) => !["./package.json", "./worker"].includes(entry))
    .map((entry) => ({ entry: `carillon-${name}${entry.slice(1)}`, file: join(root, "packages", name, "src", `${entry.slice(2) || "index"}.ts`) }));

const program = ts.createProgram(packages.flatMap(entriesOf).map(({ file }) => file), { ...config.options, noEmit: false, declaration: true, emitDeclarationOnly: true, stripInternal: true });
const checker = program.getTypeChecker();

const emittedOf = new Map();

/** A declaration as a `.d.ts` has it: no bodies, nothing private. */
function declared(node) {
  const file = node.getSourceFile();
  if (!emittedOf.has(file)) {
    let text = "";
    program.emit(file, (path, emitted) => path.endsWith(".d.ts") && (text = emitted), undefined, true);
    emittedOf.set(file, ts.createSourceFile(file.fileName, text, ts.ScriptTarget.Latest, true));
  }
  const emitted = emittedOf.get(file);
  const name = node.name?.text;
  const found = emitted.statements.filter(
    (statement) => statement.name?.text === name || statement.declarationList?.declarations.some((each) => each.name.text === name),
  );
  return found.map((statement) => statement.getText().replace(/^export (declare )?/, "").replace(/^\s*(#private|private [^;]*);\n/gm, "").replace(/^ {4}/gm, "  "));
}

const realOf = (symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol);

/** True for what is described on the page of the package that this one stands on. */
const isForeign = (name, symbol) =>
  name === "nest" && !realOf(symbol).declarations[0].getSourceFile().fileName.startsWith(join(root, "packages", name, "src"));

function section(symbol, seen) {
  const real = realOf(symbol);
  if (seen.has(real)) return [];
  seen.add(real);
  const doc = ts.displayPartsToString(real.getDocumentationComment(checker)).replace(/\n(?!\n)/g, "\n");
  const returns = real.getJsDocTags(checker).filter(({ name }) => name === "returns").map(({ text }) => `Returns ${ts.displayPartsToString(text)}.`);
  const code = [...new Set(real.declarations.slice(0, 1).flatMap(declared))].join("\n");
  return [`### ${symbol.name}`, "", ...[doc, ...returns].filter(Boolean).flatMap((text) => [text, ""]), "```ts", code, "```", ""];
}

function pageOf(name) {
  const seen = new Set();
  const lines = [`# carillon-${name}: reference`, "", "Made by `node reference.mjs` from the sources; `npm run check` holds it to them.", ""];
  for (const { entry, file } of entriesOf(name)) {
    const exported = checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(file)));
    exported.sort((a, b) => a.name.localeCompare(b.name));
    const foreign = exported.filter((symbol) => isForeign(name, symbol)).map((symbol) => `\`${symbol.name}\``);
    const own = exported.filter((symbol) => !isForeign(name, symbol)).flatMap((symbol) => section(symbol, seen));
    lines.push(`## ${entry}`, "");
    if (foreign.length > 0) lines.push(`Passed on from the package that it stands on: ${foreign.join(", ")}.`, "");
    lines.push(...own);
  }
  return `${lines.join("\n").trimEnd()}\n`;
}

let stale = false;
for (const name of packages) {
  const path = join(root, "packages", name, "API.md");
  const page = pageOf(name);
  if (!process.argv.includes("--check")) writeFileSync(path, page);
  else if (readFileSync(path, "utf8") !== page) {
    console.error(`${path} is not what the sources say: run \`npm run reference\` in web/`);
    stale = true;
  }
}
process.exitCode = stale ? 1 : 0;
