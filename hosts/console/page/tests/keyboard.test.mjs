// Everything by keyboard alone, and what a screen reader is told.
import assert from "node:assert/strict";
import { test } from "node:test";
import { browser, visit } from "./page.mjs";

browser();

/** Role and name of what has the focus, in shadow roots, too. */
const focused = (page) =>
  page.evaluate(() => {
    let element = document.activeElement;
    while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
    return element?.getAttribute("aria-label") ?? element?.textContent ?? "";
  });

/** Presses Tab until something has the focus. */
async function tabTo(page, name, key = "Tab") {
  for (let press = 0; press < 40; press += 1) {
    await page.keyboard.press(key);
    if (name.test(await focused(page))) return;
  }
  assert.fail(`${name} is not reached with ${key}; the focus is on ${await focused(page)}`);
}

test("the first stop skips to the plan", () =>
  visit({}, async (page) => {
    await page.keyboard.press("Tab");
    assert.equal(await focused(page), "Skip to the plan");
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => document.activeElement?.id === "view");
  }));

test("the whole way: edit, leave the editor, filter, open an object, its YAML, the forecast", () =>
  visit({}, async (page) => {
    await tabTo(page, /^Custom resources as YAML$/);
    await page.keyboard.press("ControlOrMeta+End");
    await page.keyboard.press("Tab");
    assert.match(await focused(page), /^Custom resources as YAML$/, "Tab indents");
    await page.keyboard.press("Escape");
    await page.keyboard.press("Tab");
    assert.doesNotMatch(await focused(page), /^Custom resources as YAML$/, "Escape, then Tab leaves");
    await tabTo(page, /^Plan/, "Shift+Tab");
    await tabTo(page, /10 waiting/);
    await page.keyboard.press("Space");
    await tabTo(page, /^…\+PersistentVolume titanic\.titanic-v1/);
    await page.keyboard.press("Enter");
    await tabTo(page, /^YAML, desired and live$/);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "PersistentVolume titanic.titanic-v1" }).waitFor();
    await page.locator("#tab-objects").focus();
    await page.keyboard.press("ArrowLeft");
    assert.match(await focused(page), /^Forecast/);
    await tabTo(page, /^Round$/);
    await page.keyboard.press("End");
    await page.getByRole("heading", { name: /^Round 3 of 3/ }).waitFor();
  }));

test("the focus is seen wherever it is", () =>
  visit({}, async (page) => {
    for (let press = 0; press < 25; press += 1) {
      await page.keyboard.press("Tab");
      if (/^Custom resources as YAML$/.test(await focused(page))) await page.keyboard.press("Escape");
      const seen = await page.evaluate(() => {
        const element = document.activeElement;
        if (!element || element === document.body) return "nothing";
        if (element.shadowRoot) return "editor";
        return getComputedStyle(element).outlineStyle;
      });
      assert.notEqual(seen, "none", await focused(page));
    }
  }));

test("the totals are told once typing stops", () =>
  visit({}, async (page) => {
    const status = page.getByRole("status");
    await status.getByText("Plan: 4 to create").waitFor({ state: "attached" });
    await tabTo(page, /^Custom resources as YAML$/);
    await page.keyboard.press("ControlOrMeta+a");
    await page.keyboard.press("Delete");
    await page.keyboard.type("apiVersion: mlops.internal/v1alpha1");
    await status.getByText("Plan: 4 to create").waitFor({ state: "attached" });
  }));
