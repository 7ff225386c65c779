/** Requests as commands for a shell. */

import type { Action, Request } from "../planner/types";

/** What a terminal would act on, as JSON escapes: the same text for whoever reads JSON. */
const UNSAFE = /[\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;

/** The whole text, applied by our command line. */
export function apply(resources: string): string {
  return `modelwright apply ${heredoc(resources.endsWith("\n") ? resources : `${resources}\n`, "-f -")}`;
}

/** The request, made by kubectl: the same method, path, parameters and body. */
export function kubectl({ request }: Action): string {
  const manager = request.query["fieldManager"];
  const managed = manager === undefined ? "" : ` --field-manager=${quoted(manager)}`;
  switch (request.contentType) {
    case "application/apply-patch+yaml": {
      const force = request.query["force"] === "true" ? " --force-conflicts" : "";
      const status = request.path.endsWith("/status") ? " --subresource=status" : "";
      return `kubectl apply --server-side${managed} --validate=strict${force}${status} ${heredoc(json(request.body), "-f -")}`;
    }
    case "application/merge-patch+json":
      return `kubectl patch ${target(request.path)} --type=merge${managed} -p ${quoted(json(request.body).trimEnd())}\n`;
    default:
      return `kubectl delete --raw ${quoted(request.path)} ${heredoc(json(request.body), "-f -")}`;
  }
}

/** The request, byte for byte, by way of `kubectl proxy`. */
export function curl({ request }: Action): string {
  const where = quoted(`http://127.0.0.1:8001${address(request)}`);
  const type = quoted(`Content-Type: ${request.contentType}`);
  return `curl --fail-with-body -X ${request.method} ${where} -H ${type} ${heredoc(json(request.body), "--data-binary @-")}`;
}

/** Path and parameters. */
export function address({ path, query }: Request): string {
  const parameters = new URLSearchParams(query).toString();
  return parameters === "" ? path : `${path}?${parameters}`;
}

/** The body as it is sent, in lines. */
export function json(body: unknown): string {
  const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return `${JSON.stringify(body, null, 2).replace(UNSAFE, escaped)}\n`;
}

/** `-n titanic deployments.v1.apps titanic-v1` of a path. */
function target(path: string): string {
  const steps = path.split("/").filter((step) => step !== "");
  const [version, group] = steps[0] === "api" ? [steps[1], ""] : [steps[2], steps[1]];
  const rest = steps.slice(group === "" ? 2 : 3);
  const namespace = rest[0] === "namespaces" && rest.length > 2 ? rest[1] : undefined;
  const [plural, name] = namespace === undefined ? rest : rest.slice(2);
  const resource = group === "" ? plural : `${plural}.${version}.${group}`;
  return `${namespace === undefined ? "" : `-n ${quoted(namespace)} `}${quoted(resource ?? "")} ${quoted(name ?? "")}`;
}

/** A document on the standard input, with a last line that is not in it. */
function heredoc(text: string, how: string): string {
  let end = "EOF";
  while (text.split("\n").includes(end)) end += "_";
  return `${how} <<'${end}'\n${text}${end}\n`;
}

function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
