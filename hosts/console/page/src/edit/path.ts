/** Where in a document a position is, also while it is half typed. */

import { syntaxTree } from "@codemirror/language";
import type { EditorState } from "@codemirror/state";
import type { SyntaxNode } from "@lezer/common";

/** A position: the kind of its document, the path of what contains it, and what is being typed there. */
export interface Where {
  kind: string;
  /** Fields, and `*` for an item of a list. */
  path: string[];
  /** `key`: a name is typed; `value`: what follows it. */
  role: "key" | "value";
  /** Where the typed part begins. */
  from: number;
  /** Names that are there already. */
  siblings: Set<string>;
  /** Columns before a name. */
  indent: number;
}

/** The path of the name or value under a position, for explanations; null: there is none. */
export function pathAt(state: EditorState, position: number): { kind: string; path: string[]; from: number; to: number } | null {
  const node = syntaxTree(state).resolveInner(position, 1);
  const path: string[] = [];
  let named: SyntaxNode | null = null;
  for (let at: SyntaxNode | null = node; at; at = at.parent) {
    if (at.name === "Pair") {
      const key = at.getChild("Key");
      if (!key) continue;
      named ??= key;
      path.unshift(unquoted(state.sliceDoc(key.from, key.to)));
    } else if (at.name === "Item" || (at.name === "FlowSequence" && node !== at)) {
      if (named) path.unshift("*");
    }
  }
  if (!named) return null;
  const within = node.from >= named.from && node.to <= named.to ? named : node;
  return { kind: kindAt(state, position), path, from: within.from, to: within.to };
}

/** What is being typed at a position. Blocks are read by indentation, because a half-typed line has no tree. */
export function where(state: EditorState, position: number): Where | null {
  const line = state.doc.lineAt(position);
  const before = line.text.slice(0, position - line.from);
  if (/^\s*#/.test(before) || /\s#/.test(before)) return null;
  const flow = inFlow(state, position, before);
  if (flow) return flow;
  const parsed = /^(\s*(?:- +)*)(?:([\w./-]+):\s+)?(\S*)$/.exec(before);
  if (!parsed) return null;
  const [, lead = "", name, typed = ""] = parsed;
  const outer = block(state, line.number, lead);
  const path = name === undefined ? outer.path : [...outer.path, name];
  const role = name === undefined ? "key" : "value";
  return {
    kind: kindAt(state, position),
    path,
    role,
    from: position - typed.length,
    siblings: outer.siblings,
    indent: lead.length,
  };
}

/** Lines above with less indentation are what contains a line. */
function block(state: EditorState, number: number, lead: string): { path: string[]; siblings: Set<string> } {
  const path: string[] = [];
  const siblings = new Set<string>();
  let indent = lead.length;
  let dashes = (lead.match(/-/g) ?? []).length;
  let dashAt = lead.indexOf("-");
  for (let above = number - 1; above >= 1; above -= 1) {
    const text = state.doc.line(above).text;
    if (/^---(\s|$)/.test(text)) break;
    if (/^\s*(#|$)/.test(text)) continue;
    const [, space = "", name = ""] = /^(\s*(?:- +)*)([^\s:#][^:]*)?:?/.exec(text) ?? [];
    const dash = space.indexOf("-");
    if (dashes > 0 && space.trim() === "" && space.length <= dashAt) {
      path.unshift(name.trim(), "*");
      indent = space.length;
      dashes = 0;
    } else if (dashes === 0 && space.length === indent) {
      if (path.length === 0 && name !== "") siblings.add(name.trim());
      if (dash >= 0) {
        dashes = 1;
        dashAt = dash;
      }
    } else if (dashes === 0 && space.length < indent) {
      path.unshift(name.trim());
      indent = space.length;
      if (dash >= 0) {
        dashes = 1;
        dashAt = dash;
      }
    }
    if (indent === 0 && dashes === 0) break;
  }
  if (path.length === 0) for (const name of topLevel(state, number)) siblings.add(name);
  return { path, siblings };
}

function topLevel(state: EditorState, number: number): string[] {
  const [from, to] = documentAround(state, state.doc.line(number).from);
  return [...state.sliceDoc(from, to).matchAll(/^([A-Za-z]\w*):/gm)].map((match) => match[1] ?? "");
}

/** `{name: stable, we|`: the tree knows what contains it. */
function inFlow(state: EditorState, position: number, before: string): Where | null {
  const opened = before.lastIndexOf("{");
  if (opened < 0 || before.lastIndexOf("}") > opened) return null;
  const part = /(?:^|[{,])\s*(?:([\w./-]+):\s+)?([^\s,{}]*)$/.exec(before.slice(opened));
  if (!part) return null;
  const [, name, typed = ""] = part;
  const lead = /^(\s*(?:- +)*)(?:([\w./-]+):\s*)?/.exec(before) ?? [];
  const outer = block(state, state.doc.lineAt(position).number, lead[1] ?? "");
  const nested = [...before.slice(lead[0]?.length ?? 0, opened).matchAll(/([\w./-]+):\s*\{/g)].map((match) => match[1] ?? "");
  const path = [...outer.path, ...(lead[2] === undefined ? [] : [lead[2]]), ...nested];
  const siblings = new Set([...before.slice(opened).matchAll(/([\w./-]+):/g)].map((match) => match[1] ?? ""));
  const full = name === undefined ? path : [...path, name];
  return {
    kind: kindAt(state, position),
    path: full,
    role: name === undefined ? "key" : "value",
    from: position - typed.length,
    siblings,
    indent: -1,
  };
}

/** The kind that the document around a position says it is; empty: none yet. */
function kindAt(state: EditorState, position: number): string {
  const [from, to] = documentAround(state, position);
  return /^kind:\s*["']?(\w+)/m.exec(state.sliceDoc(from, to))?.[1] ?? "";
}

function documentAround(state: EditorState, position: number): [from: number, to: number] {
  const separator = /^---(\s|$)/;
  const own = state.doc.lineAt(position).number;
  let first = own;
  while (first > 1 && !separator.test(state.doc.line(first).text)) first -= 1;
  let last = own + 1;
  while (last <= state.doc.lines && !separator.test(state.doc.line(last).text)) last += 1;
  return [state.doc.line(first).from, last > state.doc.lines ? state.doc.length : state.doc.line(last).from];
}

function unquoted(text: string): string {
  return text.replace(/^(["'])(.*)\1$/, "$2");
}
