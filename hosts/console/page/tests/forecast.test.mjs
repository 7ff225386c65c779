// The rounds of a roll-out: scrubbed, played, with the traffic over them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { browser, example, open, visit } from "./page.mjs";

browser();

test("rounds are scrubbed with keys, and the last one says how it ends", () =>
  visit({}, async (page) => {
    await open(page, "Forecast");
    await page.getByRole("heading", { name: /^Round 1 of 3: 4 to create/ }).waitFor();
    const slider = page.getByRole("slider", { name: "Round" });
    await slider.focus();
    await page.keyboard.press("ArrowRight");
    await page.getByRole("heading", { name: /^Round 2 of 3: 9 to create/ }).waitFor();
    await page.getByText("Deployment/titanic/titanic-v1: 2 of 2 replicas available").waitFor();
    assert.match(await slider.getAttribute("aria-valuetext"), /^Round 2 of 3: 9 to create/);
    await page.keyboard.press("End");
    await page.getByText("VirtualService titanic/titanic is created").waitFor();
    await page.getByText("✓ Done after 3 rounds").waitFor();
    await page
      .getByRole("list", { name: "Traffic after this round" })
      .getByText("titanic/titanic-v1 90 %, titanic/titanic-v2 10 %")
      .waitFor();
  }));

test("rounds play by themselves, and stop at the end", () =>
  visit({}, async (page) => {
    await open(page, "Forecast");
    await page.getByRole("button", { name: "Play the rounds" }).click();
    await page.getByRole("button", { name: "Pause" }).waitFor();
    await page.getByRole("heading", { name: /^Round 3 of 3/ }).waitFor();
    await page.getByRole("button", { name: "Play the rounds" }).waitFor();
  }));

test("the traffic of a canary is drawn and said round by round", () =>
  visit({}, async (page) => {
    await example(page, "titanic is live: add a canary");
    await open(page, "Forecast");
    const chart = page.getByRole("img", { name: /^Requests to titanic\.example\.com/ });
    await chart.waitFor();
    assert.match(
      await chart.getAttribute("aria-label"),
      /round 1: titanic\/titanic-v1 100 %.*titanic\/titanic-v1 90 %, titanic\/titanic-v2 10 %/,
    );
    const heights = await chart
      .locator("g")
      .last()
      .locator("rect.part")
      .evaluateAll((parts) => parts.map((part) => Number(part.getAttribute("height"))));
    assert.ok(Math.abs(heights[0] / heights[1] - 9) < 0.01, heights.join());
    await chart
      .locator("g")
      .last()
      .click({ position: { x: 10, y: 40 } });
    await page.getByRole("heading", { name: /^Round 3 of 3/ }).waitFor();
  }));
