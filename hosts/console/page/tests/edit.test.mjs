// Type, make a mistake, be told, mend it; completion and explanations; files.
import assert from "node:assert/strict";
import { test } from "node:test";
import { browser, editor, example, insert, paste, planned, visit } from "./page.mjs";

browser();
const MODEL =
  "apiVersion: mlops.internal/v1alpha1\nkind: Model\nmetadata:\n  name: a\n  namespace: ml\nspec:\n  image: r.example.com/a:1\n";
const ARTIFACT = "  artifact:\n    uri: https://models.example.com/a.tar.gz\n";

test("the example is planned when the page opens", () =>
  visit({}, async (page) => {
    await page.getByRole("heading", { name: "Plan: 4 to create, 0 to update, 0 to replace, 0 to delete; 10 waiting" }).waitFor();
    assert.match(await page.locator(".version").innerText(), /^\d+\.\d+\.\d+$/);
  }));

test("a mistake is underlined and listed with its line while typing, and mending it brings the plan back", () =>
  visit({}, async (page) => {
    await paste(page, MODEL + ARTIFACT);
    await page.getByRole("heading", { name: /^Plan: 1 to create/ }).waitFor();
    await editor(page).press("ControlOrMeta+End");
    await page.keyboard.type("  instances: 1.5");
    const finding = page.getByRole("button", { name: /error.*instances/ });
    await finding.waitFor();
    assert.match(await finding.innerText(), /10:14/);
    await page.locator(".cm-lintRange-error").first().waitFor();
    await page.keyboard.press("Backspace");
    await page.keyboard.press("Backspace");
    await finding.waitFor({ state: "detached" });
    await page.getByRole("heading", { name: /^Plan: 1 to create/ }).waitFor();
  }));

test("what is no YAML keeps the last plan, and says that it is the last", () =>
  visit({}, async (page) => {
    await editor(page).click();
    await page.keyboard.press("ControlOrMeta+Home");
    await insert(page, "a: [\n");
    await page.getByText("This is the plan of the last text without any").waitFor();
    await page
      .getByRole("button", { name: /✖ error|error/ })
      .first()
      .waitFor();
    await page.keyboard.press("ControlOrMeta+z");
    await page.getByText("This is the plan of the last text without any").waitFor({ state: "detached" });
  }));

test("a word that Kubernetes reads otherwise is said to be so", () =>
  visit({}, async (page) => {
    await paste(page, (MODEL + ARTIFACT).replace("namespace: ml", "namespace: n"));
    await page.getByText("Kubernetes reads `n` as false; put it in quotes to mean the text").waitFor();
  }));

test("typing over a selection replaces it", () =>
  visit({}, async (page) => {
    await editor(page).click();
    await page.keyboard.press("ControlOrMeta+a");
    await page.keyboard.type("x");
    await page.getByText("a document is an object with apiVersion, kind and metadata").waitFor();
    assert.equal(await editor(page).innerText(), "x");
  }));

test("a finding leads to its place", () =>
  visit({}, async (page) => {
    await page.getByRole("button", { name: /titanic-v2 \/spec\/capture\/mode/ }).click();
    await page.waitForFunction(() => document.activeElement?.shadowRoot?.activeElement?.classList.contains("cm-content"));
    assert.match(await page.locator(".cm-activeLineGutter").first().innerText(), /22/);
  }));

test("fields are offered from the schema, required ones first, and those that are there are not", () =>
  visit({}, async (page) => {
    await paste(page, MODEL);
    await editor(page).press("ControlOrMeta+End");
    await page.keyboard.type("  ");
    await page.keyboard.press("Control+Space");
    const options = page.locator(".cm-tooltip-autocomplete li");
    await options.first().waitFor();
    const labels = await page.locator(".cm-completionLabel").allInnerTexts();
    assert.equal(labels[0], "artifact");
    assert.ok(labels.includes("storage") && !labels.includes("image"), labels.join());
    await page.locator(".cm-completionInfo").waitFor();
    await page.waitForTimeout(100); // CodeMirror takes no key for a choice that appeared this very moment
    await page.keyboard.press("Enter");
    await page.keyboard.press("Control+Space");
    await page.locator(".cm-completionLabel", { hasText: "uri" }).waitFor();
  }));

test("names of other resources are offered where they are wanted, also in braces", () =>
  visit({}, async (page) => {
    const config =
      "apiVersion: mlops.internal/v1alpha1\nkind: EndpointConfig\nmetadata: {name: c, namespace: ml}\nspec:\n  models:\n" +
      "  - {name: x, model: ";
    await paste(page, `${MODEL}${ARTIFACT}---\n${config}`);
    await page.getByRole("tab", { name: /Custom resources/ }).waitFor();
    await insert(page, "q, weight: 1}");
    await page.getByRole("tab", { name: "Custom resources 2" }).waitFor();
    for (let press = 0; press < 13; press += 1) await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("Control+Space");
    await page.locator(".cm-completionLabel", { hasText: /^a$/ }).waitFor();
  }));

test("a field is explained under the pointer", () =>
  visit({}, async (page) => {
    await page.locator(".cm-line", { hasText: "maxBytes" }).first().getByText("maxBytes").hover();
    await page.locator(".explanation-path", { hasText: "spec.artifact.maxBytes" }).waitFor();
    assert.ok((await page.locator(".explanation-text").innerText()).length > 10);
  }));

test("an empty page teaches what to do, and a snippet begins a document", () =>
  visit({}, async (page) => {
    await example(page, "Nothing: start from scratch");
    await page.getByRole("heading", { name: "See what will happen before it does" }).waitFor();
    await editor(page).click();
    await page.keyboard.press("Control+Space");
    await page.locator(".cm-completionLabel", { hasText: /^Endpoint$/ }).click();
    await page.getByRole("heading", { name: /^Plan: 1 to create/ }).waitFor();
  }));

test("files that are dropped are read, several as one text", () =>
  visit({}, async (page) => {
    const data = await page.evaluateHandle(
      (texts) => {
        const transfer = new DataTransfer();
        texts.forEach((text, index) => transfer.items.add(new File([text], `${index}.yaml`)));
        return transfer;
      },
      [MODEL + ARTIFACT, (MODEL + ARTIFACT).replaceAll("name: a\n", "name: b\n")],
    );
    await page.dispatchEvent(".edit", "drop", { dataTransfer: data });
    await page.getByRole("heading", { name: /^Plan: 2 to create/ }).waitFor();
    await editor(page).click();
    await page.keyboard.press("ControlOrMeta+z");
    await page.getByRole("heading", { name: /^Plan: 4 to create/ }).waitFor();
  }));

test("files can be opened without a mouse that drags, live objects as JSON, too", () =>
  visit({}, async (page) => {
    await page.getByRole("tab", { name: /Live objects/ }).click();
    const chosen = page.waitForEvent("filechooser");
    await page.getByRole("button", { name: "Open… files" }).click();
    const service = {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "titanic-v1", namespace: "titanic", uid: "u" },
      spec: {},
    };
    await (
      await chosen
    ).setFiles({ name: "live.json", mimeType: "application/json", buffer: Buffer.from(JSON.stringify(service)) });
    await page.getByRole("tab", { name: "Live objects 1" }).waitFor();
    await page.getByText("is somebody else's: left alone").waitFor();
  }));

test("Ctrl-F finds", () =>
  visit({}, async (page) => {
    await editor(page).click();
    await page.keyboard.press("ControlOrMeta+f");
    await page.getByRole("textbox", { name: "Find" }).pressSequentially("nfs");
    await page.locator(".cm-searchMatch").first().waitFor();
    await planned(page);
  }));
