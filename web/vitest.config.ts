import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["e2e/**/*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Each file starts servers and a browser: two at a time are enough for two cores.
    maxWorkers: 2,
    minWorkers: 1,
  },
});
