/** One object: both sides, or one of them as YAML. */

import { useEffect, useState } from "preact/hooks";
import { ask } from "../planner/client";
import type { ObjectTexts } from "../planner/types";
import { Copy } from "../shell/copy";
import { Tabs } from "../shell/tabs";
import { objectName, visible } from "../shell/text";
import { revision, selected } from "../state";
import { Sides } from "./sides";

type Sheet = "both" | "live" | "after" | "desired";

/** The sheets of an object; an older one stays until the newer is there. */
export function ObjectView({ id }: { id: string }) {
  const texts = useTexts(id);
  const [sheet, setSheet] = useState<Sheet>("both");
  return (
    <div class="see-object">
      <div>
        <div class="row">
          <button class="button see-back" type="button" onClick={() => (selected.value = "")}>
            ← All objects
          </button>
          <h2 class="see-title">{objectName(id)}</h2>
          <span class="grow" />
          {texts && <Copy label="Copy YAML" text={() => text(texts, sheet)} />}
        </div>
        <Tabs label="Sheets" prefix="sheet" panel="sheet" tabs={SHEETS} selected={sheet} select={(name) => setSheet(name)} />
      </div>
      <div class="sheet" id="sheet" role="tabpanel" tabIndex={0} aria-labelledby={`sheet-${sheet}`}>
        {texts &&
          (sheet === "both" ? <Sides live={texts.live} after={texts.after} /> : <One text={text(texts, sheet)} sheet={sheet} />)}
      </div>
    </div>
  );
}

const SHEETS: { name: Sheet; label: string }[] = [
  { name: "both", label: "Side by side" },
  { name: "live", label: "Live" },
  { name: "after", label: "After the plan" },
  { name: "desired", label: "Desired" },
];

const MISSING: Record<Sheet, string> = {
  both: "",
  live: "It is not live: nothing was observed of it.",
  after: "It is not there after the plan.",
  desired: "Modelwright does not want it: it is nobody's child and in no text.",
};

function One({ text, sheet }: { text: string; sheet: Sheet }) {
  return text === "" ? <p class="sheet-none faint">{MISSING[sheet]}</p> : <pre>{visible(text)}</pre>;
}

function text(texts: ObjectTexts, sheet: Sheet): string {
  return sheet === "both" ? texts.after || texts.live : texts[sheet];
}

function useTexts(id: string): ObjectTexts | null {
  const [texts, set] = useState<ObjectTexts | null>(null);
  const now = revision.value;
  useEffect(() => {
    let stale = false;
    void ask("texts", id).then(
      (found) => stale || set(found),
      () => undefined,
    );
    return () => {
      stale = true;
    };
  }, [id, now]);
  return texts;
}
