// The relationship map, without a cluster: from what is wanted alone, by mouse, keyboard and screen reader, and with a thousand
// Models.
import { AxeBuilder } from "@axe-core/playwright";
import assert from "node:assert/strict";
import { test } from "node:test";
import { browser, open, paste, visit } from "./page.mjs";

browser();

const MODEL = (name) => `apiVersion: mlops.internal/v1alpha1
kind: Model
metadata: {name: ${name}, namespace: shop}
spec:
  image: registry.example.com/a:1
  artifact: {uri: "https://models.example.com/a.tar.gz"}
  storage: {ephemeral: {}}
`;
const CONFIG = (name, models) => `apiVersion: mlops.internal/v1alpha1
kind: EndpointConfig
metadata: {name: ${name}, namespace: shop}
spec:
  models:
${models.map((model, place) => `  - {name: v${place}, model: ${model}, weight: ${place === 0 ? 90 : 10}}\n`).join("")}`;
const ENDPOINT = (name) => `apiVersion: mlops.internal/v1alpha1
kind: Endpoint
metadata: {name: ${name}, namespace: shop}
spec: {config: ${name}, host: ${name}.example.com, gateway: {selector: {istio: ingressgateway}}}
`;

const SMALL = [MODEL("a"), CONFIG("shop", ["a"]), ENDPOINT("shop")].join("---\n");

/** The map of a text; `work` looks at it. */
const shown = (text, work, { width = 1440, theme = "light" } = {}) =>
  visit({ width, theme }, async (page) => {
    if (width < 900) await open(page, "Edit");
    await paste(page, text);
    await open(page, "Map");
    await page.locator(".map").waitFor();
    await work(page);
  });

const node = (page, kind, name) => page.locator(`.map-node[data-id$="|${kind}|shop|${name}"]`);

/** What a screen reader says of a node. */
const said = (page, kind, name) => node(page, kind, name).locator("title").textContent();

test("what is wanted hangs together before anything is there, with the weights on the edges", async () => {
  await shown([MODEL("a"), MODEL("b"), CONFIG("shop", ["a", "b"]), ENDPOINT("shop")].join("---\n"), async (page) => {
    for (const [kind, name] of [
      ["Endpoint", "shop"],
      ["Gateway", "shop"],
      ["EndpointConfig", "shop"],
      ["VirtualService", "shop"],
      ["Model", "a"],
      ["Deployment", "a"],
      ["Service", "b"],
    ]) {
      await node(page, kind, name).waitFor();
    }
    assert.deepEqual(await page.locator(".map-share").allTextContents(), ["no traffic yet → 90 %", "no traffic yet → 10 %"]);
    assert.match(await said(page, "Model", "a"), /^Model a, .*not there, to create/);
    assert.match(await said(page, "Deployment", "a"), /waiting, owner: /);
    await node(page, "Service", "b").click();
    assert.equal(await page.getByRole("tab", { name: "Objects", exact: true }).getAttribute("aria-selected"), "true");
    await page.getByText("Service").first().waitFor();
  });
});

test("a Model that two configs name is drawn once, with an edge from both", async () => {
  await shown([MODEL("a"), CONFIG("one", ["a"]), CONFIG("two", ["a"])].join("---\n"), async (page) => {
    await node(page, "VirtualService", "two").waitFor();
    assert.equal(await node(page, "Model", "a").count(), 1);
    assert.equal(await page.locator(".map-edge").count(), 6);
  });
});

