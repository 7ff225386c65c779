/** Examples to start from: the repository's, as they are when the page is built. */

import endpoint from "../../../../../examples/titanic/endpoint.yaml?raw";
import models from "../../../../../examples/titanic/models.yaml?raw";

/** Texts to begin with. */
export interface Texts {
  resources: string;
  observed: string;
}

/** What the page shows to who comes for the first time. */
export const FIRST: Texts = { resources: `${models}---\n${endpoint}`, observed: "" };

/** By name; those with live objects are fetched when they are wanted. */
export const EXAMPLES: { name: string; load(): Promise<Texts> }[] = [
  { name: "titanic on an empty cluster", load: async () => FIRST },
  { name: "titanic is live: add a canary", load: () => import("virtual:example/canary").then((found) => found.default) },
  { name: "titanic is live: shift the weights", load: () => import("virtual:example/shift").then((found) => found.default) },
  { name: "Nothing: start from scratch", load: async () => ({ resources: "", observed: "" }) },
];
