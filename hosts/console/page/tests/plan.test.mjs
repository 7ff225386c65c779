// The plan as Terraform shows one: totals, filter, changes, requests, commands, and what nobody may overlook.
import assert from "node:assert/strict";
import { test } from "node:test";
import { parse } from "yaml";
import { world } from "../example/world.mjs";
import { browser, clipboard, core, editor, example, insert, open, paste, visit } from "./page.mjs";

browser();
const SHIFT = "titanic is live: shift the weights";
const object = (page, name) => page.getByRole("article", { name, exact: true });

test("totals, reasons and changes by path are the planner's", () =>
  visit({}, async (page) => {
    await example(page, SHIFT);
    await page.getByRole("heading", { name: "Plan: 0 to create, 5 to update, 0 to replace, 0 to delete; 0 waiting" }).waitFor();
    const config = object(page, "EndpointConfig titanic/titanic");
    assert.match(await config.innerText(), /will be updated \(SpecChanged\)/);
    assert.match(await config.innerText(), /spec\.models\[name=canary\]\.weight: 10 → 50/);
    assert.match(await config.innerText(), /\(11 unchanged fields hidden\)/);
  }));

test("verbs filter, and what is unchanged is shown when it is asked for", () =>
  visit({}, async (page) => {
    await example(page, SHIFT);
    const filter = page.getByRole("group", { name: "Filter by what happens" });
    await filter.getByRole("button", { name: "5 update" }).waitFor();
    await filter.getByRole("button", { name: "9 unchanged" }).click();
    await object(page, "Gateway titanic/titanic").waitFor();
    assert.equal(await object(page, "VirtualService titanic/titanic").count(), 0);
    await filter.getByRole("button", { name: "5 update" }).click();
    await object(page, "VirtualService titanic/titanic").waitFor();
  }));

test("what waits says for what and why", () =>
  visit({}, async (page) => {
    await page.getByRole("button", { name: "10 waiting" }).click();
    const routes = object(page, "VirtualService titanic/titanic");
    await page.locator("#view").evaluate((view) => view.scrollTo(0, view.scrollHeight));
    await routes.waitFor();
    assert.match(await routes.innerText(), /waits \(traffic\).*until titanic-v1, titanic-v2 can take traffic/s);
  }));

test("the exact request is there on demand, and as commands that have its body", () =>
  visit({}, async (page) => {
    const model = object(page, "Model titanic/titanic-v1");
    await model.getByText("Request:").click();
    await model
      .getByText(
        "/apis/mlops.internal/v1alpha1/namespaces/titanic/models/titanic-v1?fieldManager=modelwright&fieldValidation=Strict",
      )
      .waitFor();
    const body = JSON.parse(await model.getByLabel("Body").innerText());
    assert.equal(body.metadata.resourceVersion, "1");
    await model.getByRole("button", { name: "Copy for kubectl" }).click();
    const kubectl = await clipboard(page);
    assert.match(kubectl, /^kubectl apply --server-side --field-manager=modelwright --validate=strict -f - <<'EOF'\n/);
    assert.deepEqual(JSON.parse(kubectl.split("\n").slice(1, -2).join("\n")), body);
    await model.getByRole("button", { name: "Copy for curl" }).click();
    assert.match(
      await clipboard(page),
      /^curl --fail-with-body -X PATCH 'http:\/\/127\.0\.0\.1:8001\/apis.*' -H 'Content-Type: application\/apply-patch\+yaml'/,
    );
  }));

test("the whole plan is copied as modelwright apply and as kubectl's commands in order", () =>
  visit({}, async (page) => {
    await page.getByRole("button", { name: "Copy modelwright apply" }).click();
    const text = await clipboard(page);
    assert.match(text, /^modelwright apply -f - <<'EOF'\n/);
    assert.equal(parse(text.split("\n").slice(2, 18).join("\n").split("---")[0]).metadata.name, "titanic-v1");
    await page.getByRole("button", { name: "Copy kubectl commands" }).click();
    await page.getByText("✓ Copied").nth(1).waitFor();
    const commands = await clipboard(page);
    assert.equal(commands.match(/^kubectl apply --server-side/gm).length, 4);
  }));

test("disruptive and destructive steps cannot be overlooked", () =>
  visit({}, async (page) => {
    assert.equal(await page.locator(".alarm-line").count(), 0);
    // One node holds the volume, so that the Deployment is recreated.
    const resources =
      "apiVersion: mlops.internal/v1alpha1\nkind: Model\nmetadata: {name: m, namespace: ml}\nspec:\n  image: r.example.com/m:1\n" +
      "  artifact: {uri: 'https://models.example.com/m.tar.gz'}\n" +
      "  storage: {size: 1Gi, hostPath: {path: /models}, accessModes: [ReadWriteOnce]}\n";
    const old = resources.replace("m:1", "m:0");
    await paste(page, resources);
    const live = lived(old);
    await page.getByRole("tab", { name: /Live objects/ }).click();
    await paste(page, JSON.stringify(live), "Live objects as YAML or JSON");
    await page.getByRole("group", { name: "Disruptive and destructive steps" }).waitFor();
    await page.getByText("disruptive: takes away or interrupts something that serves").first().waitFor();
  }));

/** What would be live of a text. */
function lived(text) {
  return { apiVersion: "v1", kind: "List", items: world(core, [parse(text)]) };
}

test("an unreadable text without any plan before says what to do", () =>
  visit({ hash: "" }, async (page) => {
    await example(page, "Nothing: start from scratch");
    await page.getByRole("heading", { name: "See what will happen before it does" }).waitFor();
    await editor(page).click();
    await insert(page, "kind: [");
    await page.getByText(/No plan yet|the last text without any/).waitFor();
    await open(page, "Forecast");
    await page.getByRole("heading", { name: "No forecast yet" }).waitFor();
  }));
