// Makes web/contract.d.ts from the schema of the contract and the CustomResourceDefinitions; `--check` compares instead of writing.
import { readFileSync, writeFileSync } from "node:fs";
import { compile } from "json-schema-to-typescript";
import { parse } from "yaml";

const root = new URL("../../", import.meta.url);
const read = (path) => readFileSync(new URL(path, root), "utf8");

const contract = JSON.parse(read("wit/contract.schema.json"));
const kinds = ["models", "endpointconfigs", "endpoints"].map((plural) => parse(read(`deploy/crds/${plural}.mlops.internal.yaml`)));

// Requests carry custom resources that may be invalid: the planner says so. Whoever writes one in TypeScript means a valid one.
for (const { spec } of kinds) contract.definitions[spec.names.kind] = customResource(spec);
contract.definitions.CustomResource = {
  description: contract.definitions.CustomResource.description.split(". ")[0] + ".",
  anyOf: kinds.map(({ spec }) => ({ $ref: `#/definitions/${spec.names.kind}` })),
};
open(contract);

const bannerComment = "// Made from wit/contract.schema.json and deploy/crds by tools/types.mjs; do not edit.";
const options = { bannerComment, additionalProperties: false, unreachableDefinitions: true, format: true, style: { printWidth: 132 } };
const reference = / \*\n \* This interface was referenced by .*\n \* via the `\w+` ".*"\.\n/g;
const types = (await compile(contract, "Contract", options)).replaceAll(reference, "");

const file = new URL("pkg/web/contract.d.ts", root);
if (!process.argv.includes("--check")) writeFileSync(file, types);
else if (readFileSync(file, "utf8") !== types) {
  console.error("pkg/web/contract.d.ts is out of date; run `cargo xtask bless` and read the difference");
  process.exitCode = 1;
}

/** The schema of a kind, as plain JSON Schema. */
function customResource({ group, names, versions: [version] }) {
  const schema = plain(version.schema.openAPIV3Schema);
  const { spec } = schema.properties;
  return {
    description: spec.description,
    type: "object",
    additionalProperties: false,
    required: ["apiVersion", "kind", "metadata", "spec"],
    properties: {
      apiVersion: { description: "Group and version.", const: `${group}/${version.name}` },
      kind: { description: "The kind.", const: names.kind },
      metadata: { description: "Name and namespace, and what the API server adds.", allOf: [{ $ref: "#/definitions/ObjectMeta" }] },
      spec: { ...spec, title: `${names.kind}Spec` },
      status: { description: "What was observed; in a file it is left out.", allOf: [{ $ref: "#/definitions/Status" }] },
    },
  };
}

/** Open objects have members of any type, as TypeScript lets no interface be one with members of type unknown; values are unknown. */
function open(schema) {
  if (schema === null || typeof schema !== "object") return;
  if (schema.additionalProperties === true) schema.additionalProperties = { tsType: "any" };
  if (Object.keys(schema).join() === "description" && typeof schema.description === "string") schema.tsType = "unknown";
  Object.values(schema).forEach(open);
}

/** What Kubernetes adds to JSON Schema, in its words; what only a validator needs is left out. */
function plain(schema) {
  if (Array.isArray(schema)) return schema.map(plain);
  if (schema === null || typeof schema !== "object") return schema;
  const known = ["description", "type", "properties", "required", "items", "additionalProperties", "enum"];
  const result = Object.fromEntries(known.filter((name) => name in schema).map((name) => [name, schema[name]]));
  if (schema["x-kubernetes-int-or-string"]) result.type = ["string", "number"];
  if (result.properties) {
    const properties = Object.entries(result.properties).map(([name, value]) => [name, plain(value)]);
    result.properties = Object.fromEntries(properties);
    result.additionalProperties = false;
  }
  for (const name of ["items", "additionalProperties"]) if (typeof result[name] === "object") result[name] = plain(result[name]);
  return result;
}
