// Every view at three widths in both themes: axe finds nothing, nothing is wider than the screen, and there is a picture.
import AxeBuilder from "@axe-core/playwright";
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { browser, example, insert, editor, open, visit } from "./page.mjs";

browser();
const folder = process.env.MODELWRIGHT_SCREENSHOTS ?? new URL("../../../../target/console-screenshots", import.meta.url).pathname;
mkdirSync(folder, { recursive: true });

const VIEWS = {
  plan: async (page) => {
    await example(page, "titanic is live: shift the weights");
    await page.getByRole("heading", { name: /5 to update/ }).waitFor();
  },
  waiting: async (page) => {
    await page.getByRole("button", { name: "10 waiting" }).click();
    await page.locator("article").first().waitFor();
  },
  forecast: async (page) => {
    await example(page, "titanic is live: add a canary");
    await open(page, "Forecast");
    await page.getByRole("heading", { name: /^Round 1/ }).waitFor();
    await page.getByRole("slider").press("End");
  },
  objects: async (page) => {
    await example(page, "titanic is live: shift the weights");
    await open(page, "Objects");
    await page
      .getByRole("list", { name: "Objects" })
      .getByRole("button", { name: /titanic-v2.*Deployment/ })
      .click();
    await page.locator(".fold").first().waitFor();
  },
  map: async (page) => {
    await example(page, "titanic is live: shift the weights");
    await open(page, "Map");
    await page.getByText("90 % → 50 %").first().waitFor();
  },
  act: async (page) => {
    await open(page, "Act");
    await page.getByRole("button", { name: "Connect", exact: true }).waitFor();
  },
  findings: async (page) => {
    if ((await page.viewportSize()).width < 900) await open(page, "Edit");
    await editor(page).click();
    await page.keyboard.press("ControlOrMeta+Home");
    await insert(page, "kind: [\n---\n");
    await page.locator(".finding .error").first().waitFor();
  },
  empty: async (page) => {
    await example(page, "Nothing: start from scratch");
    await page.getByRole("heading", { name: "See what will happen before it does" }).waitFor();
  },
};

for (const theme of ["light", "dark"]) {
  for (const width of [360, 800, 1440]) {
    test(`${theme} at ${width} pixels`, async () => {
      for (const [name, prepare] of Object.entries(VIEWS)) {
        await visit({ width, theme }, async (page) => {
          await prepare(page);
          const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
          assert.ok(wide <= 0, `${name} is ${wide} pixels wider than the screen`);
          const { violations } = await new AxeBuilder({ page }).analyze();
          const found = violations.map(
            ({ id, nodes }) =>
              `${id}: ${nodes
                .map((node) => `${node.target.join(" ")} ${node.failureSummary}`)
                .slice(0, 3)
                .join("; ")}`,
          );
          assert.deepEqual(found, [], name);
          await page.screenshot({ path: join(folder, `${name}-${width}-${theme}.png`) });
        });
      }
    });
  }
}

test("the theme can be chosen, and is remembered", () =>
  visit({}, async (page) => {
    const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await ground();
    await page.getByRole("button", { name: "Colours: as the system" }).click();
    await page.getByRole("button", { name: "Colours: light" }).click();
    await page.getByRole("button", { name: "Colours: dark" }).waitFor();
    assert.notEqual(await ground(), light);
    await page.reload();
    await page.getByRole("button", { name: "Colours: dark" }).waitFor();
  }));
