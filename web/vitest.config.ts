import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const packages = fileURLToPath(new URL("packages", import.meta.url));

// Packages are tested from their sources; what `npm pack` makes of them is tested in e2e/.
const alias = [
  { find: /^carillon-(client|react|vue|server|nest)$/, replacement: `${packages}/$1/src/index.ts` },
  { find: /^carillon-(client|server)\/(.+)$/, replacement: `${packages}/$1/src/$2.ts` },
];

export default defineConfig({
  resolve: { alias },
  test: {
    projects: [
      // Needs neither a server nor a browser.
      { extends: true, test: { name: "unit", include: ["packages/*/test/**/*.test.{ts,tsx}", "apps/*/test/**/*.test.ts"] } },
      {
        extends: true,
        test: {
          name: "e2e",
          include: ["e2e/**/*.test.{ts,tsx}"],
          globalSetup: "e2e/support/chromium.ts",
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
    // Files of e2e start servers and a browser: two at a time are enough for two cores.
    maxWorkers: 2,
    minWorkers: 1,
  },
});
