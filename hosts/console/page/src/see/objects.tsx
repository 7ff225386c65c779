/** Every object, desired and live: the list on the left, one of them on the right. */

import { signal } from "@preact/signals";
import { createRef } from "preact";
import { useMemo } from "preact/hooks";
import type { Answer } from "../planner/types";
import { objectName, parts, plural, verb } from "../shell/text";
import { VirtualList } from "../shell/virtual";
import { answer, selected } from "../state";
import { ObjectView } from "./object";

interface Item {
  id: string;
  /** `create`, `update` …; `live` for what is observed and not of the plan; empty: nothing is known of a plan. */
  verb: string;
  waits: boolean;
}

const query = signal("");
const list = createRef<HTMLDivElement>();

/** The view. */
export function Objects() {
  const said = answer.value;
  const items = useMemo(() => (said ? everything(said) : []), [said]);
  const wanted = query.value.trim().toLowerCase();
  const shown = wanted === "" ? items : items.filter(({ id }) => objectName(id).toLowerCase().includes(wanted));
  if (items.length === 0) return <Nothing />;
  const current = items.find(({ id }) => id === selected.value);
  return (
    <div class="see" data-open={current !== undefined}>
      <div class="see-list">
        <input
          class="field"
          type="search"
          aria-label="Find objects by kind or name"
          placeholder={`Find in ${plural(items.length, "object")}`}
          value={query}
          onInput={(event) => (query.value = event.currentTarget.value)}
        />
        <div class="see-scroll" ref={list}>
          {shown.length === 0 ? (
            <p class="faint see-none">No object has that in its kind or name.</p>
          ) : (
            <VirtualList
              label="Objects"
              items={shown}
              scroller={list}
              estimate={50}
              keyOf={(item) => item.id}
              render={(item) => <Line item={item} current={item === current} />}
            />
          )}
        </div>
      </div>
      {current ? <ObjectView key={current.id} id={current.id} /> : <Choose />}
    </div>
  );
}

function Line({ item, current }: { item: Item; current: boolean }) {
  const { kind, namespace, name } = parts(item.id);
  const { sign, style, done } =
    item.verb === "live" ? { sign: "·", style: "unchanged", done: "live, not part of the plan" } : verb(item.verb);
  return (
    <button class="see-item" type="button" aria-current={current} onClick={() => (selected.value = item.id)}>
      <span class={`sign ${style}`} aria-hidden="true">
        {item.waits ? "…" : sign}
      </span>
      <span class="what" title={objectName(item.id)}>
        <span class="strong">{name}</span>
        <br />
        <span class="faint">
          {kind}
          {namespace === "" ? "" : ` · ${namespace}`}
        </span>
        <span class="unseen">
          , {item.waits ? "waits to be " : ""}
          {done}
        </span>
      </span>
    </button>
  );
}

/** Objects of the plan in its order, then what is written or observed besides. */
function everything({ plan, resources, observed }: Answer): Item[] {
  const items = new Map<string, Item>();
  for (const { id, verb, acted, waiting } of plan?.objects ?? []) items.set(id, { id, verb, waits: !acted && waiting.length > 0 });
  for (const { object } of plan?.waitingElsewhere ?? [])
    if (!items.has(object)) items.set(object, { id: object, verb: "create", waits: true });
  for (const { id } of resources) if (!items.has(id)) items.set(id, { id, verb: "", waits: false });
  for (const id of observed) if (!items.has(id)) items.set(id, { id, verb: "live", waits: false });
  return [...items.values()];
}

function Choose() {
  return (
    <div class="see-object">
      <div class="empty">
        <h2>Choose an object</h2>
        <p>Its YAML is shown here as it is live and as it will be, side by side, with only what differs unfolded.</p>
      </div>
    </div>
  );
}

function Nothing() {
  return (
    <div class="empty">
      <h2>Nothing to see yet</h2>
      <p>
        Every object that the custom resources need is listed here, and every one that the cluster has: pasted under “Live objects”,
        dropped there as files, or read under “Act”.
      </p>
    </div>
  );
}
