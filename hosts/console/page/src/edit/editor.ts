/** CodeMirror in a shadow root: there its styles are a sheet of the root, and the page's policy allows no others. */

import { closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import {
  bracketMatching,
  codeFolding,
  foldGutter,
  foldKeymap,
  HighlightStyle,
  indentOnInput,
  indentUnit,
  syntaxHighlighting,
} from "@codemirror/language";
import { lintGutter, lintKeymap, setDiagnostics, type Diagnostic } from "@codemirror/lint";
import { Compartment, EditorState, type Extension, type Transaction } from "@codemirror/state";
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  keymap,
  lineNumbers,
  placeholder,
} from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { visible } from "../shell/text";
import type { Finding } from "../planner/types";

/** What an editor is told. */
export interface Setting {
  text: string;
  label: string;
  hint: string;
  extensions: Extension;
  changed(text: string): void;
}

/** Puts an editor into an element. */
export function mount(host: HTMLElement, setting: Setting): EditorView {
  const root = host.attachShadow({ mode: "open" });
  const parent = document.createElement("div");
  parent.style.height = "100%";
  root.append(parent);
  const state = EditorState.create({ doc: setting.text, extensions: [...common(setting), setting.extensions] });
  // Told before it is drawn: the planner works meanwhile.
  const dispatchTransactions = (transactions: readonly Transaction[], view: EditorView) => {
    const last = transactions.at(-1);
    if (last && transactions.some((transaction) => transaction.docChanged)) setting.changed(last.newDoc.toString());
    view.update(transactions);
  };
  return new EditorView({ state, parent, root, dispatchTransactions });
}

/** Shows another text, unless it is there already. The user can undo it. */
export function replace(view: EditorView, text: string): void {
  const { doc } = view.state;
  if (doc.length === text.length && doc.toString() === text) return;
  view.dispatch({ changes: { from: 0, to: doc.length, insert: text }, selection: { anchor: 0 }, scrollIntoView: true });
}

/** Underlines what is wrong. */
export function underline(view: EditorView, findings: Finding[]): void {
  const { length } = view.state.doc;
  const diagnostics = findings.flatMap((finding): Diagnostic[] => {
    if (!finding.place || finding.place.from > length) return [];
    const { from, to } = finding.place;
    const message = visible(finding.help === "" ? finding.message : `${finding.message}\n${finding.help}`);
    return [{ from, to: Math.min(Math.max(to, from + 1), length), severity: finding.severity, source: finding.code, message }];
  });
  view.dispatch(setDiagnostics(view.state, diagnostics));
}

/** Puts the cursor somewhere and shows it. */
export function reveal(view: EditorView, from: number, to: number): void {
  const { length } = view.state.doc;
  view.dispatch({
    selection: { anchor: Math.min(from, length), head: Math.min(to, length) },
    effects: EditorView.scrollIntoView(Math.min(from, length), { y: "center" }),
  });
  view.focus();
}

function common(setting: Setting): Extension[] {
  return [
    lineNumbers(),
    highlightActiveLineGutter(),
    lintGutter(),
    codeFolding(),
    foldGutter({ openText: "▾", closedText: "▸" }),
    highlightSpecialChars({ addSpecialChars: /[\u061c\u180e\u2060-\u206f\ufff9-\ufffb]/g }),
    history(),
    drawSelection(),
    indentOnInput(),
    indentUnit.of("  "),
    EditorState.tabSize.of(2),
    bracketMatching(),
    closeBrackets(),
    highlightActiveLine(),
    searching(),
    yaml(),
    syntaxHighlighting(COLOURS),
    placeholder(setting.hint),
    EditorView.contentAttributes.of({
      "aria-label": setting.label,
      "aria-description": "Escape, then Tab leaves the editor",
      tabindex: "0",
    }),
    EditorView.domEventHandlers({ beforeinput: overSelection }),
    keymap.of([
      ...closeBracketsKeymap,
      ...completionKeymap,
      ...defaultKeymap,
      ...historyKeymap,
      ...foldKeymap,
      ...lintKeymap,
      indentWithTab,
    ]),
    THEME,
  ];
}

/**
 * What is typed over a selection. The browser would keep the look of the first selected letter by a style attribute, which the
 * page's policy forbids; so the text is put there without it.
 */
