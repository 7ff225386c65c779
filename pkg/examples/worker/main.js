// @ts-check
// The page stays free: it sends custom resources to a worker and shows what comes back.
import { parseAllDocuments } from "yaml";

const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
const read = async (/** @type {string} */ name) =>
  parseAllDocuments(await (await fetch(`../titanic/${name}`)).text()).map((document) => document.toJS());

worker.onmessage = (/** @type {MessageEvent<{summary: string, rounds: string[], type: string}>} */ { data }) => {
  const [summary, rounds] = ["#summary", "#rounds"].map((selector) => document.querySelector(selector));
  if (summary) summary.textContent = data.summary;
  for (const text of data.rounds) rounds?.append(Object.assign(document.createElement("li"), { textContent: text }));
  document.body.dataset["done"] = data.type;
};
worker.postMessage((await Promise.all(["models.yaml", "endpoint.yaml"].map(read))).flat());
