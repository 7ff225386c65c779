/** Texts → objects with their places. A document that did not change is not read again. */

import {
  isCollection,
  isMap,
  isPair,
  isScalar,
  isSeq,
  parseAllDocuments,
  parseDocument,
  type Document,
  type Node,
  type Tags,
} from "yaml";
import type { Finding, KubeObject, Place, Resource, Text } from "./types";

const API = "mlops.internal/v1alpha1";
const KINDS = ["Model", "EndpointConfig", "Endpoint"];
/** The one code that speaks of a name, not of its value. */
const UNKNOWN_FIELD = "UnknownField";

/** A text between two separators, read. Offsets are relative to it. */
interface Chunk {
  objects: { value: KubeObject; json: string; document(): Document; prefix: (string | number)[] }[];
  mistakes: { code: string; message: string; help: string; from: number; to: number }[];
}

/** One object of a text. */
export interface Located {
  value: KubeObject;
  json: string;
  /** As the planner calls it. */
  label: string;
  resource: Resource;
  locate(path: string, code: string): Place;
  /** What to do about a value that is read otherwise than it is written; empty: nothing. */
  hint(path: string): string;
}

/** A text, read. */
export interface Reading {
  objects: Located[];
  findings: Finding[];
}

/** Reads one of the two texts again and again. */
export class Reader {
  #chunks = new Map<string, Chunk>();

  constructor(readonly text: Text) {}

  /** Every object of the text, and what is wrong with it as YAML. `namespace` is that of what names none. */
  read(source: string, namespace: string): Reading {
    const lines = lineStarts(source);
    const kept = new Map<string, Chunk>();
    const reading: Reading = { objects: [], findings: [] };
    for (const [start, text] of split(source)) {
      const chunk = kept.get(text) ?? this.#chunks.get(text) ?? parse(text);
      kept.set(text, chunk);
      this.#add(reading, chunk, namespace, (from, to) => place(this.text, lines, start + from, start + to));
    }
    this.#chunks = kept;
    return reading;
  }

  #add(reading: Reading, chunk: Chunk, namespace: string, placed: (from: number, to: number) => Place): void {
    for (const mistake of chunk.mistakes) {
      const { code, message, help, from, to } = mistake;
      reading.findings.push({ severity: "error", code, object: "", path: "", message, help, place: placed(from, to) });
    }
    for (const { value, json, document, prefix } of chunk.objects) {
      const locate = (path: string, code: string) =>
        placed(...range(document(), [...prefix, ...steps(path)], code === UNKNOWN_FIELD));
      const hint = (path: string) => spelled(document(), [...prefix, ...steps(path)]);
      reading.objects.push(named(value, json, namespace, locate, hint));
    }
  }
}

/** Objects that are none of our kinds are mistakes; the others stay. */
export function customResources(reading: Reading): Reading {
  const findings = [...reading.findings];
  const objects = reading.objects.filter((object) => {
    const { apiVersion, kind } = object.value;
    if (apiVersion === API && KINDS.includes(String(kind))) return true;
    const message =
      typeof kind === "string" && kind !== ""
        ? `${kind} of ${String(apiVersion ?? "no apiVersion")} is not a kind that Modelwright deploys`
        : "an object needs apiVersion and kind";
    const help = `one of ${KINDS.join(", ")} of ${API}; objects of the cluster go into the live objects`;
    findings.push({ severity: "error", code: "NotOurs", object: "", path: "", message, help, place: object.locate("/kind", "") });
    return false;
  });
  return { objects, findings };
}

/** `apps/v1|Deployment|namespace|name`, as plans name objects. */
export function idOf(object: KubeObject): string {
  const metadata = member(object, "metadata");
  return [object["apiVersion"], object["kind"], text(metadata, "namespace"), text(metadata, "name")]
    .map((part) => String(part ?? ""))
    .join("|");
}

function named(value: KubeObject, json: string, namespace: string, locate: Located["locate"], hint: Located["hint"]): Located {
  const metadata = member(value, "metadata");
  if (namespace !== "" && metadata && !text(metadata, "namespace")) {
    value = { ...value, metadata: { ...metadata, namespace } };
    json = JSON.stringify(value);
  }
  const parts = {
    kind: text(value, "kind"),
    namespace: text(member(value, "metadata"), "namespace"),
    name: text(metadata, "name"),
  };
  const label = [parts.kind, parts.namespace, parts.name].filter((part, index) => part !== "" || index === 2).join("/");
  return { value, json, label, locate, hint, resource: { id: idOf(value), ...parts } };
}

function member(object: KubeObject | null, name: string): KubeObject | null {
  const value = object?.[name];
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as KubeObject) : null;
}

function text(object: KubeObject | null, name: string): string {
  const value = object?.[name];
  return typeof value === "string" ? value : "";
}

/** Documents begin at lines that start with `---`; nothing inside a document may. */
function* split(source: string): Generator<[start: number, text: string]> {
  const separator = /^---(?=\s|$)/gm;
  let start = 0;
  for (const match of source.matchAll(separator)) {
    if (match.index > start) yield [start, source.slice(start, match.index)];
    start = match.index;
  }
  if (start < source.length) yield [start, source.slice(start)];
}

