import { resourcesText } from "../state";

/** The texts and what is wrong with them. */
export function Edit() {
  return <textarea aria-label="Custom resources" value={resourcesText} onInput={(event) => (resourcesText.value = event.currentTarget.value)} />;
}
