import init, { forecast, plan, type CustomResource, type Result, type SetObservation } from "modelwright";
import address from "modelwright/wasm?url";
import { parseAllDocuments } from "yaml";
import endpoint from "../titanic/endpoint.yaml?raw";
import models from "../titanic/models.yaml?raw";

const resources = [models, endpoint].flatMap((text) => parseAllDocuments(text).map((document) => document.toJS() as CustomResource));
// `init()` is enough. Who wants the module's address, to preload it for example, can have it and hand it in: see `?address`.
await init(new URL(location.href).searchParams.has("address") ? address : undefined);

/** The value, or an exception with the first finding: for those who like them. */
function value<T>(result: Result<T>): T {
  if (result.type === "success") return result.value;
  throw new Error(`${result.code}: ${result.diagnostics[0]?.message}`);
}

const input: SetObservation = { resources, observed: [], policy: { staticVolumes: "any" } };
show("#summary", value(plan(input)).summary.text);
const { rounds, end } = value(forecast(input));
const list = document.querySelector("#rounds");
for (const round of rounds) list?.append(Object.assign(document.createElement("li"), { textContent: round.summary.text }));
document.body.dataset["done"] = end.reason === "Done" ? "success" : end.text;

function show(selector: string, text: string): void {
  const element = document.querySelector(selector);
  if (element) element.textContent = text;
}
