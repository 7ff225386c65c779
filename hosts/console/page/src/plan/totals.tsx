/** The totals of a plan, which filter it: sign, number, word. */

import type { PlanOutline } from "../planner/types";
import { verb } from "../shell/text";

interface Properties {
  plan: PlanOutline;
  filter: ReadonlySet<string>;
  toggle(name: string): void;
}

/** One button each; nothing pressed shows everything that is not unchanged. */
export function Totals({ plan: { summary }, filter, toggle }: Properties) {
  const verbs = (["create", "update", "replace", "delete"] as const).map((name) => ({ name, count: summary[name], ...verb(name) }));
  const all = [
    ...verbs,
    { name: "waiting", count: summary.waiting, sign: "…", word: "waiting", style: "wait" },
    ...(summary.conflict > 0 ? [{ name: "conflict", count: summary.conflict, ...verb("conflict") }] : []),
    { name: "unchanged", count: summary.unchanged, ...verb("unchanged") },
  ];
  return (
    <div class="totals" role="group" aria-label="Filter by what happens">
      {all.map(({ name, count, sign, word, style }) => (
        <button
          key={name}
          class="button total"
          type="button"
          aria-pressed={filter.has(name)}
          data-zero={count === 0}
          onClick={() => toggle(name)}
        >
          <span class={`sign ${style}`} aria-hidden="true">
            {sign}
          </span>
          {count.toLocaleString("en-GB")} {word}
        </button>
      ))}
    </div>
  );
}
