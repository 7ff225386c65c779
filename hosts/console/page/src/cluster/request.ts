/** The request for a whole set, as the component reads it. */

import type { Observed, Reference } from "./observe";

/** What is asked, whatever the cluster holds. */
export interface Input {
  /** The custom resources that are wanted, as JSON texts. */
  resources: string[];
  /** Those that are to be deleted. */
  delete: Reference[];
  /** What Models may use, as JSON. */
  policy: string;
  /** Whether a replace may lose data. */
  allowDataLoss: boolean;
  /** What was done before, as the component reads it; empty: nothing. */
  previous: string;
}

/** Whoever uses this page acts with their own rights: the API server decides which volumes they may use. */
export const POLICY = '{"staticVolumes":"any"}';
/** The field manager: that of the command line, so that neither takes fields from the other. */
const MANAGER = "modelwright";

/** RFC 3339 time in whole seconds. */
export function now(): string {
  return new Date().toISOString().replace(/\.\d+Z$/, "Z");
}

/** The request, with what was observed. */
export function request(input: Input, observed: Observed, time: string): string {
  const members = [
    `"resources":[${input.resources.join(",")}]`,
    `"observed":[${observed.objects.join(",")}]`,
    `"unreadable":${JSON.stringify(observed.unreadable)}`,
    `"now":${JSON.stringify(time)}`,
    `"policy":${input.policy}`,
    `"manager":"${MANAGER}"`,
    `"allow":{"dataLoss":${input.allowDataLoss}}`,
  ];
  if (observed.namespaces.length > 0) members.push(`"namespaces":${JSON.stringify(observed.namespaces)}`);
  if (input.delete.length > 0) members.push(`"delete":${JSON.stringify(input.delete)}`);
  if (input.previous !== "") members.push(`"previous":${input.previous}`);
  return `{${members.join(",")}}`;
}

/** The namespaces that the input is about; the given one where it names none. */
export function namespacesOf(input: Input, chosen: string): string[] {
  const ofResources = input.resources.map((text) => namespaceOf(text));
  const named = [...ofResources, ...input.delete.map((reference) => reference.namespace)].filter((namespace) => namespace !== "");
  return named.length === 0 ? [chosen] : [...new Set(named)].sort();
}

function namespaceOf(text: string): string {
  const object: { metadata?: { namespace?: unknown } } = JSON.parse(text);
  const namespace = object.metadata?.namespace;
  return typeof namespace === "string" ? namespace : "";
}

/**
 * The custom resources that have to be read for: those that are wanted and those that go, whose dependants may have outlived them.
 */
export function parents(input: Input): string[] {
  const gone = input.delete.map(({ kind, namespace, name }) => {
    return JSON.stringify({ apiVersion: "mlops.internal/v1alpha1", kind, metadata: { name, namespace } });
  });
  return [...input.resources, ...gone];
}
