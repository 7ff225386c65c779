import { fileURLToPath } from "node:url";
import { canary, planner as load, shift } from "./example/live.mjs";
import { defineConfig, type Plugin } from "vite";

/** Where the npm package `modelwright` is, as it is packed; `cargo xtask console` says so. */
const modelwright = process.env.MODELWRIGHT_PACKAGE ?? fileURLToPath(new URL("../../../target/dist/npm", import.meta.url));
const repository = fileURLToPath(new URL("../../..", import.meta.url));

/** `frame-ancestors` is missing: browsers take it from a header only, and complain about it in a page. */
const policy = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types modelwright",
].join("; ");

/** The page carries its policy, so that a server that sends none (`kubectl proxy`) makes it no weaker. */
const contentSecurityPolicy: Plugin = {
  name: "content-security-policy",
  transformIndexHtml: (html, { server }) =>
    // Vite's development server injects scripts and styles of its own.
    server ? html.replace(/.*Content-Security-Policy.*\n/, "") : html.replace("%CSP%", policy),
};

/** `virtual:example/shift` → `{resources, observed}`, carried out by the planner that is built into the page. */
const examples: Plugin = {
  name: "examples",
  resolveId: (id) => (id.startsWith("virtual:example/") ? `\0${id}` : null),
  async load(id) {
    const make = { "\0virtual:example/shift": shift, "\0virtual:example/canary": canary }[id];
    return make ? `export default ${JSON.stringify(make(await load(modelwright)))}` : null;
  },
};

export default defineConfig({
  base: "./",
  plugins: [contentSecurityPolicy, examples],
  resolve: { alias: { modelwright: `${modelwright}/web/index.js` } },
  server: { host: "127.0.0.1", fs: { allow: [repository, modelwright] } },
  worker: { format: "es" },
  build: {
    outDir: process.env.MODELWRIGHT_CONSOLE ?? fileURLToPath(new URL("../../../target/console", import.meta.url)),
    emptyOutDir: true,
    target: "es2023",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    license: { fileName: "licences.md" },
  },
});
