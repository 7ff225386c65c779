// @ts-check
// What would happen to an empty cluster, and what is wrong with a config? `node plan.mjs`, with the example's files in ../titanic.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import init, { forecast, plan, validate } from "modelwright";
import { parseAllDocuments } from "yaml";

/** @type {import("modelwright").CustomResource[]} */
const resources = readdirSync("../titanic")
  .filter((name) => name.endsWith(".yaml"))
  .flatMap((name) => parseAllDocuments(readFileSync(`../titanic/${name}`, "utf8")).map((document) => document.toJS()));

await init(); // nothing to do in Node.js, but then the same code runs in browsers

/** @type {import("modelwright").SetObservation} */
const input = { resources, observed: [], policy: { staticVolumes: "any" } };

const planned = plan(input);
assert.ok(planned.type === "success", JSON.stringify(planned));
console.log(planned.value.summary.text);
for (const action of planned.value.actions) console.log(`  ${action.request.method} ${action.request.path}`);
assert.deepEqual([planned.value.actions.length, planned.value.summary.waiting], [4, 10]);

const foreseen = forecast(input);
assert.ok(foreseen.type === "success", JSON.stringify(foreseen));
const last = foreseen.value.rounds.at(-1)?.traffic[0];
console.log(`${foreseen.value.end.reason} after ${foreseen.value.rounds.length} rounds: ${JSON.stringify(last)}`);
assert.equal(foreseen.value.end.reason, "Done");
assert.deepEqual(last?.routes.map(({ weight }) => weight), [90, 10]);

// A mistake in a custom resource is an answer, not an exception.
const config = resources.find((resource) => resource.kind === "EndpointConfig");
assert.ok(config);
config.spec.models[0].weight = -1;
const found = validate(config);
assert.ok(found.type === "success");
for (const { severity, path, message } of found.value) console.log(`${severity} ${path}: ${message}`);
assert.equal(found.value[0].path, "/spec/models/0/weight");
