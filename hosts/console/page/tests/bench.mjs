// The part of BENCHMARKS.md about the console: how long a plan takes while somebody types, and what the first load is made of.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { chromium } from "playwright-core";
import { planner } from "../example/live.mjs";
import { parseAllDocuments } from "yaml";
import { models } from "./models.mjs";
import { PAGE, serve } from "./server.mjs";

const COUNTS = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [1, 10, 100, 1000];
/** Calls that are not counted: until then code is compiled. */
const WARM = 10;
const runs = (count) => (count >= 1000 ? 12 : 100);

const quantile = (times, share) =>
  times.toSorted((one, other) => one - other)[Math.min(times.length - 1, Math.floor(times.length * share))];
const quantiles = (times) => `${quantile(times, 0.5).toFixed(1)} ms | ${quantile(times, 0.99).toFixed(1)} ms`;

/** From the key until the worker has the plan of the text with it, and until that plan is shown: what the editor draws comes between. */
async function typed(page, { text, count, objects }) {
  await page.evaluate((text) => navigator.clipboard.writeText(text), text);
  const box = page.getByRole("textbox", { name: "Custom resources as YAML" });
  await box.click();
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.press("ControlOrMeta+v");
  await page
    .getByRole("heading", { name: new RegExp(`^Plan: ${objects} to create`) })
    .waitFor({ timeout: 120_000 });
  await page.waitForTimeout(count >= 1000 ? 8000 : 1000);
  await page.keyboard.press("ControlOrMeta+End");
  const revision = () => page.locator("#view").getAttribute("data-revision");
  const before = await revision();
  await page.keyboard.type("#");
  await page.waitForFunction((before) => document.querySelector("#view").dataset.revision !== before, before);
  await page.evaluate(() => {
    const view = document.querySelector("#view");
    const now = () => performance.timeOrigin + performance.now();
    globalThis.keys = [];
    globalThis.shown = [];
    addEventListener("keydown", () => globalThis.keys.push(now()), true);
    new MutationObserver(() => globalThis.shown.push(now())).observe(view, { attributeFilter: ["data-revision"] });
  });
  const [worker] = page.workers();
  await worker.evaluate(() => {
    const post = self.postMessage.bind(self);
    self.planned = [];
    self.postMessage = (message) => {
      if (message.value?.milliseconds !== undefined) self.planned.push(performance.timeOrigin + performance.now());
      post(message);
    };
  });
  for (let run = 0; run < runs(count) + WARM; run += 1) {
    await page.keyboard.press("x");
    await page.waitForFunction((before) => globalThis.shown.length > before, run, { timeout: 60_000 });
  }
  const { keys, shown } = await page.evaluate(() => ({ keys: globalThis.keys, shown: globalThis.shown }));
  const planned = await worker.evaluate(() => self.planned);
  if (new Set([keys.length, shown.length, planned.length]).size > 1) throw new Error("not every key has one plan");
  if (keys.some((key, run) => !(key < planned[run] && planned[run] < shown[run]))) throw new Error("a plan is not of its key");
  const since = (times) => times.map((time, run) => time - keys[run]).slice(WARM);
  return { planned: since(planned), shown: since(shown) };
}

/** The question that the page asks. */
const question = (text) => ({
  resources: parseAllDocuments(text).map((document) => document.toJS()),
  observed: [],
  unreadable: [],
  policy: { staticVolumes: "any" },
  manager: "modelwright",
  allow: { dataLoss: false },
});

/** The same question to the planner in Node: the request as an object to the plan as an object. */
function asked(call, { text, count }) {
  const request = question(text);
  const times = [];
  for (let run = 0; run < runs(count) + WARM; run += 1) {
    const start = performance.now();
    JSON.parse(call("plan", JSON.stringify(request)));
    if (run >= WARM) times.push(performance.now() - start);
  }
  return times;
}

