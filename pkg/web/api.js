// The functions of the contract, each from one object to a tagged union. What they take and answer is in api.d.ts.
import { call } from "./load.js";

function ask(operation, input) {
  let request;
  try {
    request = JSON.stringify(input) ?? "";
  } catch (error) {
    // A cycle, a BigInt: a mistake like any other.
    return malformed(`the input cannot be written as JSON: ${error.message.split("\n")[0]}`);
  }
  const answer = JSON.parse(call(operation, request));
  return "failure" in answer ? { type: "failure", ...answer.failure } : { type: "success", value: answer.ok };
}

function malformed(message) {
  const diagnostic = { severity: "error", code: "Malformed", object: "", path: "", message, help: "" };
  return { type: "failure", code: "Malformed", diagnostics: [diagnostic] };
}

export const reconcile = (input) => ask("reconcile", input);
export const plan = (input) => ask("plan", input);
export const forecast = (input) => ask("forecast", input);
export const render = (input) => ask("render", input);
export const requirements = (input) => ask("requirements", input);
export const validate = (input) => ask("validate", input);
export const diff = (input) => ask("diff", input);
export const schemas = () => ask("schemas");
export const info = () => ask("info");
export const create = (input) => ask("create", input);
export const update = (input) => ask("update", input);
export const remove = (input) => ask("delete", input);
export const createHandler = (input) => ask("create-handler", input);
export const updateHandler = (input) => ask("update-handler", input);
export const deleteHandler = (input) => ask("delete-handler", input);
export const sync = (input) => ask("sync", input);
export const finalize = (input) => ask("finalize", input);
export const customize = (input) => ask("customize", input);
export const decorate = (input) => ask("decorate", input);
export const review = (input) => ask("review", input);
