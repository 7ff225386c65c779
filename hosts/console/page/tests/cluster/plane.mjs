// The real control plane of `cargo xtask cluster up`, the page in front of it, and a browser that looks at it.
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { PAGE } from "../server.mjs";

const FOLDER = process.env.MODELWRIGHT_CLUSTER ?? fileURLToPath(new URL("../../../../../target/cluster", import.meta.url));
const KUBECTL = join(FOLDER, "bin", "kubectl");
const EXAMPLE = new URL("../../../../../examples/titanic/", import.meta.url);
const PROGRAM =
  process.env.MODELWRIGHT_PROGRAM ?? fileURLToPath(new URL("../../../../../target/dist/modelwright", import.meta.url));
const ADMIN = join(FOLDER, "admin.kubeconfig");

/** Runs kubectl as the admin, or with another kubeconfig; its standard output. */
export function kubectl(args, { input = "", kubeconfig = ADMIN } = {}) {
  const run = spawnSync(KUBECTL, ["--kubeconfig", kubeconfig, ...args], { input, encoding: "utf8" });
  if (run.status !== 0) throw new Error(`kubectl ${args.join(" ")}: ${run.stderr}`);
  return run.stdout;
}

/** An object of the cluster; `null` where it is not there. */
export function object(kind, namespace, name) {
  const text = kubectl(["get", kind, name, "--namespace", namespace, "--ignore-not-found", "--output", "json"]);
  return text === "" ? null : JSON.parse(text);
}

/** Installs our CustomResourceDefinitions, where they are not yet. */
export function install() {
  const folder = fileURLToPath(new URL("../../../../../deploy/crds", import.meta.url));
  kubectl(["apply", "--server-side", "--force-conflicts", "--kustomize", folder]);
  const names = ["models", "endpointconfigs", "endpoints"].map((name) => `crd/${name}.mlops.internal`);
  kubectl(["wait", "--for=condition=Established", "--timeout=60s", ...names]);
}

/** A namespace that no other test has, and the example in it. */
export function stage(prefix) {
  const namespace = `${prefix}-${process.pid}-${Date.now().toString(36)}`;
  kubectl(["create", "namespace", namespace]);
  const text = ["models.yaml", "endpoint.yaml"].map((file) => readFileSync(new URL(file, EXAMPLE), "utf8")).join("---\n");
  return { namespace, text: inNamespace(text, namespace) };
}

function inNamespace(text, namespace) {
  return text
    .replaceAll("namespace: titanic", `namespace: ${namespace}`)
    .replaceAll("titanic.example.com", `${namespace}.example.com`);
}

/** `modelwright console`, on a free port or a given one. */
export async function program({ kubeconfig = ADMIN, port, writes = true } = {}) {
  const more = [...(port === undefined ? [] : [`--port=${port}`]), ...(writes ? ["--allow-writes"] : [])];
  const args = ["console", "--kubeconfig", kubeconfig, ...more];
  const { found, stop } = await started(PROGRAM, args, /http:\/\/127\.0\.0\.1:(\d+)\/#token=[0-9a-f]{64}/);
  return { address: found[0], port: Number(found[1]), stop };
}

/** `kubectl proxy` with the page, on a free port or a given one. */
export async function proxy({ kubeconfig = ADMIN, port = 0 } = {}) {
  const args = ["--kubeconfig", kubeconfig, "proxy", `--port=${port}`, `--www=${PAGE}`, "--www-prefix=/static/", "--api-prefix=/"];
  const { found, stop } = await started(KUBECTL, args, /127\.0\.0\.1:(\d+)/);
  return { address: `http://${found[0]}/static/`, port: Number(found[1]), stop };
}

/** A program that runs once it has written a line; `stop` ends it. */
async function started(file, args, line) {
  const child = spawn(file, args, { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const found = await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`${file} ended with ${code}`)));
    let said = "";
    child.stdout.on("data", (text) => {
      said += text;
      const match = line.exec(said);
      if (match) resolve(match);
    });
  });
  const stop = () => {
    child.kill();
    return ended;
  };
  return { found, stop };
}

