/** The first state of the page: what the link says, else the example. */

import { EXAMPLES } from "../edit/examples";
import { resourcesText } from "../state";

/** Fills the texts before the first plan. */
export function restore(): void {
  resourcesText.value = EXAMPLES[0]?.resources ?? "";
}
