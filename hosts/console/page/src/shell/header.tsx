import { batch } from "@preact/signals";
import { Badge } from "../cluster/badge";
import { EXAMPLES } from "../edit/examples";
import { link } from "../share/link";
import { info, observedText, resourcesText } from "../state";
import { Copy } from "./copy";
import { ThemeButton } from "./theme";

/** Name, version, and what is about the whole page. */
export function Header() {
  return (
    <header class="header">
      <h1>
        <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
          <rect width="32" height="32" rx="7" fill="#1f5fbf" />
          <path
            d="M8 22V10l8 8 8-8v12"
            fill="none"
            stroke="#fff"
            stroke-width="3.2"
            stroke-linecap="round"
            stroke-linejoin="round"
          />
        </svg>
        <span class="title">Modelwright</span>
      </h1>
      <span class="faint version">{info.value ? info.value.version : ""}</span>
      <div class="example">
        <select class="select" aria-label="Start from an example" value="" onChange={(event) => void choose(event.currentTarget)}>
          <option value="" disabled>
            Examples…
          </option>
          {EXAMPLES.map((example, index) => (
            <option key={example.name} value={String(index)}>
              {example.name}
            </option>
          ))}
        </select>
      </div>
      <span class="grow" />
      <Badge />
      <Copy label="Copy link" title="Everything is in the link itself: nothing is sent anywhere" text={link} />
      <ThemeButton />
    </header>
  );
}

async function choose(select: HTMLSelectElement): Promise<void> {
  const example = EXAMPLES[Number(select.value)];
  select.value = "";
  if (!example) return;
  const { resources, observed } = await example.load();
  batch(() => {
    resourcesText.value = resources;
    observedText.value = observed;
  });
}
