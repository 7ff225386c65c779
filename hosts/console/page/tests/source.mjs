// Modules of the page as they are written, for tests that need no browser.
import { fileURLToPath } from "node:url";
import { runnerImport } from "vite";

/** Imports a module of `src/`. */
export async function source(path) {
  const file = fileURLToPath(new URL(`../src/${path}`, import.meta.url));
  const { module } = await runnerImport(file, { configFile: false, logLevel: "warn" });
  return module;
}
