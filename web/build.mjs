// Builds the packages: for each entry of `exports` an ES module, a CommonJS module and their types, from the
// file of the same name in src/. `node build.mjs [PACKAGE]...`; all of them without a name.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = dirname(fileURLToPath(import.meta.url));
const wanted = process.argv.slice(2);
const names = readdirSync(join(root, "packages")).filter((name) => wanted.length === 0 || wanted.includes(name));

/** `{"./sharing": {…}}` names dist/sharing.js, made of src/sharing.ts or src/sharing.tsx. */
function entriesOf(folder, manifest) {
  return Object.values(manifest.exports)
    .filter((target) => typeof target === "object")
    .map((target) => target.import.default.replace("./dist/", "").replace(/\.js$/, ""))
    .map((name) => [".ts", ".tsx"].map((end) => join(folder, "src", name + end)).find((path) => existsSync(path)));
}

function filesUnder(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? filesUnder(join(folder, entry.name)) : [join(folder, entry.name)],
  );
}

const types = join(root, ".types");
rmSync(types, { recursive: true, force: true });
const tsc = createRequire(import.meta.url).resolve("typescript/bin/tsc");
execFileSync(process.execPath, [tsc, "-p", join(root, "tsconfig.build.json")], { stdio: "inherit" });

for (const name of names) {
  const folder = join(root, "packages", name);
  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const dist = join(folder, "dist");
  rmSync(dist, { recursive: true, force: true });
  const common = {
    entryPoints: entriesOf(folder, manifest),
    outdir: dist,
    bundle: true,
    packages: "external",
    target: "es2022",
    platform: "neutral",
    jsx: "automatic",
    tsconfig: join(root, "tsconfig.base.json"),
    // The paths of tsconfig lead to the sources of the other packages, which stay outside of this one.
    plugins: [
      {
        name: "siblings",
        setup: (on) => on.onResolve({ filter: /^carillon-/ }, ({ path }) => ({ path, external: true })),
      },
    ],
  };
  await build({ ...common, format: "esm", splitting: true, chunkNames: "chunk-[hash]" });
  await build({ ...common, format: "cjs", outExtension: { ".js": ".cjs" } });
  for (const file of filesUnder(join(types, name, "src"))) {
    const target = join(dist, relative(join(types, name, "src"), file));
    const text = readFileSync(file, "utf8");
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, text);
    // The same for `require`: relative imports of a CommonJS declaration end in `.cjs`.
    const required = text.replace(/((?:from|import\()\s*["']\.{1,2}\/[^"']*)\.js(["'])/g, "$1.cjs$2");
    writeFileSync(target.replace(/\.d\.ts$/, ".d.cts"), required);
  }
}
