// Puts what Vite made into the one file that the binary carries (src/server/pages.hpp reads it), each text also as gzip and
// brotli, and refuses a first page that is too large. `node pack.mjs DIST PACK`
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { extname, join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const [dist, pack] = process.argv.slice(2);
/** Bytes, gzipped: the page, its scripts and styles, and the fonts that it shows. */
const firstPageLimit = 250 * 1024;

const types = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".json": "application/json",
  ".txt": "text/plain; charset=utf-8",
  ".woff2": "font/woff2",
  ".png": "image/png",
};
const packed = new Set([".woff2", ".png"]);

function filesUnder(folder, prefix = "") {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? filesUnder(join(folder, entry.name), `${prefix}/${entry.name}`) : [`${prefix}/${entry.name}`],
  );
}

const smaller = (bytes, than) => (bytes.length < than.length * 0.95 ? bytes : Buffer.alloc(0));

const files = filesUnder(dist)
  .filter((path) => !path.startsWith("/."))
  .sort()
  .map((path) => {
    const plain = readFileSync(join(dist, path));
    const type = types[extname(path)];
    if (!type) throw new Error(`${path}: of what type is it?`);
    const text = !packed.has(extname(path));
    return {
      path,
      type,
      etag: createHash("sha256").update(plain).digest("base64url").slice(0, 16),
      plain,
      gzip: text ? smaller(gzipSync(plain, { level: 9 }), plain) : Buffer.alloc(0),
      brotli: text ? smaller(brotliCompressSync(plain, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: plain.length } }), plain) : Buffer.alloc(0),
    };
  });

const sent = (file) => file.gzip.length || file.plain.length;
const byPath = new Map(files.map((file) => [file.path, file]));
const manifest = JSON.parse(readFileSync(join(dist, ".vite/manifest.json"), "utf8"));
/** What a page asks for before it can be read: the chunk of `entry`, what that imports, and the fonts. */
function needed(entry, seen = new Set()) {
  const chunk = manifest[entry];
  if (!chunk || seen.has(entry)) return [];
  seen.add(entry);
  return [chunk.file, ...(chunk.css ?? []), ...(chunk.imports ?? []).flatMap((next) => needed(next, seen))];
}
const first = new Set(["index.html", ...needed("index.html"), ...needed("src/live/index.tsx")].map((path) => `/${path}`));
for (const { path } of files) if (/\.woff2$|\/theme-/.test(path)) first.add(path);
const size = [...first].reduce((sum, path) => sum + sent(byPath.get(path)), 0);
console.log(`pages: ${files.length} files; the first page is ${Math.ceil(size / 1024)} KB of ${firstPageLimit / 1024}`);
if (size > firstPageLimit) {
  for (const path of first) console.error(`${String(sent(byPath.get(path))).padStart(8)} ${path}`);
  process.exit(1);
}

const line = (file) => [file.path, file.type, file.etag, file.plain.length, file.gzip.length, file.brotli.length].join("\t");
const head = `carillon pages 1\n${files.map(line).join("\n")}\n\n`;
// At once, so that a compiler that runs at this moment reads a whole file.
writeFileSync(`${pack}.new`, Buffer.concat([Buffer.from(head), ...files.flatMap((file) => [file.plain, file.gzip, file.brotli])]));
renameSync(`${pack}.new`, pack);