test("the keyboard alone reaches every object, opens and closes, and opens the YAML", async () => {
  await shown(SMALL, async (page) => {
    await node(page, "Endpoint", "shop").focus();
    const focused = () => page.evaluate(() => document.activeElement?.querySelector("title")?.textContent ?? "");
    const press = async (key, expected) => {
      await page.keyboard.press(key);
      await page.waitForFunction((text) => document.activeElement?.querySelector("title")?.textContent?.startsWith(text), expected);
    };
    await press("ArrowDown", "Gateway shop");
    await press("ArrowDown", "EndpointConfig shop");
    await press("ArrowRight", "VirtualService shop");
    await press("ArrowRight", "Model a");
    await page.keyboard.press("ArrowLeft");
    await node(page, "Deployment", "a").waitFor({ state: "detached" });
    assert.match(await focused(), /^Model a/);
    await page.keyboard.press("ArrowRight");
    await node(page, "Deployment", "a").waitFor();
    await press("End", "Service a");
    await press("Home", "Endpoint shop");
    await page.keyboard.press("Enter");
    assert.equal(await page.getByRole("tab", { name: "Objects", exact: true }).getAttribute("aria-selected"), "true");
  });
});

test("it begins as small as all columns need, and by buttons and keys it becomes larger, smaller, and fits", async () => {
  await shown(SMALL, async (page) => {
    const drawing = page.locator(".map-frame svg");
    const fits = () =>
      page
        .locator(".map-frame")
        .evaluate((frame) => frame.scrollWidth <= frame.clientWidth && frame.scrollHeight <= frame.clientHeight);
    const width = async () => (await drawing.boundingBox()).width;
    const scale = page.locator(".map-scale");
    const first = await width();
    await page.getByRole("button", { name: "Larger" }).click();
    assert.ok((await width()) > first * 1.2);
    await node(page, "Endpoint", "shop").focus();
    await page.keyboard.press("-");
    await page.waitForFunction((first) => document.querySelector(".map-frame svg").getBoundingClientRect().width <= first + 1, first);
    for (let press = 0; press < 12; press += 1) await page.keyboard.press("+");
    assert.equal(await scale.textContent(), "200 %");
    assert.equal(await fits(), false);
    await page.keyboard.press("End");
    await page.waitForFunction(() => document.activeElement?.querySelector("title")?.textContent?.startsWith("Service a"));
    await page.getByRole("button", { name: "Fit" }).click();
    assert.equal(await fits(), true);
    const fitted = await scale.textContent();
    for (let click = 0; click < 2; click += 1) await page.getByRole("button", { name: "List" }).click();
    await page.getByRole("button", { name: "Larger" }).click();
    await page.getByRole("button", { name: "Fit" }).click();
    assert.equal(await scale.textContent(), fitted, "it knows its room again after the list");
    await node(page, "Service", "a").click();
    assert.equal(await page.getByRole("tab", { name: "Objects", exact: true }).getAttribute("aria-selected"), "true");
  });
});

test("what is opened, and what is looked at while the size changes, keeps the focus and can be seen", async () => {
  const models = Array.from({ length: 60 }, (_, place) => `m${place}`);
  await shown([...models.map(MODEL), CONFIG("many", models), ENDPOINT("many")].join("---\n"), async (page) => {
    const seen = async (kind, name) => {
      await page.waitForFunction(
        (start) => document.activeElement?.querySelector("title")?.textContent?.startsWith(start),
        `${kind} ${name}`,
      );
      await page.waitForTimeout(100);
      assert.ok(
        await page.evaluate(() => {
          const [node, frame] = [document.activeElement, document.querySelector(".map-frame")].map((one) => one.getBoundingClientRect());
          return node.top >= frame.top - 1 && node.bottom <= frame.bottom + 1;
        }),
        `${kind} can be seen`,
      );
    };
    const press = async (key, kind, name) => {
      await page.keyboard.press(key);
      await seen(kind, name);
    };
    await node(page, "Endpoint", "many").focus();
    await press("ArrowDown", "Gateway", "many");
    await press("ArrowDown", "EndpointConfig", "many");
    await press("ArrowLeft", "EndpointConfig", "many");
    await node(page, "Model", "m0").waitFor({ state: "detached" });
    await press("ArrowRight", "EndpointConfig", "many");
    await press("End", "Model", "m59");
    for (const key of ["+", "+", "-", "-", "-"]) await press(key, "Model", "m59");
    await press("Home", "Endpoint", "many");
  });
});

