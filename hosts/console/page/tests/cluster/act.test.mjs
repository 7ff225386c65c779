// The console as a person uses it, on a real control plane: everything through `kubectl proxy` and through `modelwright console`.
import AxeBuilder from "@axe-core/playwright";
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import {
  account,
  agree,
  browser,
  connect,
  go,
  install,
  kubectl,
  object,
  plan,
  program,
  proxy,
  stage,
  verdict,
  write,
} from "./plane.mjs";

const WAYS = { "kubectl proxy": proxy, "modelwright console": program };
const servers = {};
let chrome;
before(async () => {
  install();
  chrome = await browser();
  for (const [name, start] of Object.entries(WAYS)) servers[name] = await start();
});
after(async () => {
  await chrome?.stop();
  for (const server of Object.values(servers)) await server.stop();
});

/** A test of each way to the cluster. */
function both(name, body) {
  for (const way of Object.keys(WAYS)) test(`${name} (${way})`, () => body(way));
}

/** The page with the example of a namespace of its own, connected. */
async function connected(way, prefix, options = {}) {
  const { namespace, text } = stage(prefix);
  const { page, errors } = await chrome.open(options.address ?? servers[way].address);
  await write(page, options.text?.(text) ?? text);
  await connect(page);
  return { page, errors, namespace, text };
}

/** The example rolled out by the page. */
async function rolledOut(way, prefix) {
  const world = await connected(way, prefix);
  await plan(world.page);
  await agree(world.page);
  assert.match(await verdict(world.page), /Done: 14 actions/);
  return world;
}

/** Somebody else changes the routes. */
function meddle(namespace) {
  const patch = JSON.stringify([{ op: "replace", path: "/spec/hosts/0", value: "elsewhere.example.com" }]);
  kubectl(["patch", "virtualservice", "titanic", "--namespace", namespace, "--type=json", "--patch", patch]);
}

const routes = (namespace) =>
  object("virtualservice", namespace, "titanic")
    ?.spec.http.at(-1)
    .route.map((route) => route.weight);

both("the example is rolled out to the end, then there is nothing to do, and a plan follows the cluster", async (way) => {
  const { page, errors, namespace } = await connected(way, "whole");
  assert.equal(await plan(page), "Plan: 4 to create, 0 to update, 0 to replace, 0 to delete; 10 waiting");
  assert.equal(await page.locator(".act-do").isDisabled(), true, "read-only unless it is switched on");
  await page.getByRole("button", { name: "Try it on the server, storing nothing" }).click();
  await page.getByText("The server agrees with 4 of 4 requests; 10 could not be asked.").waitFor();
  assert.equal(object("model", namespace, "titanic-v1"), null, "a trial stores nothing");
  await agree(page);
  assert.match(await verdict(page), /Done: 14 actions/);
  assert.deepEqual(routes(namespace), [90, 10]);
  assert.equal(object("endpoint", namespace, "titanic").status.state, "available");
  assert.equal(object("lease", namespace, "modelwright"), null, "the Lease was given back");
  assert.equal(await plan(page), "Plan: 0 to create, 0 to update, 0 to replace, 0 to delete; 0 waiting");
  await page.getByText("Nothing to do: everything is as it should be.").waitFor();
  assert.deepEqual(errors, []);
});

both("weights are edited: the plan is about the live routes while one types, and they move", async (way) => {
  const { page, errors, namespace, text } = await rolledOut(way, "weights");
  await write(page, text.replace("weight: 90", "weight: 50").replace("weight: 10,", "weight: 50,"));
  await page
    .getByRole("tablist", { name: "Views" })
    .getByRole("tab", { name: /^Plan 2/ })
    .waitFor();
  assert.match(await plan(page), /0 to create, 2 to update/);
  await agree(page);
  assert.match(await verdict(page), /Done: 2 actions/);
  assert.deepEqual(routes(namespace), [50, 50]);
  assert.deepEqual(errors, []);
});

