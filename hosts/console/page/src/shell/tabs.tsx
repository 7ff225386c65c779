/** Tabs as everywhere: arrow keys move, one tab stop for all. */

interface Properties<T extends string> {
  label: string;
  /** Prefix of ids: `tab-plan`. */
  prefix: string;
  /** The id of the panel. */
  panel: string;
  tabs: readonly { name: T; label: string; count?: number | undefined }[];
  selected: T;
  select(name: T): void;
}

/** The list of tabs. */
export function Tabs<T extends string>({ label, prefix, panel, tabs, selected, select }: Properties<T>) {
  return (
    <div class="tabs" role="tablist" aria-label={label} onKeyDown={move}>
      {tabs.map(({ name, label, count }) => (
        <button
          key={name}
          id={`${prefix}-${name}`}
          class={`tab tab-${name}`}
          role="tab"
          type="button"
          aria-selected={selected === name}
          aria-controls={panel}
          tabIndex={selected === name ? 0 : -1}
          onClick={() => select(name)}
        >
          {label} {count === undefined || count === 0 ? null : <span class="count">{count}</span>}
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
