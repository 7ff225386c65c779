export * from "../web/api.js";

/** Does nothing: in Node.js the planner is loaded with this module. Here so that the same code runs in browsers. */
export default function init(source?: unknown): Promise<void>;
