/** The two texts, and what is wrong with them. */

import { signal } from "@preact/signals";
import { useRef, useState } from "preact/hooks";
import { Tabs } from "../shell/tabs";
import { announce, answer, live, observedText, resourcesText } from "../state";
import type { Text } from "../planner/types";
import { read } from "./files";
import { Findings } from "./findings";
import { TextEditor } from "./text";

/** Which text is shown. */
export const editing = signal<Text>("resources");

/** The pane on the left. */
export function Edit() {
  const [dropping, setDropping] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setDropping(false);
    void take([...(event.dataTransfer?.files ?? [])]);
  };
  return (
    <div
      class={dropping ? "edit dropping" : "edit"}
      onDragOver={(event) => {
        event.preventDefault();
        setDropping(true);
      }}
      onDragLeave={() => setDropping(false)}
      onDrop={drop}
    >
      <div class="edit-bar">
        <Tabs
          label="Texts"
          prefix="text"
          panel="text"
          tabs={texts()}
          selected={editing.value}
          select={(name) => (editing.value = name)}
        />
        <div class="tools">
          <button class="button" type="button" aria-label="Open… files" onClick={() => input.current?.click()}>
            Open…
          </button>
          <input
            ref={input}
            type="file"
            multiple
            hidden
            accept=".yaml,.yml,.json"
            onChange={(event) => {
              void take([...(event.currentTarget.files ?? [])]);
              event.currentTarget.value = "";
            }}
          />
        </div>
      </div>
      <div class="edit-text" id="text" role="tabpanel" aria-labelledby={`text-${editing.value}`}>
        <TextEditor text="resources" shown={editing.value === "resources"} />
        <TextEditor text="observed" shown={editing.value === "observed"} />
      </div>
      <Findings />
    </div>
  );
}

function texts(): { name: Text; label: string; count?: number }[] {
  const pasted = live.value ? 0 : (answer.value?.observed.length ?? 0);
  return [
    { name: "resources", label: "Custom resources", count: answer.value?.resources.length ?? 0 },
    { name: "observed", label: "Live objects", count: pasted },
  ];
}

/** Files replace the text that is shown. */
async function take(files: File[]): Promise<void> {
  if (files.length === 0) return;
  const text = await read(files);
  const target = editing.value === "resources" ? resourcesText : observedText;
  target.value = text;
  announce(`${files.length === 1 ? files[0]?.name : `${files.length} files`} opened`);
}
