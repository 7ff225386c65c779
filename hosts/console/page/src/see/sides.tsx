/** Live and after the plan, side by side: what differs is unfolded, the rest says how many lines it has. */

import { diffArrays } from "diff";
import { useMemo, useState } from "preact/hooks";
import { plural, visible } from "../shell/text";

/** Unchanged lines around a difference. */
const AROUND = 3;
/** Fewer hidden lines than this are not worth a fold. */
const FOLD = 4;

interface Pair {
  left: string | null;
  right: string | null;
}

type Block = { same: Pair[]; first: boolean; last: boolean } | { differs: Pair[] };

/** Both texts. */
export function Sides({ live, after }: { live: string; after: string }) {
  if (live === "" || after === "") return <OneSide text={live || after} sign={live === "" ? "+" : "-"} />;
  return <Both live={live} after={after} />;
}

/** What appears or goes has no other side. */
function OneSide({ text, sign }: { text: string; sign: "+" | "-" }) {
  if (text === "") return <p class="sheet-none faint">Neither is there.</p>;
  const words = sign === "+" ? "Not live. After the plan:" : "Live. Not there after the plan:";
  return (
    <>
      <div class="pair single pair-head">
        <div>{words}</div>
      </div>
      {lines(text).map((line, index) => (
        <div key={index} class="pair single">
          <div class={sign === "+" ? "new" : "gone"}>{`${sign} ${visible(line)}`}</div>
        </div>
      ))}
    </>
  );
}

function Both({ live, after }: { live: string; after: string }) {
  const blocks = useMemo(() => compare(live, after), [live, after]);
  const differences = blocks.filter((block) => "differs" in block).length;
  return (
    <>
      <div class="pair pair-head">
        <div>Live</div>
        <div>After the plan</div>
      </div>
      {differences === 0 && <p class="sheet-none faint">No differences.</p>}
      {blocks.map((block, index) =>
        "same" in block ? <Same key={index} block={block} /> : <Differs key={index} pairs={block.differs} />,
      )}
    </>
  );
}

function Differs({ pairs }: { pairs: Pair[] }) {
  return pairs.map((pair, line) => <Line key={line} pair={pair} differs />);
}

function Same({ block }: { block: { same: Pair[]; first: boolean; last: boolean } }) {
  const [open, setOpen] = useState(false);
  const { same, first, last } = block;
  const head = first ? 0 : AROUND;
  const tail = last ? 0 : AROUND;
  const hidden = same.length - head - tail;
  if (open || hidden < FOLD) return same.map((pair, line) => <Line key={line} pair={pair} differs={false} />);
  return (
    <>
      {same.slice(0, head).map((pair, line) => (
        <Line key={line} pair={pair} differs={false} />
      ))}
      <button class="fold" type="button" aria-expanded={false} onClick={() => setOpen(true)}>
        ⋯ {plural(hidden, "unchanged line")} hidden
      </button>
      {same.slice(same.length - tail).map((pair, line) => (
        <Line key={`tail ${line}`} pair={pair} differs={false} />
      ))}
    </>
  );
}

function Line({ pair: { left, right }, differs }: { pair: Pair; differs: boolean }) {
  return (
    <div class={differs ? "pair differs" : "pair"}>
      <div class={left === null ? "none" : differs ? "gone" : ""}>{side(left, differs, "- ")}</div>
      <div class={right === null ? "none" : differs ? "new" : ""}>{side(right, differs, "+ ")}</div>
    </div>
  );
}

/** Signs say what differs to those who do not see the colours. */
function side(text: string | null, differs: boolean, sign: string): string {
  if (text === null) return "";
  return `${differs ? sign : "  "}${visible(text)}`;
}

function compare(live: string, after: string): Block[] {
  const parts = diffArrays(lines(live), lines(after));
  const blocks: Block[] = [];
  for (let index = 0; index < parts.length; index += 1) {
    const part = parts[index];
    if (!part) continue;
    if (!part.added && !part.removed) {
      const same = part.value.map((line) => ({ left: line, right: line }));
      blocks.push({ same, first: index === 0, last: index === parts.length - 1 });
      continue;
    }
    const next = parts[index + 1];
    const both = part.removed && next?.added ? next : null;
    if (both) index += 1;
    const removed = part.removed ? part.value : [];
    const added = both ? both.value : part.added ? part.value : [];
    blocks.push({ differs: paired(removed, added) });
  }
  return blocks;
}

function paired(removed: string[], added: string[]): Pair[] {
  const pair = (_: unknown, index: number): Pair => ({ left: removed[index] ?? null, right: added[index] ?? null });
  return Array.from({ length: Math.max(removed.length, added.length) }, pair);
}

function lines(text: string): string[] {
  return text === "" ? [] : text.replace(/\n$/, "").split("\n");
}
