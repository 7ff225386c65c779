// Checks every Istio object of a YAML stream (the first argument) against Istio's own schemas; strict: an unknown field is an error.
import { readFileSync } from "node:fs";
import { parseAllDocuments } from "yaml";
import { Gateway } from "@kubernetes-models/istio/networking.istio.io/v1/Gateway";
import { VirtualService } from "@kubernetes-models/istio/networking.istio.io/v1/VirtualService";

const models = { Gateway, VirtualService };
const failures = [];
let checked = 0;
for (const document of parseAllDocuments(readFileSync(process.argv[2], "utf8"))) {
  const object = document.toJS();
  if (!object?.apiVersion?.startsWith("networking.istio.io/")) continue;
  const name = `${object.kind} ${object.metadata?.namespace}/${object.metadata?.name}`;
  checked += 1;
  try {
    const model = models[object.kind];
    if (!model || object.apiVersion !== model.apiVersion) throw new Error(`no schema for ${object.apiVersion}`);
    new model(object).validate();
    console.log(`${name}: valid`);
  } catch (error) {
    failures.push(`${name}: ${error.message}`);
  }
}
if (checked === 0) failures.push("the stream has no Istio object");
failures.forEach((failure) => console.error(failure));
process.exitCode = failures.length ? 1 : 0;
