// Judges requests and answers by the schema of the contract: a JSON text `{operation, request, answer}` a line on standard input, where
// both are texts; a JSON list of complaints a line on standard output.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { Ajv } from "ajv";

const ajv = new Ajv({ strict: true, allowUnionTypes: true });
ajv.addSchema(JSON.parse(readFileSync(new URL("../../wit/contract.schema.json", import.meta.url), "utf8")), "contract");

for await (const line of createInterface({ input: process.stdin })) {
  const { operation, request, answer } = JSON.parse(line);
  process.stdout.write(`${JSON.stringify(complaints(operation, request, JSON.parse(answer)))}\n`);
}

function complaints(operation, request, { ok, failure }) {
  if (failure) return judge("answer", "definitions/Failure", failure);
  const found = judge("answer", `properties/${operation}/properties/value`, ok);
  if (isRefused(ok) || request === "") return found;
  return [...found, ...judge("request", `properties/${operation}/properties/request`, JSON.parse(request))];
}

/** A hook's body that was not understood is answered with a status code. */
function isRefused({ code }) {
  return typeof code === "number" && code !== 200;
}

function judge(what, place, value) {
  const validate = ajv.getSchema(`contract#/${place}`);
  if (!validate) return [`there is no ${place}`];
  const complaint = ({ instancePath, message, params }) => `${what}${instancePath} ${message} ${JSON.stringify(params)}`;
  return validate(value) ? [] : validate.errors.map(complaint);
}
