// The functions of the contract, each from one object to a tagged union. What they take and answer is in api.d.ts.
import { call } from "./load.js";

const ask = (operation) => (input) => {
  let request;
  try {
    request = JSON.stringify(input) ?? "";
  } catch (error) {
    // A cycle, a BigInt: a mistake like any other.
    return malformed(`the input cannot be written as JSON: ${error.message.split("\n")[0]}`);
  }
  const { ok, failure } = JSON.parse(call(operation, request));
  return failure ? { type: "failure", ...failure } : { type: "success", value: ok };
};

function malformed(message) {
  const diagnostic = { severity: "error", code: "Malformed", object: "", path: "", message, help: "" };
  return { type: "failure", code: "Malformed", diagnostics: [diagnostic] };
}

export const reconcile = ask("reconcile");
export const plan = ask("plan");
export const forecast = ask("forecast");
export const render = ask("render");
export const requirements = ask("requirements");
export const validate = ask("validate");
export const diff = ask("diff");
export const schemas = ask("schemas");
export const info = ask("info");
export const create = ask("create");
export const update = ask("update");
export const remove = ask("delete");
export const createHandler = ask("create-handler");
export const updateHandler = ask("update-handler");
export const deleteHandler = ask("delete-handler");
export const sync = ask("sync");
export const finalize = ask("finalize");
export const customize = ask("customize");
export const decorate = ask("decorate");
export const review = ask("review");
