import { defineConfig } from "vite";

export default defineConfig({
  base: "./",
  // The development server packs dependencies into one file, which then does not find its module: leave this one as it is.
  optimizeDeps: { exclude: ["modelwright"] },
  build: { target: "es2022" },
});