/** The same question to the core as native code, JSON text to JSON text: p50 and p99. */
function native({ text, count }) {
  const folder = mkdtempSync(join(tmpdir(), "modelwright-"));
  const file = join(folder, "request.json");
  writeFileSync(file, JSON.stringify(question(text)));
  const bench = ["bench", "--quiet", "--locked", "--package", "modelwright-host-tests", "--bench", "native"];
  const cwd = fileURLToPath(new URL("../../../..", import.meta.url));
  const said = execFileSync("cargo", [...bench, "--", "plan", file, String(runs(count))], { cwd, encoding: "utf8" });
  rmSync(folder, { recursive: true });
  return JSON.parse(said);
}

const call = await planner(process.env.MODELWRIGHT_PACKAGE ?? new URL("../../../../target/dist/npm", import.meta.url).pathname);
const server = await serve();
const browser = await chromium.launch({
  executablePath: process.env.MODELWRIGHT_CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox"],
});
const context = await browser.newContext({
  viewport: { width: 1440, height: 900 },
  permissions: ["clipboard-read", "clipboard-write"],
});
const EXAMPLE = new URL("../../../../examples/titanic/", import.meta.url);
const example = readdirSync(EXAMPLE).filter((name) => name.endsWith(".yaml")).toSorted();
const texts = [
  { name: "examples/titanic", text: example.map((name) => readFileSync(new URL(name, EXAMPLE), "utf8")).join("---\n"), count: 2, objects: 4 },
  ...COUNTS.map((count) => ({ name: count, text: models(count), count, objects: count + 2 * Math.ceil(count / 5) })),
];
const rows = [];
for (const one of texts) {
  const page = await context.newPage();
  await page.goto(server.address);
  const times = await typed(page, one);
  await page.close();
  const own = native(one).map((time) => `${time.toFixed(1)} ms`).join(" | ");
  const size = `${(one.text.length / 1000).toFixed(1)} kB`;
  const columns = [one.name, size, ...[times.planned, times.shown, asked(call, one)].map(quantiles), own];
  rows.push(`| ${columns.join(" | ")} |`);
}
await browser.close();
await server.stop();

const index = readFileSync(join(PAGE, "index.html"), "utf8");
const first = readdirSync(join(PAGE, "assets")).filter(
  (name) => name.endsWith(".wasm") || name.startsWith("worker-") || index.includes(name),
);
const sizes = ["../index.html", ...first].map((name) => {
  const bytes = readFileSync(join(PAGE, "assets", name));
  return { name: part(name), raw: bytes.length, gz: gzipSync(bytes, { level: 9 }).length };
});
const sum = (field) => sizes.reduce((total, size) => total + size[field], 0);
const kilo = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;

/** What a file is, whatever its digest. */
function part(name) {
  if (name.endsWith(".wasm")) return "planner (WebAssembly)";
  if (name.startsWith("worker-")) return "worker, with the reader of YAML";
  if (name.endsWith(".css")) return "style sheet";
  if (name.endsWith(".html")) return "page";
  return name.startsWith("index-") ? "views and the editor's set-up" : `library: ${name.replace(/-[\w-]{8}\.js$/, "")}`;
}

console.log(`## The console

Resources of as many Models as the first column says, a config for every five, an Endpoint for each config, on an empty cluster.
In Chromium, from a key in the editor: *planned* until the worker has the plan of the text with it, *shown* until the page shows that plan,
after what the editor itself draws (this machine has no graphics card). *Asked*: the planner alone in Node, request and plan as objects.
*Native*: the core as native code, request and plan as JSON text.

| models | text | planned, p50 | p99 | shown, p50 | p99 | asked, p50 | p99 | native, p50 | p99 |
|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|
${rows.join("\n")}

| first load | raw | gzipped |
|---|--:|--:|
${sizes.map((size) => `| ${size.name} | ${kilo(size.raw)} | ${kilo(size.gz)} |`).join("\n")}
| **in all** | ${kilo(sum("raw"))} | ${kilo(sum("gz"))} |`);
