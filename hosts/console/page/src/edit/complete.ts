/** Completion and explanations from the schemas of the custom resources. */

import {
  autocompletion,
  snippetCompletion,
  type Completion,
  type CompletionContext,
  type CompletionResult,
} from "@codemirror/autocomplete";
import type { Extension } from "@codemirror/state";
import { hoverTooltip } from "@codemirror/view";
import { answer } from "../state";
import { visible } from "../shell/text";
import { pathAt, where, type Where } from "./path";
import { anyKind, at, summary, type Schema, type Schemas } from "./schema";

/** Field → the kind whose names it takes. */
const NAMES: Record<string, string> = { "EndpointConfig/spec/models/*/model": "Model", "Endpoint/spec/config": "EndpointConfig" };

const HEAD = "apiVersion: mlops.internal/v1alpha1\nkind: ";
const SNIPPETS = [
  snippetCompletion(
    `${HEAD}Model\nmetadata:\n  name: \${name}\n  namespace: \${namespace}\nspec:\n  image: \${registry.example.com/name:1.0.0}\n` +
      "  artifact:\n    uri: ${https://models.example.com/name.tar.gz}\n",
    { label: "Model", detail: "a new document", type: "class", info: "A container image and a model artifact." },
  ),
  snippetCompletion(
    `${HEAD}EndpointConfig\nmetadata:\n  name: \${name}\n  namespace: \${namespace}\nspec:\n  models:\n` +
      `  - {name: \${stable}, model: \${model}, weight: 100}\n`,
    {
      label: "EndpointConfig",
      detail: "a new document",
      type: "class",
      info: "Which Models share an endpoint, and their weights.",
    },
  ),
  snippetCompletion(
    `${HEAD}Endpoint\nmetadata:\n  name: \${name}\n  namespace: \${namespace}\nspec:\n  config: \${config}\n` +
      "  host: ${name.example.com}\n" +
      "  gateway:\n    selector: {istio: ingressgateway}\n",
    { label: "Endpoint", detail: "a new document", type: "class", info: "A host on an Istio gateway." },
  ),
];

/** Both, for an editor of custom resources. */
export function help(schemas: () => Schemas): Extension {
  return [
    autocompletion({ override: [(context) => complete(context, schemas())], icons: false }),
    hoverTooltip((view, position) => {
      const found = pathAt(view.state, position);
      const schema = found ? at(schemas().get(found.kind), found.path) : undefined;
      if (!found || !schema) return null;
      return { pos: found.from, end: found.to, above: true, create: () => ({ dom: explanation(found.path, schema) }) };
    }),
  ];
}

function complete(context: CompletionContext, schemas: Schemas): CompletionResult | null {
  const place = where(context.state, context.pos);
  if (!place || (place.from === context.pos && !context.explicit)) return null;
  const schema = schemas.get(place.kind) ?? anyKind(schemas);
  const options = place.role === "key" ? keys(place, schema) : values(place, schema);
  return options.length === 0 ? null : { from: place.from, options, validFor: /^[\w./-]*$/ };
}

function keys(place: Where, schema: Schema): Completion[] {
  const parent = at(schema, place.path);
  const required = new Set(parent?.required ?? []);
  const named = Object.entries(parent?.properties ?? {}).filter(([name]) => !place.siblings.has(name));
  const fields = named.map(
    ([name, field]): Completion => ({
      label: name,
      detail: required.has(name) ? "required" : (field.type ?? ""),
      info: () => explanation([...place.path, name], field),
      boost: required.has(name) ? 2 : 0,
      apply: `${name}:${opening(field, place.indent)}`,
      type: "property",
    }),
  );
  return place.path.length === 0 && place.siblings.size === 0 && place.indent === 0 ? [...SNIPPETS, ...fields] : fields;
}

/** What follows a name: its value on the same line, or one of more indentation. */
function opening(field: Schema, indent: number): string {
  if (indent < 0 || (field.type !== "object" && field.type !== "array")) return " ";
  return field.type === "array" ? `\n${" ".repeat(indent)}- ` : `\n${" ".repeat(indent + 2)}`;
}

function values(place: Where, schema: Schema): Completion[] {
  const field = at(schema, place.path);
  const kind = NAMES[[place.kind, ...place.path].join("/")];
  const names = (answer.value?.resources ?? []).filter((resource) => resource.kind === kind);
  const choices = field?.type === "boolean" ? [true, false] : (field?.enum ?? []);
  const info = field ? () => explanation(place.path, field) : undefined;
  const option = (label: string, detail: string): Completion => ({
    label: visible(label),
    detail,
    ...(info ? { info } : {}),
    type: "enum",
  });
  const fallback =
    field?.default === undefined || choices.length > 0 ? [] : [option(String(JSON.stringify(field.default)), "default")];
  return [
    ...names.map((resource) => option(resource.name, resource.kind)),
    ...choices.map((choice) => option(String(choice), "")),
    ...fallback,
  ];
}

function explanation(path: string[], schema: Schema): HTMLElement {
  const box = document.createElement("div");
  box.className = "explanation";
  for (const [style, text] of [
    ["explanation-path", path.join(".").replaceAll(".*", "[]")],
    ["explanation-type", summary(schema)],
    ["explanation-text", schema.description ?? ""],
  ] as const) {
    const line = document.createElement("div");
    line.className = style;
    line.textContent = text;
    if (text !== "") box.append(line);
  }
  return box;
}
