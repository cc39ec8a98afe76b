import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import { guides } from "./build/guides.js";
import { licenses } from "./build/licenses.js";
import { themeBeforePaint } from "./build/theme.js";

const web = fileURLToPath(new URL("../..", import.meta.url));
const server = process.env.CARILLON ?? "http://localhost:3000";
// What `npm run dev` leaves to a running server.
const served = ["/api", "/auth", "/admin", "/events", "/notifications", "/realtime", "/chat", "/system", "/health", "/ready", "/metrics", "/openapi.json", "/asyncapi.json"];

export default defineConfig({
  plugins: [themeBeforePaint(), licenses(`${web}/../LICENSE`, `${web}/node_modules`), guides(`${web}/../docs`)],
  resolve: {
    alias: [
      { find: /^carillon-(client|react)$/, replacement: `${web}/packages/$1/src/index.ts` },
      { find: /^carillon-client\/(.+)$/, replacement: `${web}/packages/client/src/$1.ts` },
    ],
    dedupe: ["react", "react-dom"],
  },
  esbuild: { jsx: "automatic", legalComments: "none" },
  build: {
    outDir: fileURLToPath(new URL("../../../build/pages/dist", import.meta.url)),
    emptyOutDir: true,
    manifest: true,
    target: "es2022",
    // Everything is a file of its own, with its checksum in the name: `data:` would need a laxer policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: { proxy: Object.fromEntries(served.map((path) => [path, { target: server, changeOrigin: true, headers: { origin: server } }])) },
});
