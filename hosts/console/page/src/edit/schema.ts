/** What the CustomResourceDefinitions say about a path. */

import type { KubeObject } from "../planner/types";

/** The parts of an OpenAPI schema that help somebody who types. */
export interface Schema {
  description?: string;
  type?: string;
  format?: string;
  enum?: unknown[];
  default?: unknown;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  maxItems?: number;
  pattern?: string;
  required?: string[];
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  items?: Schema;
}

const API = "mlops.internal/v1alpha1";
const KUBERNETES = "https://kubernetes.io/docs/concepts/overview/working-with-objects/";
const METADATA: Schema = {
  type: "object",
  description: `Metadata that every object of Kubernetes has; see ${KUBERNETES}.`,
  required: ["name"],
  properties: {
    name: {
      type: "string",
      description: "Name, unique in its namespace: a DNS label of at most 63 characters. Children carry it.",
    },
    namespace: { type: "string", description: "Namespace of the object and of everything that is made for it." },
    labels: { type: "object", description: "Keys and values for selecting objects." },
    annotations: { type: "object", description: "Keys and values for everything else." },
  },
};

/** Kind → its schema. */
export type Schemas = Map<string, Schema>;

/** From the list of definitions. */
export function schemas(definitions: KubeObject[]): Schemas {
  const found: Schemas = new Map();
  for (const definition of definitions as unknown as Definition[]) {
    const { names, versions } = definition.spec;
    const schema = versions[0]?.schema.openAPIV3Schema;
    if (schema) found.set(names.kind, withCommon(schema, names.kind));
  }
  return found;
}

interface Definition {
  spec: { names: { kind: string }; versions: { schema: { openAPIV3Schema: Schema } }[] };
}

function withCommon(schema: Schema, kind: string): Schema {
  const { status: _, ...properties } = schema.properties ?? {};
  const common: Record<string, Schema> = {
    apiVersion: { type: "string", description: "Group and version of the kind.", enum: [API] },
    kind: { type: "string", description: "What this is.", enum: [kind] },
    metadata: METADATA,
  };
  return { ...schema, required: ["apiVersion", "kind", "metadata", "spec"], properties: { ...properties, ...common } };
}

/** Of a document that has no kind yet. */
export function anyKind(all: Schemas): Schema {
  return {
    type: "object",
    properties: {
      apiVersion: { type: "string", description: "Group and version of the kind.", enum: [API] },
      kind: { type: "string", description: "What this is.", enum: [...all.keys()] },
      metadata: METADATA,
      spec: { type: "object", description: "What is wanted; `kind` says which fields there are." },
    },
  };
}

/** The schema at a path; `*` is an item of a list. */
export function at(schema: Schema | undefined, path: string[]): Schema | undefined {
  let found = schema;
  for (const step of path) {
    const more = found?.additionalProperties;
    if (step === "*") found = found?.items;
    else if (found?.properties && Object.hasOwn(found.properties, step)) found = found.properties[step];
    else found = typeof more === "object" ? more : undefined;
  }
  return found;
}

/** Type, bounds and default in a few words. */
export function summary(schema: Schema): string {
  const bound = (name: string, value: unknown) => (value === undefined ? [] : [`${name} ${JSON.stringify(value)}`]);
  const type = schema.type === "array" ? `list of ${schema.items?.type ?? "anything"}` : (schema.type ?? "any");
  return [
    type,
    ...(schema.enum ? [`one of ${schema.enum.map(String).join(", ")}`] : []),
    ...bound("at least", schema.minimum),
    ...bound("at most", schema.maximum),
    ...bound("items up to", schema.maxItems),
    ...bound("characters up to", schema.maxLength),
    ...bound("default", schema.default),
  ].join(" · ");
}
