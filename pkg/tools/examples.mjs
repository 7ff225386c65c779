// Runs every example, and the code of the README, in the folder where check.mjs has unpacked the package (the first argument).
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { build, createServer } from "vite";
import { launch } from "./browser.mjs";
import { serve } from "./serve.mjs";

const work = resolve(process.argv[2]);
/** What all of them show of examples/titanic: the totals of the plan, which are those of round 1, and of the rounds after it. */
const ROUNDS = [
  "4 to create, 0 to update, 0 to replace, 0 to delete; 10 waiting",
  "9 to create, 0 to update, 0 to replace, 0 to delete; 1 waiting",
  "1 to create, 0 to update, 0 to replace, 0 to delete; 0 waiting",
];

node("node", "plan.mjs", ROUNDS[0]);
writeFileSync(join(work, "node/readme.mjs"), codeOfReadme());
node("node", "readme.mjs", "1 to create");

const vite = { root: join(work, "vite"), logLevel: "warn" };
await build(vite);
const development = await createServer({ ...vite, server: { port: 0, host: "127.0.0.1", fs: { strict: false } } });
await development.listen();
const server = await serve(work);
const browser = await launch();
try {
  for (const path of ["page/", "worker/", "vite/dist/", "vite/dist/?address"]) await page(path, server.url + path);
  await page("vite in development", development.resolvedUrls.local[0]);
} finally {
  await browser.close();
  server.close();
  await development.close();
}

function node(folder, file, expected) {
  const output = execFileSync(process.execPath, [file], { cwd: join(work, folder), encoding: "utf8" });
  assert.ok(output.includes(expected), `${file} printed\n${output}`);
  console.log(`    ${file}: as expected`);
}

/** The first block of JavaScript. */
function codeOfReadme() {
  const [, code] = readFileSync(join(work, "node_modules/modelwright/README.md"), "utf8").match(/```js\n(.*?)```/s);
  return code;
}

async function page(name, url) {
  const page = await browser.newPage();
  const complaints = [];
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(error.message));
  await page.goto(url);
  await page.waitForSelector("body[data-done]", { timeout: 20_000 }).catch((error) => complaints.push(error.message));
  assert.deepEqual(complaints, [], name);
  assert.equal(await page.textContent("#summary"), ROUNDS[0], name);
  assert.deepEqual(await page.locator("#rounds li").allTextContents(), ROUNDS, name);
  assert.equal(await page.getAttribute("body", "data-done"), "success", name);
  await page.close();
  console.log(`    ${name}: as expected`);
}