test("no node stands on another, and no column is left of what leads to it", async () => {
  const both = [MODEL("a"), MODEL("b"), CONFIG("one", ["a", "b"]), CONFIG("two", ["b"]), ENDPOINT("one"), ENDPOINT("two"), MODEL("alone")];
  await shown(both.join("---\n"), async (page) => {
    await node(page, "Service", "alone").waitFor();
    const places = await page.locator(".map-node").evaluateAll((nodes) =>
      nodes.map((one) => {
        const [x, y] = one.getAttribute("transform").match(/-?[\d.]+/g).map(Number);
        return { x, y, level: Number(one.getAttribute("aria-level")), id: one.dataset.id };
      }),
    );
    for (const [index, one] of places.entries()) {
      const isNear = (other) => Math.abs(one.x - other.x) < 174 && Math.abs(one.y - other.y) < 44;
      assert.deepEqual(
        places.filter((other) => other !== one && isNear(other)),
        [],
        one.id,
      );
      const parent = places.slice(0, index).findLast((other) => other.level === one.level - 1);
      assert.ok(one.level === 1 || parent.x + 174 < one.x, one.id);
    }
  });
});

test("the list says the same as the drawing", async () => {
  await shown(SMALL, async (page) => {
    const drawn = await page.locator(".map-node").count();
    await page.getByRole("button", { name: "List" }).click();
    const rows = page.locator(".map-row");
    assert.equal(await rows.count(), drawn);
    assert.match(await rows.filter({ hasText: "Model a" }).textContent(), /no traffic yet → 100 %.*not there.*\+ to create/);
    await page.getByRole("button", { name: "Below EndpointConfig shop" }).click();
    assert.equal(await rows.count(), 3);
  });
});

test("on a narrow screen it is the list", async () => {
  const isNarrow = { width: 360 };
  await shown(
    SMALL,
    async (page) => {
      await page.locator(".map-row").first().waitFor();
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true);
    },
    isNarrow,
  );
});

test("a thousand Models are grouped: few nodes are drawn, whatever is scrolled to", async () => {
  const texts = [];
  for (let place = 0; place < 200; place += 1) {
    const models = Array.from({ length: 5 }, (_, of) => `m${place * 5 + of}`);
    texts.push(...models.map(MODEL), CONFIG(`c${place}`, models), ENDPOINT(`c${place}`));
  }
  await shown(texts.join("---\n"), async (page) => {
    await node(page, "Endpoint", "c0").waitFor({ timeout: 30_000 });
    const count = () => page.locator(".map-node").count();
    assert.ok((await count()) < 60, `${await count()} nodes`);
    assert.match(await said(page, "Endpoint", "c0"), /\d+ below: \d+ to create, \d+ waiting/);
    await page.locator(".map-frame").evaluate((frame) => frame.scrollTo(0, frame.scrollHeight));
    await node(page, "Endpoint", "c99").waitFor();
    assert.ok((await count()) < 60, `${await count()} nodes`);
    await node(page, "Endpoint", "c99").focus();
    const start = Date.now();
    await page.keyboard.press("ArrowRight");
    await node(page, "Gateway", "c99").waitFor();
    assert.ok(Date.now() - start < 1000, "it opens at once");
  });
});

for (const theme of ["light", "dark"]) {
  test(`axe finds nothing on the map and on what acts (${theme})`, async () => {
    await shown(
      SMALL,
      async (page) => {
        const violations = async () => {
          const found = await new AxeBuilder({ page }).include("#view").analyze();
          return found.violations.map((one) => `${one.id}: ${one.nodes.map((where) => where.html).join(" ")}`);
        };
        assert.deepEqual(await violations(), []);
        await page.getByRole("button", { name: "List" }).click();
        assert.deepEqual(await violations(), []);
        await open(page, "Act");
        assert.deepEqual(await violations(), []);
      },
      { theme },
    );
  });
}
