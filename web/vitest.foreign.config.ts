import { defineConfig } from "vitest/config";

// Run by script/clients: these fetch what they need from the registries of their languages.
export default defineConfig({
  test: { include: ["foreign/**/*.test.ts"], testTimeout: 120_000, hookTimeout: 600_000 },
});