both("what somebody else changes is seen while one looks: on the map, and as a difference in the plan", async (way) => {
  const { page, errors, namespace } = await rolledOut(way, "live");
  const tab = (name) => page.getByRole("tablist", { name: "Views" }).getByRole("tab", { name });
  await tab(/^Plan$/).waitFor({ timeout: 15_000 });
  await go(page, "Map");
  const deployment = page.locator(`.map-node[data-id="apps/v1|Deployment|${namespace}|titanic-v1"]`);
  await deployment.locator("title", { hasText: "2 of 2 ready" }).waitFor({ state: "attached", timeout: 15_000 });
  await page.locator('.map-node[data-id^="v1|Pod|"]').nth(2).waitFor({ timeout: 15_000 });
  kubectl(["scale", "deployment", "titanic-v1", "--namespace", namespace, "--replicas=3"]);
  await deployment.locator("title", { hasText: "3 of 3 ready" }).waitFor({ state: "attached", timeout: 15_000 });
  meddle(namespace);
  await tab(/^Plan 1/).waitFor({ timeout: 15_000 });
  await go(page, "Plan");
  await page.getByText("Changed by others on fields that are ours").waitFor();
  assert.deepEqual(errors, []);
});

both("a plan that is older than what is written is not done", async (way) => {
  const { page, errors, namespace, text } = await connected(way, "old");
  await plan(page);
  await page.getByRole("switch", { name: "Allow writes" }).setChecked(true);
  assert.equal(await page.locator(".act-do").isDisabled(), false);
  await write(page, text.replace("weight: 90", "weight: 80"));
  await page.getByText("What is written has changed since").waitFor();
  assert.equal(await page.locator(".act-do").isDisabled(), true);
  assert.equal(object("model", namespace, "titanic-v1"), null);
  assert.deepEqual(errors, []);
});

both("somebody changes an object between plan and agreement: nothing is done, it is planned again and asked again", async (way) => {
  const { page, errors, namespace, text } = await rolledOut(way, "conflict");
  await write(page, text.replace("weight: 90", "weight: 50").replace("weight: 10,", "weight: 50,"));
  await plan(page);
  const hash = await page.locator(".act-hash").textContent();
  meddle(namespace);
  await agree(page);
  await page.getByText("The cluster has changed since the plan was shown: nothing was done.").waitFor();
  assert.deepEqual(routes(namespace), [90, 10]);
  assert.notEqual(await page.locator(".act-hash").textContent(), hash);
  await agree(page);
  assert.match(await verdict(page), /Done: /);
  assert.deepEqual(routes(namespace), [50, 50]);
  assert.deepEqual(object("virtualservice", namespace, "titanic").spec.hosts, [`${namespace}.example.com`]);
  assert.deepEqual(errors, []);
});

both("somebody changes an object in the middle of a round: the round ends there, and nobody's change is lost", async (way) => {
  const { page, errors, namespace, text } = await rolledOut(way, "middle");
  await write(page, text.replace("weight: 90", "weight: 50").replace("weight: 10,", "weight: 50,"));
  await plan(page);
  // Right when the routes are read again before they move, somebody else moves them.
  let isMeddled = false;
  await page.route(`**/virtualservices/titanic`, async (route) => {
    if (route.request().method() === "GET" && !isMeddled) {
      isMeddled = true;
      meddle(namespace);
    }
    await route.continue();
  });
  await agree(page);
  await page.getByText(/it has changed meanwhile.*this is more than was agreed to, so it is asked again/).waitFor();
  assert.equal(isMeddled, true);
  assert.deepEqual(routes(namespace), [90, 10]);
  assert.deepEqual(object("virtualservice", namespace, "titanic").spec.hosts, ["elsewhere.example.com"]);
  assert.equal(object("lease", namespace, "modelwright"), null);
  assert.deepEqual(errors, []);
});

both("somebody else's field: the plan says the conflict and writes nothing over it", async (way) => {
  const { page, errors, namespace, text } = await rolledOut(way, "owner");
  const patch = {
    apiVersion: "mlops.internal/v1alpha1",
    kind: "Model",
    metadata: { name: "titanic-v1", namespace },
    spec: { image: "registry.example.com/titanic:other" },
  };
  kubectl(["apply", "--server-side", "--force-conflicts", "--field-manager=somebody", "--filename", "-"], {
    input: JSON.stringify(patch),
  });
  await write(page, text);
  await plan(page);
  assert.equal(await page.locator(".act-action", { hasText: "Model" }).count(), 0);
  assert.equal(object("model", namespace, "titanic-v1").spec.image, "registry.example.com/titanic:other");
  assert.deepEqual(errors, []);
});

