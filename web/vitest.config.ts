import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["tests/**/*.test.ts"],
    // a loaded machine may take long over one test; what counts is the result
    testTimeout: 120_000,
    hookTimeout: 120_000,
    fileParallelism: false,
  },
});
