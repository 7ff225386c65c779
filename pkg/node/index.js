// Node.js: the module is a file beside this one, loaded with it. `init` is here so that the same code runs in both.
import { readFileSync } from "node:fs";
import { initNow } from "../web/load.js";

initNow(readFileSync(new URL("../web/modelwright_bg.wasm", import.meta.url)));

export default async function init() {}
export { call } from "../web/load.js";
export * from "../web/api.js";
