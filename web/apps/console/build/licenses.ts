// The licences of what the pages contain, as a file that goes out with them.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "vite";

const contained = ["react", "react-dom", "scheduler", "uplot", "@fontsource-variable/instrument-sans", "@fontsource-variable/geist-mono"];

export function licenses(own: string, modules: string): Plugin {
  let reference = "";
  let name = "";
  return {
    name: "licenses",
    apply: "build",
    buildStart() {
      const texts = [
        `Carillon\n\n${readFileSync(own, "utf8")}`,
        ...contained.map((part) => {
          const { version } = JSON.parse(readFileSync(join(modules, part, "package.json"), "utf8")) as { version: string };
          return `${part} ${version}\n\n${readFileSync(join(modules, part, "LICENSE"), "utf8").trim()}`;
        }),
      ];
      reference = this.emitFile({ type: "asset", name: "licenses.txt", source: texts.join(`\n\n${"-".repeat(78)}\n\n`) });
    },
    generateBundle() {
      name = this.getFileName(reference);
    },
    transformIndexHtml: {
      order: "post",
      handler: () => [{ tag: "link", attrs: { rel: "license", href: `/${name}` }, injectTo: "head" }],
    },
  };
}
