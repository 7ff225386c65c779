// @ts-check
// Import maps do not reach workers, so that without a bundler the package is named by its file.
import init, { forecast, plan } from "../node_modules/modelwright/web/index.js";

const loaded = init();

self.onmessage = async (/** @type {MessageEvent<import("../node_modules/modelwright/web/index.js").CustomResource[]>} */ { data }) => {
  await loaded;
  /** @type {import("../node_modules/modelwright/web/index.js").SetObservation} */
  const input = { resources: data, observed: [], policy: { staticVolumes: "any" } };
  const [planned, foreseen] = [plan(input), forecast(input)];
  self.postMessage({
    type: foreseen.type,
    summary: planned.type === "success" ? planned.value.summary.text : planned.code,
    rounds: foreseen.type === "success" ? foreseen.value.rounds.map((round) => round.summary.text) : [],
  });
};