/** The kubeconfig of a ServiceAccount that has these roles in its namespace: `{role: rules}`. */
export function account(namespace, name, rules) {
  const role = { apiVersion: "rbac.authorization.k8s.io/v1", kind: "Role", metadata: { name, namespace }, rules };
  const subjects = [{ kind: "ServiceAccount", name, namespace }];
  const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name };
  const binding = {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "RoleBinding",
    metadata: { name, namespace },
    subjects,
    roleRef,
  };
  const serviceAccount = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace } };
  for (const one of [serviceAccount, role, binding]) kubectl(["apply", "--filename", "-"], { input: JSON.stringify(one) });
  const token = kubectl(["create", "token", name, "--namespace", namespace]).trim();
  const cluster = JSON.parse(kubectl(["config", "view", "--raw", "--minify", "--output", "json"])).clusters[0];
  const config = {
    apiVersion: "v1",
    kind: "Config",
    "current-context": "account",
    clusters: [cluster],
    users: [{ name: "account", user: { token } }],
    contexts: [{ name: "account", context: { cluster: cluster.name, user: "account" } }],
  };
  const file = join(mkdtempSync(join(tmpdir(), "modelwright-")), "kubeconfig");
  writeFileSync(file, JSON.stringify(config));
  return file;
}

/** A browser; `open` gives a page and what it complained about. */
export async function browser() {
  const launched = await chromium.launch({
    executablePath: process.env.MODELWRIGHT_CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox"],
  });
  return { open: (address, size) => open(launched, address, size), stop: () => launched.close() };
}

async function open(launched, address, size = { width: 1280, height: 900 }) {
  const context = await launched.newContext({ viewport: size, permissions: ["clipboard-read", "clipboard-write"] });
  const page = await context.newPage();
  const errors = [];
  // A browser says of every answer above 399 that it "failed to load": that the server refuses is what these tests are about.
  const isAnswer = (text) => text.startsWith("Failed to load resource");
  page.on("console", (message) => message.type() === "error" && !isAnswer(message.text()) && errors.push(message.text()));
  page.on("pageerror", (error) => errors.push(String(error)));
  await page.goto(address);
  return { page, errors };
}

/** Writes the custom resources as a person would who has them in the clipboard. */
export async function write(page, text) {
  await page.getByRole("textbox", { name: "Custom resources as YAML" }).click();
  await page.evaluate((copied) => navigator.clipboard.writeText(copied), text);
  await page.keyboard.press("Control+A");
  await page.keyboard.press("Control+V");
}

/** Goes to a view. */
export async function go(page, name) {
  await page
    .getByRole("tablist", { name: "Views" })
    .getByRole("tab", { name: new RegExp(`^${name}`) })
    .click();
}

/** Waits until the cluster is there; a page without a token connects when it is asked to. */
export async function connect(page) {
  await go(page, "Act");
  const button = page.getByRole("button", { name: "Connect", exact: true });
  const connected = page.getByText(/✓ Connected to/);
  await button.or(connected).first().waitFor();
  if (await button.isVisible()) await button.click();
  await connected.waitFor();
}

/** Reads and plans, and gives the plan's line. */
export async function plan(page) {
  await page.getByRole("button", { name: "Read the cluster and plan" }).click();
  const line = page.locator(".act-question h2");
  await line.waitFor();
  return line.textContent();
}

/** Agrees to what is asked, typing the hash where that is wanted, and waits for the end. */
export async function agree(page) {
  await page.getByRole("switch", { name: "Allow writes" }).setChecked(true);
  const grave = page.locator(".act-grave");
  if ((await grave.count()) > 0) await grave.locator("input").fill(await grave.locator("code").textContent());
  await page.locator(".act-do").click();
}

/** The sentence at the end of a run. */
export async function verdict(page, timeout = 60_000) {
  const end = page.locator(".act-ended > p");
  await end.waitFor({ timeout });
  return end.textContent();
}
