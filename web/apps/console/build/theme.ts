// A page's colours are chosen before it is painted, and the policy admits no inline script: so a small file of its own.
import type { Plugin } from "vite";

const source = `(function(){try{var t=localStorage.getItem("carillon.theme");if(t==="light"||t==="dark")document.documentElement.dataset.theme=t}catch(e){}})();`;

export function themeBeforePaint(): Plugin {
  let reference = "";
  let name = "";
  return {
    name: "theme-before-paint",
    apply: "build",
    buildStart() {
      reference = this.emitFile({ type: "asset", name: "theme.js", source });
    },
    generateBundle() {
      name = this.getFileName(reference);
    },
    transformIndexHtml: {
      order: "post",
      handler: () => [{ tag: "script", attrs: { src: `/${name}` }, injectTo: "head" }],
    },
  };
}
