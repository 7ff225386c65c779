/** One difference: sign, path, before → after, who else owns it. */

import { clipped, visible } from "../shell/text";
import type { Change, Path, PathStep } from "../planner/types";
import { LineDifference, Value } from "./value";

const SIGNS: Record<string, { sign: string; word: string; line: string; style: string }> = {
  add: { sign: "+", word: "added", line: "add", style: "add-sign" },
  remove: { sign: "-", word: "removed", line: "remove", style: "remove-sign" },
  conflict: { sign: "!", word: "conflict", line: "conflict-op", style: "remove-sign" },
};
const CHANGED = { sign: "~", word: "changed", line: "change-op", style: "change-sign" };

/** A line of an object's changes. `forces`: it is why the object is replaced. */
export function ChangeLine({ change, forces }: { change: Change; forces: boolean }) {
  const { sign, word, line, style } = SIGNS[change.op] ?? CHANGED;
  return (
    <li class={`change ${line}`}>
      <span class={`sign ${style}`}>
        <span aria-hidden="true">{sign}</span>
        <span class="unseen">{word}</span>
      </span>
      <div class="what">
        <span class="path">{clipped(change.text, 300)}</span>: <Values change={change} />
        {change.owner !== "" && <span class="note"> (owned by {clipped(change.owner, 72)})</span>}
        {forces && <span class="forces"> # forces the replacement</span>}
      </div>
    </li>
  );
}

function Values({ change }: { change: Change }) {
  const { before, after } = change;
  if (change.sensitive) return <span class="note">(sensitive value)</span>;
  if (typeof before === "string" && typeof after === "string" && /\n./.test(before + after)) {
    return <LineDifference before={before} after={after} />;
  }
  switch (change.op) {
    case "add":
      return <Value value={after} />;
    case "remove":
      return <Value value={before} />;
    case "release":
      return (
        <>
          <Value value={before} /> <span class="note">(stays; no longer ours)</span>
        </>
      );
    case "default":
      return (
        <>
          <Value value={before} /> → <span class="note">(the server's default)</span>
        </>
      );
    default:
      return (
        <>
          <Value value={before} /> → <Value value={after} />
        </>
      );
  }
}

/** A path that is known only after the action. */
export function LaterLine({ path }: { path: Path }) {
  return (
    <li class="change">
      <span class="sign note">?</span>
      <span class="what">
        <span class="path">{place(path)}</span>: <span class="note">(known later)</span>
      </span>
    </li>
  );
}

function place(path: Path): string {
  const step = (step: PathStep, index: number) => {
    if (typeof step === "string") return index === 0 ? step : `.${step}`;
    if (typeof step === "number") return `[${step}]`;
    return Object.entries(step)
      .map(([key, value]) => `[${key}=${String(value)}]`)
      .join("");
  };
  return clipped(visible(path.map(step).join("")), 200);
}