both(
  "kinds that may not be read are said, and the planner holds; missing rights are said before anything is written",
  async (way) => {
    const { namespace, text } = stage("rights");
    const all = ["get", "list", "watch", "create", "patch", "update", "delete"];
    const kubeconfig = account(namespace, "reader", [
      { apiGroups: ["mlops.internal"], resources: ["*"], verbs: all },
      { apiGroups: ["networking.istio.io"], resources: ["*"], verbs: all },
      { apiGroups: [""], resources: ["services", "persistentvolumeclaims"], verbs: all },
      { apiGroups: ["apps"], resources: ["deployments"], verbs: ["get", "list", "watch"] },
    ]);
    const own = await WAYS[way]({ kubeconfig });
    try {
      const { page, errors } = await chrome.open(own.address);
      await write(page, text);
      await connect(page);
      const unknown = page.getByRole("list", { name: "What is not known" });
      await unknown.getByText(/PersistentVolume may not be read: what depends on it is on hold/).waitFor();
      await unknown.getByText(/Pod may not be read/).waitFor();
      await plan(page);
      await page.getByRole("switch", { name: "Allow writes" }).setChecked(true);
      await page.getByText(/✗ Not permitted: .*create leases.coordination.k8s.io in rights/).waitFor();
      assert.equal(await page.locator(".act-do").isDisabled(), true);
      assert.equal(object("model", namespace, "titanic-v1"), null);
      assert.deepEqual(errors, []);
    } finally {
      await own.stop();
    }
  },
);

/** What axe says of a page in both themes, and pictures of it at three widths. */
async function looked(page, name, widths = [360, 800, 1440]) {
  const folder = process.env.MODELWRIGHT_SCREENSHOTS ?? new URL("../../../../../target/console-screenshots", import.meta.url).pathname;
  mkdirSync(folder, { recursive: true });
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    for (const width of widths) {
      await page.setViewportSize({ width, height: 900 });
      const { violations } = await new AxeBuilder({ page }).analyze();
      const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.target} ${node.failureSummary}`).join("; ")}`);
      assert.deepEqual(found, [], `${name}, ${colorScheme}, ${width} pixels`);
      await page.screenshot({ path: join(folder, `${name}-${width}-${colorScheme}.png`) });
    }
  }
}

test("axe finds nothing while one is connected: before the plan, asked, at work, done, and on the map of what is live", async () => {
  const { page, errors } = await connected("modelwright console", "axe");
  await looked(page, "connected");
  await plan(page);
  await page.getByRole("button", { name: "Try it on the server, storing nothing" }).click();
  await page.getByText(/The server agrees with 4 of 4 requests/).waitFor();
  await looked(page, "asked");
  let goOn;
  const held = new Promise((resolve) => (goOn = resolve));
  await page.route("**/deployments/**", async (route) => {
    await held;
    await route.continue();
  });
  await agree(page);
  await page.getByRole("heading", { name: /^Round 2/ }).waitFor();
  // Not longer than the page waits for an answer.
  await looked(page, "at-work", [800]);
  goOn();
  assert.match(await verdict(page), /Done: 14 actions/);
  await looked(page, "done");
  await page.setViewportSize({ width: 1440, height: 900 });
  await go(page, "Map");
  await page.locator('.map-node[data-id^="v1|Pod|"]').first().waitFor();
  await looked(page, "live-map");
  assert.deepEqual(errors, []);
});

test("the proxy goes and comes back: it is said, and what has changed meanwhile is there", async () => {
  const own = await proxy();
  let again;
  try {
    const { page, errors, namespace } = await connected("kubectl proxy", "gone", { address: own.address });
    await own.stop();
    await page.getByText(/✗ Lost .*trying again/).waitFor({ timeout: 15_000 });
    kubectl(["create", "--filename", "-"], {
      input: JSON.stringify({
        apiVersion: "mlops.internal/v1alpha1",
        kind: "EndpointConfig",
        metadata: { name: "meanwhile", namespace },
        spec: { models: [{ name: "only", model: "absent", weight: 1 }] },
      }),
    });
    again = await proxy({ port: own.port });
    await page.getByText(/✓ Connected to/).waitFor({ timeout: 20_000 });
    await go(page, "Map");
    await page
      .locator('[data-id$="|EndpointConfig|' + namespace + '|meanwhile"]')
      .first()
      .waitFor({ timeout: 15_000 });
    assert.deepEqual(errors, []);
  } finally {
    await own.stop();
    await again?.stop();
  }
});

