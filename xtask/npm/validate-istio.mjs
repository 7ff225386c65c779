// Checks every Istio object of a YAML stream (the first argument) against Istio's own schemas. These let unknown fields pass, as an API
// server would drop them silently; the types that were made from the same schemas do not: the objects are compiled as literals, too.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { parseAllDocuments } from "yaml";
import { Gateway } from "@kubernetes-models/istio/networking.istio.io/v1/Gateway";
import { VirtualService } from "@kubernetes-models/istio/networking.istio.io/v1/VirtualService";

const models = { Gateway, VirtualService };
const objects = parseAllDocuments(readFileSync(process.argv[2], "utf8"))
  .map((document) => document.toJS())
  .filter((object) => object?.apiVersion?.startsWith("networking.istio.io/"));
const failures = objects.length ? [] : ["the stream has no Istio object"];

for (const object of objects) {
  const found = schemaViolation(object) ?? unknownField(object);
  const name = `${object.kind} ${object.metadata?.namespace}/${object.metadata?.name}`;
  if (found) failures.push(`${name}: ${found}`);
  else console.log(`${name}: valid`);
}
failures.forEach((failure) => console.error(failure));
process.exitCode = failures.length ? 1 : 0;

function schemaViolation(object) {
  const model = models[object.kind];
  if (object.apiVersion !== model?.apiVersion) return `there is no schema for ${object.apiVersion} ${object.kind}`;
  try {
    new model(object).validate();
  } catch (error) {
    return error.message;
  }
}

function unknownField({ apiVersion, kind, ...fields }) {
  const file = join(import.meta.dirname, "object.ts");
  const source = `import type { I${kind} } from "@kubernetes-models/istio/networking.istio.io/v1/${kind}";
    export const object: Omit<I${kind}, "apiVersion" | "kind"> = ${JSON.stringify(fields)};`;
  const options = { strict: true, noEmit: true, types: [], skipLibCheck: true, module: ts.ModuleKind.NodeNext };
  const host = ts.createCompilerHost(options);
  const { fileExists, getSourceFile } = host;
  host.fileExists = (name) => name === file || fileExists(name);
  host.getSourceFile = (name, ...rest) =>
    name === file ? ts.createSourceFile(name, source, ts.ScriptTarget.ESNext) : getSourceFile(name, ...rest);
  const [first] = ts.getPreEmitDiagnostics(ts.createProgram([file], options, host));
  return first && ts.flattenDiagnosticMessageText(first.messageText, " ");
}
