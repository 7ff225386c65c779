/** Words, signs and escapes: the same as on the command line. */

import type { Severity } from "../planner/types";

/** What a verb looks like and is called. */
export interface Verb {
  sign: string;
  /** `created` */
  done: string;
  /** `create` */
  word: string;
  /** Class of its colour. */
  style: string;
}

const VERBS: Record<string, Verb> = {
  create: { sign: "+", done: "created", word: "create", style: "create" },
  update: { sign: "~", done: "updated", word: "update", style: "update" },
  replace: { sign: "-/+", done: "replaced", word: "replace", style: "replace" },
  delete: { sign: "-", done: "deleted", word: "delete", style: "delete" },
  conflict: { sign: "!", done: "left alone", word: "conflict", style: "conflict" },
};
const KEPT: Verb = { sign: "=", done: "kept", word: "unchanged", style: "unchanged" };

/** Sign, words and colour of a verb of a plan. */
export function verb(name: string): Verb {
  return VERBS[name] ?? KEPT;
}

const SEVERITIES: Record<Severity, { icon: string; word: string }> = {
  error: { icon: "✖", word: "error" },
  warning: { icon: "▲", word: "warning" },
  info: { icon: "●", word: "hint" },
};

/** Icon and word of a severity. */
export function severity(name: Severity): { icon: string; word: string } {
  return SEVERITIES[name];
}

const CONTROL = "\\0-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f";
const INVISIBLE = "\\xad\\u061c\\u180e\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff\\ufff9-\\ufffb\\u{e0000}-\\u{e0fff}";
const UNSAFE = new RegExp(`[${CONTROL}${INVISIBLE}]`, "gu");

/** User text with control, direction and invisible characters as escapes; line breaks and tabs stay. */
export function visible(text: string): string {
  return text.replace(UNSAFE, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}

/** As `visible`, in one line and at most `limit` characters. */
export function clipped(text: string, limit: number): string {
  const line = visible(text).replaceAll("\r", "\\r").replaceAll("\n", "\\n").replaceAll("\t", "\\t");
  return line.length <= limit ? line : `${[...line].slice(0, limit - 1).join("")}…`;
}

/** Parts of `apps/v1|Deployment|namespace|name`. */
export function parts(id: string): { kind: string; namespace: string; name: string } {
  const [, kind = "", namespace = "", ...name] = id.split("|");
  return kind === ""
    ? { kind: "", namespace: "", name: visible(id) }
    : { kind: visible(kind), namespace: visible(namespace), name: visible(name.join("|")) };
}

/** `Deployment titanic/titanic-v1` of an object's id. */
export function objectName(id: string): string {
  const { kind, namespace, name } = parts(id);
  return [kind, namespace === "" ? name : `${namespace}/${name}`].filter((part) => part !== "").join(" ");
}

/** `1 field`, `2 fields`. */
export function plural(count: number, word: string): string {
  return `${count.toLocaleString("en-GB")} ${word}${count === 1 ? "" : "s"}`;
}

/** To one decimal, which is left out when it is zero. */
export function percent(part: number, total: number): string {
  return total === 0 ? "0 %" : `${Math.round((part * 1000) / total) / 10} %`;
}
