// One form of the core as a process: a JSON text `{operation, request}` a line on standard input, its answer as a JSON text a line on
// standard output. First argument: the form. Second: the folder of the npm package, or that of the transpiled component.
import { createInterface } from "node:readline";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [form, folder] = process.argv.slice(2);
const inFolder = (file) => import(pathToFileURL(join(resolve(folder), file)));

const forms = {
  /** The package as Node.js finds it. */
  node: async () => (await inFolder("node/index.js")).call,
  /** The component through jco. */
  jco: async () => (await inFolder("modelwright.js")).text.call,
  /** The package in a page of Chromium. */
  async chromium() {
    const [{ launch }, { serve }] = await Promise.all([import("./browser.mjs"), import("./serve.mjs")]);
    const [browser, server] = await Promise.all([launch(), serve(resolve(folder))]);
    const page = await browser.newPage();
    await page.goto(`${server.url}LICENSE`);
    const core = await page.evaluateHandle(async (url) => {
      const module = await import(url);
      await module.default();
      return module;
    }, `${server.url}web/index.js`);
    const call = (...words) => core.evaluate(({ call }, words) => call(...words), words);
    call.end = () => Promise.all([browser.close(), server.close()]);
    return call;
  },
};

const call = await forms[form]();
for await (const line of createInterface({ input: process.stdin })) {
  const { operation, request } = JSON.parse(line);
  process.stdout.write(`${JSON.stringify(await call(operation, request))}\n`);
}
await call.end?.();
