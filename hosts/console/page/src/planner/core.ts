/** The only file that knows how the planner is packaged. */

import init, { call as raw } from "modelwright-core/modelwright.js";
import wasm from "modelwright-core/modelwright_bg.wasm?url";

/** Loads the planner; the file beside the script, never another. */
export async function load(): Promise<void> {
  await init({ module_or_path: new URL(wasm, import.meta.url) });
}

/** One operation of the contract's interface `text`: JSON in, JSON out. */
export function call(operation: string, request: string): string {
  return raw(operation, request);
}
