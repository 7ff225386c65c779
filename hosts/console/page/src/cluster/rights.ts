/** The right that each request needs, as RBAC of Kubernetes names it, and whether the user has it. */

import { type Call, type Client, isFine, withJson } from "./call";
import { atOnce } from "./observe";

/** Something that somebody must be allowed to do. */
export interface Right {
  verb: string;
  /** API group; empty: the core. */
  group: string;
  /** Resource without its subresource. */
  resource: string;
  /** Empty: none. */
  subresource: string;
  /** Empty: of the cluster. */
  namespace: string;
  /** The only object; empty: any. */
  name: string;
}

/** Reviews that are asked for at once. */
const AT_ONCE = 4;

/** What a request needs. A server-side apply may create what it changes, so it needs both. */
export function rightsOf(call: Call): Right[] {
  const parts = call.path.split("/").slice(1);
  const [group, version] = parts[0] === "api" ? ["", 2] : [parts[1] ?? "", 3];
  let rest = parts.slice(version);
  let namespace = "";
  if (rest[0] === "namespaces" && rest.length > 2) {
    namespace = rest[1] ?? "";
    rest = rest.slice(2);
  }
  const [resource = "", name = "", subresource = ""] = rest;
  const right = (verb: string): Right => ({ verb, group, resource, subresource, namespace, name: verb === "create" ? "" : name });
  return verbs(call.method, name !== "", subresource !== "").map(right);
}

function verbs(method: string, isOne: boolean, isPart: boolean): string[] {
  switch (method) {
    case "GET":
      return [isOne ? "get" : "list"];
    case "POST":
      return ["create"];
    case "PUT":
      return ["update"];
    case "PATCH":
      return isPart ? ["patch"] : ["create", "patch"];
    case "DELETE":
      return ["delete"];
    default:
      return [];
  }
}

/** Those of the rights that the requests need and the user does not have, in words; `undefined` where nobody may ask for that. */
export async function missing(client: Client, calls: Call[]): Promise<string[] | undefined> {
  // Whoever may do it to any object may do it to each: one question for a kind, not one for an object.
  const any = new Map(
    calls
      .flatMap(rightsOf)
      .map((right) => ({ ...right, name: "" }))
      .map((right) => [label(right), right]),
  );
  let isKnown = true;
  const reviewed = await atOnce([...any.values()], AT_ONCE, async (right) => {
    const allowed = await isAllowed(client, right);
    if (allowed === undefined) isKnown = false;
    return allowed === false ? [label(right)] : [];
  });
  return isKnown ? reviewed.flat().sort() : undefined;
}

async function isAllowed(client: Client, right: Right): Promise<boolean | undefined> {
  const { verb, group, resource, subresource, namespace, name } = right;
  const spec = { resourceAttributes: { verb, group, resource, subresource, namespace, name } };
  const review = { apiVersion: "authorization.k8s.io/v1", kind: "SelfSubjectAccessReview", spec };
  const answer = await client.call(withJson("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", review), {
    tries: 2,
  });
  if (!isFine(answer)) return undefined;
  const found: { status?: { allowed?: boolean } } = JSON.parse(answer.body);
  return found.status?.allowed === true;
}

/** `patch deployments.apps in titanic`. */
export function label(right: Right): string {
  const part = right.subresource === "" ? "" : `/${right.subresource}`;
  const group = right.group === "" ? "" : `.${right.group}`;
  return `${right.verb} ${right.resource}${part}${group} ${right.namespace === "" ? "of the cluster" : `in ${right.namespace}`}`;
}
