export * from "./api.js";

/** Where the planner's WebAssembly module comes from. */
export type Source = string | URL | Request | Response | BufferSource | WebAssembly.Module;

/**
 * Loads the planner; every other function needs that. Call it as often as you like: it is loaded once.
 *
 * @param source The module `modelwright/wasm`; unset: the file beside this one, fetched.
 */
export default function init(source?: Source | Promise<Source>): Promise<void>;
