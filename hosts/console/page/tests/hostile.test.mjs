// Whatever somebody writes into any text of a custom resource or of a live object is text on the page, and nothing else.
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseAllDocuments } from "yaml";
import { shift, titanic } from "../example/live.mjs";
import { browser, core, open, visit } from "./page.mjs";

browser();

const SEEDS = [
  "<img src=x onerror=hit()>",
  "<script>hit()</script>",
  "</script><script>hit()</script>",
  "<svg onload=hit()>",
  "<iframe srcdoc='<script>hit()</script>'>",
  "javascript:hit()",
  "data:text/html,<script>hit()</script>",
  '"><img src=x onerror=hit()>',
  "'><svg/onload=hit()>",
  "<a href=javascript:hit()>x</a>",
  "<style>*{display:none}</style>",
  "<base href=//evil.example>",
  "<meta http-equiv=refresh content=0;url=//evil.example>",
  "<form action=//evil.example><button>x",
  "<math><mtext></mtext><mglyph><style><img src onerror=hit()>",
  "<template><script>hit()</script></template>",
  "{{constructor.constructor('hit()')()}}",
  "${hit()}",
  "`${hit()}`",
  "<!--<img src=x onerror=hit()>-->",
  "<details open ontoggle=hit()>",
  "<body onload=hit()>",
  "<input autofocus onfocus=hit()>",
  "<video><source onerror=hit()>",
  "<object data=javascript:hit()>",
  "<embed src=javascript:hit()>",
  "<link rel=stylesheet href=//evil.example/x.css>",
  "__proto__",
  "constructor",
  "hasOwnProperty",
  "toString",
  "<x-y is=z>",
  "&lt;img src=x onerror=hit()&gt;",
  "&#60;script&#62;hit()&#60;/script&#62;",
  "\u202egnp.exe\u202c",
  "\u2066a\u2069\u200b\u200d\ufeff",
  "\u001b[31mred\u001b[0m",
  "\u0000\u0001\u0007",
  "a\u2028b\u2029c",
  "\ud83d\ude00",
  "\ud800",
  "\u{e0041}\u{e0042}",
  "ﷺ".repeat(40),
  "Z\u0351\u036b\u0343".repeat(30),
  "a".repeat(5000),
  " ",
  "\t\n\r\n",
  "%3Cscript%3Ehit()%3C/script%3E",
  "../../../../etc/passwd",
  "'; DROP TABLE models; --",
  "$(hit)",
  "`hit`",
  "| hit",
  "EOF\nhit\nEOF",
  "--help",
  "-f /etc/passwd",
  "null",
  "true",
  "1e999",
  "NaN",
];
/** Exactly a hundred: the seeds, and each of the first ones behind a quote that ends an attribute or a tag. */
const STRINGS = [...SEEDS, ...SEEDS.map((seed) => `x"' />${seed}`)].slice(0, 100);

/** Every object with a string in place of all its texts. */
function soiled(objects, string) {
  const soil = (value, path) => {
    if (typeof value === "string") return keep(path) ? value : string;
    if (Array.isArray(value)) return value.map((item, index) => soil(item, [...path, index]));
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, soil(member, [...path, key])]));
  };
  return objects.map((object) => soil(object, []));
}

/** Without these an object would not be known for what it is; the last test soils them, too. */
const keep = (path) =>
  ["apiVersion", "kind"].includes(path[0]) || (path[0] === "metadata" && ["name", "namespace", "uid"].includes(path[1]));

const resources = parseAllDocuments(titanic()).map((document) => document.toJS());
const live = JSON.parse(shift(core).observed).items;

/** The page at the end: what would be there if a text had become more than text. */
async function clean(page) {
  const found = await page.evaluate(() => ({
    hit: globalThis.hits,
    elements: [
      ...document.querySelectorAll(
        "script:not([src]), iframe, object, embed, base, form, img, video, style, a[href]:not(.skip), [onerror], [onload]",
      ),
    ].map((element) => element.outerHTML),
  }));
  assert.deepEqual(found, { hit: 0, elements: [] });
}

/** Opens a link with the texts, and waits until the planner has answered. */
async function show(page, texts) {
  const revision = () => page.locator("#view").getAttribute("data-revision");
  const before = await revision();
  await page.evaluate(async ({ resources, observed }) => {
    const stream = new Blob([JSON.stringify({ resources, observed, view: "plan", selected: "" })])
      .stream()
      .pipeThrough(new CompressionStream("deflate-raw"));
    const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
    const packed = btoa(String.fromCharCode(...bytes))
      .replaceAll("+", "-")
      .replaceAll("/", "_")
      .replaceAll("=", "");
    location.hash = `#state=${packed}`;
  }, texts);
  await page.waitForFunction((before) => document.querySelector("#view").dataset.revision !== before, before);
}

for (const [name, objects, other] of [
  ["custom resources", resources, []],
  ["live objects", live, resources],
]) {
  test(`a hundred strings in every text of ${name}`, () =>
    visit({}, async (page) => {
      await page.evaluate(() => {
        globalThis.hits = 0;
        globalThis.hit = () => (globalThis.hits += 1);
      });
      for (const string of STRINGS) {
        const bad = soiled(objects, string)
          .map((object) => JSON.stringify(object))
          .join("\n---\n");
        const good = other.map((object) => JSON.stringify(object)).join("\n---\n");
        await show(page, other.length === 0 ? { resources: bad, observed: "" } : { resources: good, observed: bad });
        for (const view of ["Forecast", "Objects", "Map", "Act", "Plan"]) await open(page, view);
        await clean(page);
      }
    }));
}

test("a hundred names that are none", () =>
  visit({}, async (page) => {
    await page.evaluate(() => {
      globalThis.hits = 0;
      globalThis.hit = () => (globalThis.hits += 1);
    });
    const object = (string) => ({
      apiVersion: string,
      kind: string,
      metadata: { name: string, namespace: string, labels: { [string]: string } },
      spec: { [string]: string },
    });
    const model = (string) => ({
      ...resources[0],
      metadata: { name: string, namespace: string },
      spec: { ...resources[0].spec, [string]: string },
    });
    const join = (make) => STRINGS.map((string) => JSON.stringify(make(string))).join("\n---\n");
    await show(page, { resources: join(model), observed: join(object) });
    for (const view of ["Forecast", "Objects", "Map", "Act", "Plan"]) {
      await open(page, view);
      await clean(page);
    }
    await open(page, "Objects");
    for (const index of [0, 3, 6, 9]) {
      await page.locator(".see-item").nth(index).click();
      await page.getByRole("tab", { name: "Live", exact: true }).click();
    }
    await clean(page);
  }));

test("the watch sees what it is there for", async () => {
  const write = (page) =>
    page.evaluate(() => {
      try {
        document.body.insertAdjacentHTML("beforeend", "<b>markup</b>");
      } catch {
        // The policy forbids it, and says so.
      }
    });
  await assert.rejects(visit({}, write), /requires 'TrustedHTML' assignment/);
});
