/** Examples to start from: the repository's, as they are when the page is built. */

import endpoint from "../../../../../examples/titanic/endpoint.yaml?raw";
import models from "../../../../../examples/titanic/models.yaml?raw";

/** Texts to begin with. */
export interface Example {
  name: string;
  resources: string;
  /** Live objects that belong to it; they are fetched when they are wanted. */
  observed(): Promise<string>;
}

const nothing = async () => "";

/** The first one is shown to who comes for the first time. */
export const EXAMPLES: Example[] = [
  { name: "titanic: a canary behind one host", resources: `${models}---\n${endpoint}`, observed: nothing },
  { name: "titanic: the models alone", resources: models, observed: nothing },
  { name: "empty", resources: "", observed: nothing },
];
