// Examples of a change to something that runs: the repository's titanic, as it would be live, and other files.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { parseAllDocuments } from "yaml";
import { world } from "./world.mjs";

const FOLDER = new URL("../../../../examples/titanic/", import.meta.url);
const EDITS = [
  ["weight: 90, instances: 2", "weight: 50, instances: 3"],
  ["weight: 10", "weight: 50"],
  ["titanic:1.5.0", "titanic:1.5.1"],
];

/** The npm package in a folder → the planner's `call`. */
export async function planner(folder) {
  const { call } = await import(pathToFileURL(`${folder}/node/index.js`).href);
  return call;
}

/** The repository's example as one text. */
export function titanic() {
  return `${readFileSync(new URL("models.yaml", FOLDER), "utf8")}---\n${readFileSync(new URL("endpoint.yaml", FOLDER), "utf8")}`;
}

/** Its live objects, and the text with three edits. */
export function shift(call) {
  return example(
    call,
    titanic(),
    EDITS.reduce((text, [from, to]) => edited(text, from, to), titanic()),
  );
}

/** One Model that runs and has all requests, and the text with a second one beside it. */
export function canary(call) {
  const before = titanic()
    .split(/^---\n/m)
    .filter((document) => !document.includes("name: titanic-v2"))
    .join("---\n");
  return example(call, edited(before, /^ *- \{name: canary.*\n/m, ""), titanic());
}

/** What is live once `before` was applied, and `after` as what is asked for now. */
function example(call, before, after) {
  const resources = parseAllDocuments(before).map((document) => document.toJS());
  const observed = { apiVersion: "v1", kind: "List", items: world(call, resources) };
  return { resources: after, observed: `${JSON.stringify(observed, null, 2)}\n` };
}

function edited(text, from, to) {
  const result = text.replace(from, to);
  if (result === text) throw new Error(`the example has no ${from} any more`);
  return result;
}
