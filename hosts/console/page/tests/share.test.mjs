// The state in the link, and nowhere else.
import assert from "node:assert/strict";
import { test } from "node:test";
import { browser, clipboard, editor, example, open, paste, visit } from "./page.mjs";

browser();
const TEXT =
  "apiVersion: mlops.internal/v1alpha1\nkind: Model\nmetadata: {name: shared, namespace: ml}\n" +
  "spec: {image: 'r.example.com/a:1', env: [{name: A, value: ü}], artifact: {uri: 'https://m.example.com/a.tgz'}}\n";

test("a copied link opens what was there: texts, view and object", async () => {
  let link = "";
  await visit({}, async (page) => {
    await paste(page, TEXT);
    await open(page, "Objects");
    await page
      .getByRole("list", { name: "Objects" })
      .getByRole("button", { name: /shared.*Deployment/ })
      .click();
    await page.getByRole("button", { name: "Copy link" }).click();
    await page.getByText("✓ Copied").waitFor();
    link = await clipboard(page);
    assert.match(link, /#state=[\w-]+$/);
  });
  await visit({ hash: link.slice(link.indexOf("#")) }, async (page) => {
    await page.getByRole("heading", { name: "Deployment ml/shared" }).waitFor();
    assert.match(await editor(page).innerText(), /value: ü/);
  });
});

test("the address follows the work, and an untouched page has a plain one", () =>
  visit({}, async (page) => {
    await page.waitForTimeout(700);
    assert.equal(new URL(page.url()).hash, "");
    await paste(page, TEXT);
    await page.waitForFunction(() => location.hash.startsWith("#state="));
    await page.reload();
    await page.getByRole("article", { name: "Model ml/shared" }).waitFor();
  }));

test("a link that is broken shows the example", () =>
  visit({ hash: "#state=bm9wZQ" }, async (page) => {
    await page.getByRole("heading", { name: /^Plan: 4 to create/ }).waitFor();
  }));

test("a link with live objects has them, too", async () => {
  let link = "";
  await visit({}, async (page) => {
    await example(page, "titanic is live: shift the weights");
    await page.getByRole("heading", { name: /5 to update/ }).waitFor();
    await page.getByRole("button", { name: "Copy link" }).click();
    await page.getByText("✓ Copied").waitFor();
    link = await clipboard(page);
  });
  await visit({ hash: link.slice(link.indexOf("#")) }, (page) => page.getByRole("heading", { name: /5 to update/ }).waitFor());
});
