// Any object's YAML, live and after the plan.
import assert from "node:assert/strict";
import { test } from "node:test";
import { browser, clipboard, example, open, paste, visit } from "./page.mjs";

browser();
const item = (page, name) => page.getByRole("list", { name: "Objects" }).getByRole("button", { name });

test("live and after the plan stand side by side, with only what differs unfolded", () =>
  visit({}, async (page) => {
    await example(page, "titanic is live: shift the weights");
    await page.getByRole("heading", { name: /5 to update/ }).waitFor();
    await page
      .getByRole("article", { name: "Deployment titanic/titanic-v1" })
      .getByRole("button", { name: "YAML, desired and live" })
      .click();
    await page.getByRole("heading", { name: "Deployment titanic/titanic-v1" }).waitFor();
    const sheet = page.getByRole("tabpanel", { name: "Side by side" });
    assert.equal(await sheet.locator(".gone").innerText(), "-   replicas: 2");
    assert.equal(await sheet.locator(".new").innerText(), "+   replicas: 3");
    const folds = sheet.getByRole("button", { name: /unchanged lines hidden/ });
    const hidden = Number((await folds.last().innerText()).match(/([\d,]+) unchanged/)[1].replace(",", ""));
    const before = await sheet.locator(".pair").count();
    await folds.last().click();
    assert.equal(await sheet.locator(".pair").count(), before + hidden);
  }));

test("every sheet is there, and copied", () =>
  visit({}, async (page) => {
    await open(page, "Objects");
    await page.getByPlaceholder("Find in 14 objects").fill("virtual");
    await item(page, /titanic.*VirtualService/).click();
    await page.getByText("Not live. After the plan:").waitFor();
    await page.getByRole("tab", { name: "Live", exact: true }).click();
    await page.getByText("It is not live").waitFor();
    await page.getByRole("tab", { name: "Desired" }).click();
    await page.getByRole("button", { name: "Copy YAML" }).click();
    await page.getByText("✓ Copied").waitFor();
    assert.match(await clipboard(page), /^apiVersion: networking.istio.io\/v1\nkind: VirtualService\n/);
  }));

test("pasted objects are seen without any custom resource, and Secrets keep theirs", () =>
  visit({}, async (page) => {
    await paste(page, "");
    await page.getByRole("tab", { name: /Live objects/ }).click();
    const secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: ml}\ndata: {password: c2VjcmV0}\n";
    await paste(page, secret, "Live objects as YAML or JSON");
    await open(page, "Objects");
    await item(page, /^·? ?s/).click();
    await page.getByRole("tab", { name: "Live", exact: true }).click();
    await page.getByText("password: (sensitive value)").waitFor();
    assert.equal(await page.locator("#view").getByText("c2VjcmV0").count(), 0);
  }));
