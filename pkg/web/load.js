// The one WebAssembly module behind both entries, and the one function that it has.
import load, { call as callCore, initSync } from "./modelwright.js";

let ready = false;

/** Loads the module unless that was done or is under way. */
export async function init(source = new URL("./modelwright_bg.wasm", import.meta.url)) {
  await load({ module_or_path: source });
  ready = true;
}

/** Compiles the module's bytes here and now. */
export function initNow(bytes) {
  initSync({ module: bytes });
  ready = true;
}

export function call(operation, request) {
  if (!ready) throw new Error("modelwright is not loaded yet: `await init()` first");
  return callCore(operation, request);
}
