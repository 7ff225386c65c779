/** What is said about the texts: every error, and of the rest a few of each code. */

import { useState } from "preact/hooks";
import { plural, severity, visible } from "../shell/text";
import { answer, view } from "../state";
import type { Finding, Severity } from "../planner/types";
import { editing } from "./edit";
import { reveal } from "./editor";
import { editors } from "./text";

/** So many of one code are shown where there may be one for each object. */
const ENOUGH = 5;
/** So many findings are shown at all; a thousand mistakes have one cause. */
const MOST = 200;

/** The foot of the editor. */
export function Findings() {
  const findings = answer.value?.findings ?? [];
  const [open, setOpen] = useState(true);
  const [all, setAll] = useState(false);
  const shown = all ? findings.slice(0, MOST) : brief(findings);
  const hidden = findings.length - shown.length;
  return (
    <div class="edit-foot">
      <div class="findings-title">
        <Totals findings={findings} />
        <span class="grow" />
        {findings.length > 0 && (
          <button class="button plain" type="button" aria-expanded={open} aria-controls="findings" onClick={() => setOpen(!open)}>
            {open ? "Hide" : "Show"}
          </button>
        )}
      </div>
      {open && findings.length > 0 && (
        <ul class="findings" id="findings" aria-label="Findings" tabIndex={0}>
          {shown.map((finding, index) => (
            <li key={index}>
              <One finding={finding} />
            </li>
          ))}
          {hidden > 0 && (
            <li>
              {all ? (
                <p class="finding faint">{plural(hidden, "more finding")}</p>
              ) : (
                <button class="button plain" type="button" onClick={() => setAll(true)}>
                  {plural(hidden, "more finding")} like these
                </button>
              )}
            </li>
          )}
        </ul>
      )}
    </div>
  );
}

function Totals({ findings }: { findings: Finding[] }) {
  const severities: Severity[] = ["error", "warning", "info"];
  const counted = severities.map((name) => [name, findings.filter((finding) => finding.severity === name).length] as const);
  const some = counted.filter(([, count]) => count > 0);
  if (some.length === 0) return <span class="faint">{answer.value ? "No findings" : "…"}</span>;
  return (
    <>
      {some.map(([name, count]) => (
        <span key={name} class={`severity ${name}`}>
          <span aria-hidden="true">{severity(name).icon}</span> {plural(count, severity(name).word)}
        </span>
      ))}
    </>
  );
}

function One({ finding }: { finding: Finding }) {
  const { icon, word } = severity(finding.severity);
  const { place } = finding;
  const content = (
    <>
      <span class={`severity ${finding.severity}`}>
        <span aria-hidden="true">{icon}</span> {word}
      </span>
      <span class="said">
        {visible(finding.message)}
        {finding.help !== "" && <span class="faint"> – {visible(finding.help)}</span>}
        <span class="faint">
          {" "}
          [{visible(finding.code)}
          {finding.object === "" ? "" : ` · ${visible(finding.object)}`}
          {finding.path === "" ? "" : ` ${visible(finding.path)}`}]
        </span>
      </span>
      <span class="at">{place ? `${place.text === "observed" ? "live " : ""}${place.line}:${place.column}` : ""}</span>
    </>
  );
  if (!place) return <div class="finding">{content}</div>;
  return (
    <button class="finding" type="button" onClick={() => go(finding)}>
      {content}
    </button>
  );
}

/** Shows the place in its editor. */
function go({ place }: Finding): void {
  if (!place) return;
  editing.value = place.text;
  if (matchMedia("(max-width: 899px)").matches) view.value = "edit";
  requestAnimationFrame(() => {
    const editor = editors[place.text];
    if (editor) reveal(editor, place.from, place.to);
  });
}

function brief(findings: Finding[]): Finding[] {
  const counts = new Map<string, number>();
  const few = findings.filter((finding) => {
    const count = (counts.get(finding.code) ?? 0) + 1;
    counts.set(finding.code, count);
    return finding.severity === "error" || count <= ENOUGH;
  });
  return few.slice(0, MOST);
}
