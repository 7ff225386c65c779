/** The views as tabs: arrow keys move, one tab stop for all. */

import { view, VIEWS, type View } from "../state";

const NAMES: Record<View, string> = { edit: "Edit", plan: "Plan", forecast: "Forecast", objects: "Objects", map: "Map", act: "Act" };

/** The list of tabs. */
export function Tabs() {
  return (
    <div class="tabs" role="tablist" aria-label="Views" onKeyDown={move}>
      {VIEWS.map((name) => (
        <button
          key={name}
          id={`tab-${name}`}
          class={`tab tab-${name}`}
          role="tab"
          type="button"
          aria-selected={view.value === name}
          aria-controls="view"
          tabIndex={view.value === name ? 0 : -1}
          onClick={() => (view.value = name)}
        >
          {NAMES[name]}
        </button>
      ))}
    </div>
  );
}

function move(event: KeyboardEvent): void {
  const list = event.currentTarget as HTMLElement;
  const tabs = [...list.querySelectorAll<HTMLElement>("[role=tab]")].filter((tab) => tab.offsetParent !== null);
  const at = tabs.indexOf(document.activeElement as HTMLElement);
  const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  const tab = tabs[(to + tabs.length) % tabs.length];
  tab?.focus();
  tab?.click();
}
