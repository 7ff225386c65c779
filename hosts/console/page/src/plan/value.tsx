/** Values of changes: as on the command line, with the rest one click away. */

import { structuredPatch } from "diff";
import { useState } from "preact/hooks";
import { clipped, visible } from "../shell/text";

/** Characters of a value that are shown at once. */
const SHORT = 120;
/** Characters of a value that are shown at all. */
const LONG = 20_000;
/** Lines of a difference that are shown at once. */
const LINES = 40;

/** A value in one line, or as much of it as fits. */
export function Value({ value }: { value: unknown }) {
  const [open, setOpen] = useState(false);
  if (value === null || value === undefined) return <span class="note">(absent)</span>;
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const lines = text.trimEnd().split("\n").length;
  const short = lines > 1 ? `"${clipped(text.split("\n")[0] ?? "", SHORT)}"` : clipped(JSON.stringify(value), SHORT);
  const whole = lines <= 1 && JSON.stringify(value).length <= SHORT;
  if (whole) return <span class="value">{short}</span>;
  return (
    <>
      <span class="value">{open ? visible((lines > 1 ? text : JSON.stringify(value)).slice(0, LONG)) : short}</span>{" "}
      <button class="more" type="button" aria-expanded={open} onClick={() => setOpen(!open)}>
        {open ? "less" : lines > 1 ? `${lines - 1} more lines` : "all"}
      </button>
    </>
  );
}

/** Two texts of which one has several lines: what differs, with one line around it. */
export function LineDifference({ before, after }: { before: string; after: string }) {
  const [all, setAll] = useState(false);
  const lines = structuredPatch("", "", before, after, "", "", { context: 1 }).hunks.flatMap((hunk) => hunk.lines);
  const shown = all ? lines : lines.slice(0, LINES);
  return (
    <div class="lines" role="group" aria-label="Lines that differ" tabIndex={0}>
      {shown.map((line, index) => (
        <span key={index} class={`line ${line.startsWith("+") ? "added" : line.startsWith("-") ? "removed" : ""}`}>
          <span>{line[0]}</span>
          <span>{visible(line.slice(1))}</span>
        </span>
      ))}
      {shown.length < lines.length && (
        <button class="more" type="button" onClick={() => setAll(true)}>
          {lines.length - shown.length} more lines
        </button>
      )}
    </div>
  );
}