function overSelection(event: InputEvent, view: EditorView): boolean {
  const { from, to, empty } = view.state.selection.main;
  if (empty || event.inputType !== "insertText" || event.data === null || view.composing) return false;
  event.preventDefault();
  const text = event.data;
  const insert = () => view.state.update(view.state.replaceSelection(text), { userEvent: "input.type", scrollIntoView: true });
  const taken = view.state.facet(EditorView.inputHandler).some((handler) => handler(view, from, to, text, insert));
  if (!taken) view.dispatch(insert());
  return true;
}

/** The first Ctrl-F fetches what finds. */
function searching(): Extension {
  const place = new Compartment();
  const run = (view: EditorView) => {
    void import("./search").then(({ open }) => open(view, place));
    return true;
  };
  return [place.of(keymap.of([{ key: "Mod-f", run }]))];
}

const COLOURS = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: "var(--accent)" },
  { tag: [tags.string, tags.content], color: "var(--text)" },
  { tag: tags.comment, color: "var(--faint)", fontStyle: "italic" },
  { tag: [tags.number, tags.bool, tags.null, tags.keyword], color: "var(--changed)" },
  { tag: [tags.meta, tags.separator, tags.punctuation, tags.squareBracket, tags.brace], color: "var(--faint)" },
  { tag: [tags.labelName, tags.typeName, tags.attributeValue], color: "var(--waiting)" },
]);

const THEME = EditorView.theme({
  "&": { height: "100%", fontSize: "13px", color: "var(--text)", backgroundColor: "var(--surface)" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--code)", lineHeight: "1.5", scrollbarGutter: "stable" },
  ".cm-content": { caretColor: "var(--text)", padding: "6px 0" },
  "&.cm-focused .cm-scroller": { boxShadow: "inset 0 0 0 2px var(--accent)" },
  ".cm-cursor, .cm-dropCursor": { borderLeftColor: "var(--text)" },
  ".cm-gutters": { backgroundColor: "var(--surface)", color: "var(--faint)", border: "none" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "color-mix(in srgb, var(--accent) 7%, transparent)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "color-mix(in srgb, var(--accent) 26%, transparent)",
  },
  ".cm-selectionMatch": { backgroundColor: "color-mix(in srgb, var(--changed) 20%, transparent)" },
  "&.cm-focused .cm-matchingBracket": { backgroundColor: "var(--accent-ground)", outline: "1px solid var(--line-strong)" },
  ".cm-placeholder": { color: "var(--faint)", whiteSpace: "pre-line" },
  ".cm-foldPlaceholder": { backgroundColor: "var(--raised)", color: "var(--faint)", borderColor: "var(--line)" },
  ".cm-tooltip, .cm-panels": { backgroundColor: "var(--raised)", color: "var(--text)", border: "1px solid var(--line-strong)" },
  ".cm-tooltip": { borderRadius: "6px", maxWidth: "min(460px, 90vw)", overflow: "hidden" },
  ".cm-tooltip-autocomplete > ul > li[aria-selected]": { backgroundColor: "var(--accent-ground)", color: "var(--text)" },
  ".cm-completionDetail": { color: "var(--faint)", fontStyle: "normal" },
  ".cm-completionMatchedText": { textDecoration: "none", color: "var(--accent)", fontWeight: "600" },
  ".cm-diagnostic": { whiteSpace: "pre-line" },
  ".cm-diagnosticSource": { color: "var(--faint)", opacity: "1" },
  ".cm-textfield": { backgroundColor: "var(--surface)", color: "var(--text)", border: "1px solid var(--line-strong)" },
  ".cm-button": {
    backgroundImage: "none",
    backgroundColor: "var(--surface)",
    color: "var(--text)",
    border: "1px solid var(--line-strong)",
  },
  ".explanation": { padding: "6px 10px", fontFamily: "var(--sans)", fontSize: "13px", display: "grid", gap: "3px" },
  ".explanation-path": { fontFamily: "var(--code)", fontWeight: "600", fontSize: "12.5px" },
  ".explanation-type": { color: "var(--faint)", fontSize: "12.5px" },
  ".cm-specialChar": { color: "var(--removed)" },
});
