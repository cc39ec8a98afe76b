// The project's docs/*.md as modules: `virtual:guides` has the list, and each page is a chunk of its own.
import { readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import type { Plugin } from "vite";
import { consolePaths } from "../src/console/paths.js";
import { rendered, type Section } from "./markdown.js";

const groups: [folder: string, title: string][] = [
  ["guide", "Guide"],
  ["systems", "The five systems"],
  ["operations", "Operations"],
  ["reference", "Reference"],
  ["", "About"],
  ["decisions", "Decisions"],
];
/** What a group begins with; the others follow by name. */
const first = ["guide/getting-started", "guide/publishing", "guide/listening", "guide/browser", "operations/running", "architecture"];

export function guides(docs: string): Plugin {
  const names = groups.flatMap(([folder]) =>
    readdirSync(join(docs, folder))
      .filter((file) => file.endsWith(".md") && file !== "README.md")
      .map((file) => posix.join(folder, file.slice(0, -3)))
      .sort((a, b) => (first.indexOf(a) + 1 || 99) - (first.indexOf(b) + 1 || 99) || a.localeCompare(b)),
  );
  const known = new Set(names);
  const pages = new Map(
    names.map((name) => {
      const link = (href: string): string | undefined => {
        if (/^https?:/.test(href)) return href;
        const [path, anchor] = href.split("#") as [string, string?];
        const hash = anchor ? `#${anchor}` : "";
        if (!path) return hash;
        const to = posix.join(posix.dirname(name), path).replace(/\.md$/, "");
        return known.has(to) ? `/guides/${to}${hash}` : undefined;
      };
      return [name, rendered(readFileSync(join(docs, `${name}.md`), "utf8"), link)];
    }),
  );
  const modules: Record<string, () => string> = {
    "virtual:guides": () => {
      const list = groups.map(([folder, title]) => ({
        title,
        guides: names.filter((name) => posix.dirname(name) === (folder || ".")).map((name) => ({ name, title: pages.get(name)!.title })),
      }));
      const loads = names.map((name) => `${JSON.stringify(name)}: () => import(${JSON.stringify(`virtual:guide/${name}`)})`);
      return `export const groups = ${JSON.stringify(list)};\nexport const loads = {${loads.join(",")}};`;
    },
    "virtual:guide-texts": () => {
      const texts: Section[] = names.flatMap((name) => pages.get(name)!.texts.map((section) => ({ guide: name, ...section, text: section.text.replace(/\s+/g, " ").trim() })));
      return `export const texts = JSON.parse(${JSON.stringify(JSON.stringify(texts))});`;
    },
  };
  return {
    name: "guides",
    // For the server, which answers 404 for others.
    buildStart() {
      if (!this.meta.watchMode) this.emitFile({ type: "asset", fileName: "pages.txt", source: [...names.map((name) => `/guides/${name}`), ...consolePaths.map((path) => `/console${path}`)].join("\n") });
    },
    resolveId: (id) => (id.startsWith("virtual:guide") ? `\0${id}` : undefined),
    load(id) {
      const name = id.slice(1);
      const own = modules[name];
      if (own) return own();
      if (!name.startsWith("virtual:guide/")) return undefined;
      const { title, body, sections } = pages.get(name.slice("virtual:guide/".length))!;
      return `export const guide = JSON.parse(${JSON.stringify(JSON.stringify({ title, body, sections }))});`;
    },
  };
}
