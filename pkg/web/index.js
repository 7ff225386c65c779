// Browsers, web workers, bundlers: `await init()` fetches the module.
export { call, init as default } from "./load.js";
export * from "./api.js";