test("`modelwright console` is started again: its new token is not known, and that is said", async () => {
  const own = await program();
  let again;
  try {
    const { page, errors } = await connected("modelwright console", "token", { address: own.address });
    assert.doesNotMatch(page.url(), /token/, "the address is not shared with the token");
    await own.stop();
    await page.getByText(/✗ Lost .*trying again/).waitFor({ timeout: 15_000 });
    again = await program({ port: own.port });
    await page.getByText(/nobody knows who asks \(401\)/).waitFor({ timeout: 15_000 });
    await page.getByRole("button", { name: "Disconnect" }).click();
    await page.getByRole("button", { name: "Connect", exact: true }).click();
    await page.getByText(/this page has no valid token \(401\): open the address that `modelwright console` printed/).waitFor();
    assert.deepEqual(errors, []);
  } finally {
    await own.stop();
    await again?.stop();
  }
});

test("without --allow-writes nothing can be switched on, and everything can be seen", async () => {
  const own = await program({ writes: false });
  try {
    const { page, errors, namespace } = await connected("modelwright console", "readonly", { address: own.address });
    assert.equal(await page.getByRole("switch", { name: "Allow writes" }).isDisabled(), true);
    await page.getByText("This console is read-only: start it with `modelwright console --allow-writes`.").waitFor();
    assert.match(await plan(page), /4 to create/);
    assert.equal(await page.locator(".act-do").isDisabled(), true);
    assert.equal(object("model", namespace, "titanic-v1"), null);
    assert.deepEqual(errors, []);
  } finally {
    await own.stop();
  }
});

both("the connection is lost in the middle of a roll-out: it waits, says so, and goes on", async (way) => {
  const { page, errors } = await connected(way, "broken");
  await plan(page);
  let failures = 3;
  await page.route("**/endpointconfigs/titanic?*", (route) => {
    failures -= 1;
    return failures >= 0 && route.request().method() === "PATCH" ? route.abort("connectionreset") : route.continue();
  });
  await agree(page);
  await page
    .getByText(/no answer to PATCH .*trying again in/)
    .first()
    .waitFor();
  assert.match(await verdict(page), /Done: 14 actions/);
  assert.deepEqual(errors, []);
});

both("another run holds the Lease: it is waited for, and named; a holder that is gone is taken over; one can stop", async (way) => {
  const { page, errors, namespace } = await connected(way, "lease");
  const lease = (holder) => ({
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    metadata: { name: "modelwright", namespace },
    spec: { holderIdentity: holder, leaseDurationSeconds: 3, renewTime: new Date().toISOString().replace("Z", "000Z") },
  });
  kubectl(["create", "--filename", "-"], { input: JSON.stringify(lease("host/1/1")) });
  const renewal = setInterval(() => kubectl(["replace", "--filename", "-"], { input: JSON.stringify(lease("host/1/1")) }), 1000);
  try {
    await plan(page);
    await agree(page);
    await page.getByText("another run (host/1/1) is at work").waitFor();
    await page.waitForTimeout(4000);
    assert.equal(object("model", namespace, "titanic-v1"), null, "nothing is written without the Lease");
    await page.getByRole("button", { name: "Stop", exact: true }).click();
    assert.match(await verdict(page), /Stopped\. 0 actions done/);
  } finally {
    clearInterval(renewal);
  }
  await plan(page);
  await agree(page);
  assert.match(await verdict(page), /Done: 14 actions/);
  assert.deepEqual(errors, []);
});

both("a run that is stopped goes on when it is begun again", async (way) => {
  const { page, errors, namespace } = await connected(way, "stop", {
    text: (text) =>
      text.replace(
        /(kind: Model\nmetadata:\n  name: titanic-v2[\s\S]*?spec:\n)/,
        "$1  pod: {annotations: {modelwright.test/ready-after: 24h}}\n",
      ),
  });
  await plan(page);
  await agree(page);
  await page
    .getByRole("list", { name: "What is waited for" })
    .getByText(/VirtualService .*waits \(traffic\)/)
    .waitFor({ timeout: 30_000 });
  assert.notEqual(object("lease", namespace, "modelwright"), null);
  await page.getByRole("button", { name: "Stop", exact: true }).click();
  assert.match(await verdict(page), /Stopped\. 13 actions done; beginning again goes on from there/);
  assert.equal(object("lease", namespace, "modelwright"), null);
  assert.equal(routes(namespace), undefined, "no traffic before every Model is available");
  assert.match(await plan(page), /0 to create, 0 to update, 0 to replace, 0 to delete; 1 waiting/);
  assert.deepEqual(errors, []);
});

