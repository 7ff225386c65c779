// A browser with the page in it, and everything that it complains about.
import assert from "node:assert/strict";
import { after, before } from "node:test";
import { chromium } from "playwright-core";
import { planner } from "../example/live.mjs";
import { serve } from "./server.mjs";

const state = {};

/** Starts server and browser before the tests of a file, and stops them after. */
export function browser() {
  before(async () => {
    state.server = await serve();
    state.browser = await chromium.launch({
      executablePath: process.env.MODELWRIGHT_CHROMIUM ?? "/usr/bin/chromium",
      args: ["--no-sandbox"],
    });
  });
  after(async () => {
    await state.browser?.close();
    await state.server?.stop();
  });
}

/** The planner itself, for what the page has to agree with. */
export const core = await planner(process.env.MODELWRIGHT_PACKAGE ?? new URL("../../../../target/dist/npm", import.meta.url).pathname);

/**
 * A new page at `hash`; `work` drives it. Afterwards it must have had no error on its console, no exception, no report of the
 * policy, and no request to anything but its server.
 */
export async function visit({ hash = "", width = 1440, height = 900, theme = "light", clock = false } = {}, work) {
  const context = await state.browser.newContext({
    viewport: { width, height },
    colorScheme: theme,
    permissions: ["clipboard-read", "clipboard-write"],
    reducedMotion: "reduce",
  });
  const complaints = [];
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => complaints.push(`exception: ${error.message}`));
  page.on("requestfailed", (request) => {
    // A page that is left behind gives up what it was still reading.
    if (request.failure()?.errorText !== "net::ERR_ABORTED") complaints.push(`failed: ${request.url()}`);
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(state.server.address) && !request.url().startsWith("data:"))
      complaints.push(`left the page: ${request.url()}`);
  });
  await page.exposeFunction("reported", (report) => complaints.push(`policy: ${report}`));
  await page.addInitScript(() => {
    addEventListener("securitypolicyviolation", (event) =>
      globalThis.reported(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`),
    );
  });
  if (clock) await page.clock.install();
  await page.goto(state.server.address + hash);
  await planned(page);
  try {
    await work(page);
    assert.deepEqual(complaints, []);
  } finally {
    await context.close();
  }
}

/** Waits until there is a plan or an explanation. */
export async function planned(page) {
  await page.locator("#view h2, #view .banner").first().waitFor();
}

/** The editor of the custom resources, or of the live objects. */
export function editor(page, text = "Custom resources as YAML") {
  return page.getByRole("textbox", { name: text });
}

/** Replaces what an editor has, as somebody who pastes does. */
export async function paste(page, text, where) {
  const box = editor(page, where);
  await box.click();
  await page.keyboard.press("ControlOrMeta+a");
  if (text === "") await page.keyboard.press("Delete");
  else await insert(page, text);
}

/** Pastes where the cursor is. */
export async function insert(page, text) {
  await page.evaluate((copied) => navigator.clipboard.writeText(copied), text);
  await page.keyboard.press("ControlOrMeta+v");
}

/** Chooses an example by its name. */
export async function example(page, name) {
  await page.getByLabel("Start from an example").selectOption({ label: name });
}

/** Opens a view by its tab. */
export async function open(page, name) {
  const tab = page.getByRole("tablist", { name: "Views" }).getByRole("tab", { name: new RegExp(`^${name}`) });
  await tab.click();
  await page.locator(`#tab-${name.toLowerCase()}[aria-selected=true]`).waitFor();
}

/** What the clipboard holds. */
export const clipboard = (page) => page.evaluate(() => navigator.clipboard.readText());