/** What Kubernetes reads is YAML 1.1 without base 60, times and binary data. */
const customTags = (tags: Tags): Tags =>
  tags.filter((tag) => typeof tag === "string" || !(tag.format === "TIME" || /:(timestamp|binary)$/.test(tag.tag)));

const OPTIONS = { version: "1.1", customTags, prettyErrors: false, logLevel: "silent" } as const;

function parse(text: string): Chunk {
  const chunk: Chunk = { objects: [], mistakes: [] };
  const object = json(text);
  if (object) {
    let document: Document | null = null;
    take(chunk, object, () => (document ??= parseDocument(text, OPTIONS)));
    return chunk;
  }
  try {
    const documents = parseAllDocuments(text, OPTIONS);
    for (const document of Array.isArray(documents) ? documents : []) check(chunk, document);
  } catch (error) {
    chunk.objects = [];
    chunk.mistakes.push({ code: "Unreadable", message: sentence(error), help: "", from: 0, to: text.length });
  }
  return chunk;
}

/** What kubectl prints as JSON is large, and needs no reader of YAML unless a place in it is wanted. */
function json(text: string): KubeObject | null {
  const start = text.replace(/^---[ \t]*\n/, "").trimStart();
  if (!start.startsWith("{")) return null;
  try {
    return JSON.parse(start) as KubeObject;
  } catch {
    return null;
  }
}

function check(chunk: Chunk, document: Document): void {
  for (const error of document.errors) {
    chunk.mistakes.push({ code: "Yaml", message: error.message, help: "", from: error.pos[0], to: error.pos[1] });
  }
  if (document.errors.length > 0 || document.contents === null) return;
  const value: unknown = document.toJS({ maxAliasCount: 100 });
  if (value === null) return;
  if (typeof value !== "object" || Array.isArray(value)) {
    const [from, to] = range(document, [], false);
    chunk.mistakes.push({
      code: "NoObject",
      message: "a document is an object with apiVersion, kind and metadata",
      help: "",
      from,
      to,
    });
    return;
  }
  take(chunk, value as KubeObject, () => document);
}

/** An object, or what a list holds. */
function take(chunk: Chunk, object: KubeObject, document: () => Document): void {
  const items = object["items"];
  if (String(object["kind"] ?? "").endsWith("List") && Array.isArray(items)) {
    items.forEach((item: unknown, index) => {
      if (typeof item === "object" && item !== null) add(chunk, item as KubeObject, document, ["items", index]);
    });
  } else {
    add(chunk, object, document, []);
  }
}

function add(chunk: Chunk, value: KubeObject, document: () => Document, prefix: (string | number)[]): void {
  chunk.objects.push({ value, json: JSON.stringify(value), document, prefix });
}

function sentence(error: unknown): string {
  if (error instanceof RangeError) return "this is nested too deep";
  return error instanceof Error ? error.message : String(error);
}

/** A JSON Pointer's steps. */
function steps(pointer: string): string[] {
  return pointer
    .split("/")
    .slice(1)
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** Where the deepest part of a path is that is written: a value, or the name of what has no single line. */
function range(document: Document, path: (string | number)[], name: boolean): [from: number, to: number] {
  let node: unknown = document.contents;
  let key: unknown = null;
  for (const step of path) {
    const pair = isMap(node) ? node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(step)) : null;
    if (pair) {
      key = pair.key;
      node = pair.value;
    } else if (isSeq(node) && node.items[Number(step)] !== undefined) {
      node = node.items[Number(step)];
      key = isMap(node) && !node.flow ? node.items[0]?.key : null;
    } else {
      return span(key ?? node);
    }
  }
  if (name && key) return span(key);
  if (isCollection(node)) return span(key ?? (isMap(node) && isPair(node.items[0]) ? node.items[0].key : node));
  return span(node ?? key);
}

/** `namespace: n` is `false`. */
function spelled(document: Document, path: (string | number)[]): string {
  const node = document.getIn(path, true);
  if (!isScalar(node) || node.type !== "PLAIN" || typeof node.value === "string" || node.value === null) return "";
  if (node.source === undefined || node.source === JSON.stringify(node.value)) return "";
  return `Kubernetes reads \`${node.source}\` as ${JSON.stringify(node.value)}; put it in quotes to mean the text`;
}

function span(node: unknown): [from: number, to: number] {
  const range = (node as Node | null)?.range;
  return range ? [range[0], Math.max(range[1], range[0])] : [0, 0];
}

function lineStarts(source: string): number[] {
  const starts = [0];
  for (let at = source.indexOf("\n"); at >= 0; at = source.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}

function place(text: Text, lines: number[], from: number, to: number): Place {
  let low = 0;
  let high = lines.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((lines[middle] ?? 0) <= from) low = middle;
    else high = middle - 1;
  }
  return { text, from, to, line: low + 1, column: from - (lines[low] ?? 0) + 1 };
}