both("all is deleted in a safe order, after the hash was typed; nothing is left", async (way) => {
  const { page, errors, namespace } = await rolledOut(way, "delete");
  await page.getByRole("radio", { name: "Delete" }).check();
  await page.getByRole("checkbox", { name: "All 4" }).check();
  assert.match(await plan(page), /1 to delete/);
  await page.getByRole("switch", { name: "Allow writes" }).setChecked(true);
  assert.equal(await page.locator(".act-do").isDisabled(), true, "the hash has to be typed");
  await page.locator(".act-grave input").fill("000000");
  assert.equal(await page.locator(".act-do").isDisabled(), true, "not any hash");
  // Controllers of the cluster write on what goes: it is looked at again, and nobody is asked again about what they agreed to.
  let isTouched = false;
  await page.route("**/persistentvolumeclaims/titanic-v1", async (route) => {
    if (route.request().method() === "GET" && !isTouched) {
      isTouched = true;
      kubectl(["annotate", "pvc", "titanic-v1", "--namespace", namespace, "example.com/touched=yes"]);
    }
    await route.continue();
  });
  await agree(page);
  assert.match(await verdict(page), /Done: 1\d actions/);
  assert.equal(isTouched, true);
  for (const kind of ["model", "endpointconfig", "endpoint", "virtualservice", "gateway", "deployment", "service", "pvc"]) {
    const names = kubectl(["get", kind, "--namespace", namespace, "--output", "name"]);
    assert.equal(names, "", kind);
  }
  assert.equal(kubectl(["get", "pv", `${namespace}.titanic-v1`, "--ignore-not-found", "--output", "name"]), "");
  assert.deepEqual(errors, []);
});

both("more is not deleted than is allowed", async (way) => {
  const { page, errors, namespace } = await rolledOut(way, "limit");
  await page.getByRole("radio", { name: "Delete" }).check();
  await page.getByRole("checkbox", { name: "All 4" }).check();
  await page.getByLabel(/Delete at most/).fill("3");
  await plan(page);
  await page.getByText(/13 objects would be deleted, and 3 may be/).waitFor();
  await page.getByRole("switch", { name: "Allow writes" }).setChecked(true);
  await page.locator(".act-grave input").fill(await page.locator(".act-grave code").textContent());
  assert.equal(await page.locator(".act-do").isDisabled(), true);
  assert.notEqual(object("endpoint", namespace, "titanic"), null);
  assert.deepEqual(errors, []);
});

both("where Metacontroller is in charge only the custom resources are written", async (way) => {
  const root = new URL("../../../../../", import.meta.url).pathname;
  const definitions = `${root}host-tests/fixtures/metacontroller-crds.yaml`;
  const controllers = `${root}deploy/metacontroller/base/controllers.yaml`;
  kubectl(["apply", "--server-side", "--filename", definitions]);
  kubectl(["wait", "--for=condition=Established", "--timeout=30s", "--filename", definitions]);
  kubectl(["apply", "--server-side", "--filename", controllers]);
  try {
    const { page, errors, namespace } = await connected(way, "charge");
    await page.getByRole("checkbox", { name: "Go on until everything is done" }).uncheck();
    assert.match(await plan(page), /4 to create/);
    await page
      .getByText("Metacontroller (models.mlops.internal) makes what each Model needs: here only the Model itself is written.")
      .waitFor();
    await agree(page);
    assert.match(await verdict(page), /Done for now: 4 actions/);
    assert.equal(
      object("model", namespace, "titanic-v1").metadata.finalizers,
      undefined,
      "Metacontroller has a finalizer of its own",
    );
    for (const kind of ["deployment", "service", "pvc", "virtualservice", "gateway"]) {
      assert.equal(kubectl(["get", kind, "--namespace", namespace, "--output", "name"]), "", kind);
    }
    assert.match(await plan(page), /0 to create, 0 to update, 0 to replace, 0 to delete; \d+ waiting/);
    assert.deepEqual(errors, []);
  } finally {
    kubectl(["delete", "--filename", controllers, "--filename", definitions]);
  }
});
