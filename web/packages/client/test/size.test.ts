import { gzipSync } from "node:zlib";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { expect, test } from "vitest";

async function size(entry: string, without: RegExp): Promise<number> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(`../src/${entry}.ts`, import.meta.url))],
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    target: "es2022",
    plugins: [{ name: "without", setup: (on) => on.onResolve({ filter: without }, ({ path }) => ({ path, external: true })) }],
  });
  return gzipSync(outputFiles[0]!.contents, { level: 9 }).length;
}

test.each([
  ["index", 4096, /^-/],
  ["sharing", 3072, /^\.\/(client|types)\.js$/],
  ["native", 1024, /^\.\/(client|types)\.js$/],
])("%s is at most %i bytes gzipped, beyond the core", async (entry, most, without) => {
  expect(await size(entry, without)).toBeLessThanOrEqual(most);
});
