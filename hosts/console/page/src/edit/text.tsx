/** One editor, bound to its text. */

import { effect } from "@preact/signals";
import type { EditorView } from "@codemirror/view";
import { useLayoutEffect, useRef } from "preact/hooks";
import { ask } from "../planner/client";
import type { Text } from "../planner/types";
import { answer, answered, observedText, resourcesText } from "../state";
import { help } from "./complete";
import { mount, replace, underline } from "./editor";
import { schemas, type Schemas } from "./schema";

const SETTINGS = {
  resources: {
    signal: resourcesText,
    label: "Custom resources as YAML",
    hint:
      "Type a Model, an EndpointConfig and an Endpoint as YAML,\ndrop files here, or start from an example above.\n" +
      "Ctrl-Space offers what can be written.",
  },
  observed: {
    signal: observedText,
    label: "Live objects as YAML or JSON",
    hint:
      "Paste or drop what the cluster has, and the plan is about the difference:\n\n" +
      "kubectl get -o json models,endpointconfigs,endpoints,deployments,services,\n" +
      "  persistentvolumeclaims,virtualservices,gateways -n NAMESPACE\n\n" +
      "Nothing here means: the cluster is taken to be empty.",
  },
} as const;

/** The editors, for who shows a place. */
export const editors: Partial<Record<Text, EditorView>> = {};

const known: { schemas: Schemas } = { schemas: new Map() };

/** A text that can be edited. */
export function TextEditor({ text, shown }: { text: Text; shown: boolean }) {
  const host = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    if (!host.current) return undefined;
    const { signal, label, hint } = SETTINGS[text];
    const extensions = text === "resources" ? help(() => known.schemas) : [];
    let typed = signal.peek();
    const changed = (value: string) => {
      typed = value;
      signal.value = value;
    };
    const view = mount(host.current, { text: typed, label, hint, extensions, changed });
    editors[text] = view;
    if (text === "resources")
      void ask("schemas", null).then(
        (definitions) => (known.schemas = schemas(definitions)),
        () => undefined,
      );
    const stopText = effect(() => {
      if (signal.value !== typed) replace(view, signal.value);
    });
    const stopFindings = effect(() => {
      const findings = answer.value?.findings ?? [];
      if (answered.value?.[text] === view.state.doc.toString())
        underline(
          view,
          findings.filter((finding) => finding.place?.text === text),
        );
    });
    return () => {
      stopText();
      stopFindings();
      view.destroy();
    };
  }, [text]);
  return (
    <div hidden={!shown}>
      <div class="editor-host" ref={host} />
    </div>
  );
}
