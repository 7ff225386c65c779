// Loads the JavaScript form of the core (the folder is the first argument) and asks it what needs every layer below: does it answer, and
// is an unknown operation a failure in the answer instead of a trap?
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const folder = resolve(process.argv[2]);
const { call, initSync } = await import(pathToFileURL(join(folder, "modelwright.js")));
initSync({ module: readFileSync(join(folder, "modelwright_bg.wasm")) });

const ask = (operation, request) => JSON.parse(call(operation, request));
assert.ok(ask("info", "").ok, "info answers");
assert.equal(ask("schemas", "").ok.length, 3, "three custom resources");
assert.ok(ask("no such operation", "{}").failure.code, "an unknown operation is a failure");
assert.ok(ask("reconcile", "not JSON").failure.code, "malformed JSON is a failure");
console.log("the JavaScript form answers");
