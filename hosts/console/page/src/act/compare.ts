/** Two objects field by field: what an API server made of what it was asked, and of what was there. */

/** Any JSON. */
export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/** A field in which two objects differ. */
export interface Difference {
  /** Where, for people. */
  path: string;
  /** The value of the first; `null` where it has none. */
  before: Json;
  /** The value of the second; `null` where it has none. */
  after: Json;
}

/** A path of a plan: fields, places, or the keys of an element. */
export type Path = (string | number | Record<string, string>)[];

/** What the API server writes by itself with every change. */
const OF_THE_SERVER = [".metadata.managedFields", ".metadata.resourceVersion", ".metadata.generation", ".status"];

/** What of `asked` is otherwise in `got`, or not there. What `got` has besides does not matter. */
export function missing(asked: Json, got: Json): Difference[] {
  return walk(asked, got, false, "");
}

/** Where `after` is not `before`, apart from what was foreseen and what the server writes by itself. */
export function unforeseen(before: Json, after: Json, foreseen: Path[]): Difference[] {
  const without = (object: Json): Json => {
    const copy = structuredClone(object);
    for (const path of foreseen) clear(copy, path);
    return copy;
  };
  return walk(without(before), without(after), true, "");
}

function walk(before: Json, after: Json, bothWays: boolean, path: string): Difference[] {
  if ((isNothing(before) && (isNothing(after) || !bothWays)) || OF_THE_SERVER.includes(path)) return [];
  const [left, right] = [parts(before), parts(after)];
  if (left === undefined || right === undefined || Array.isArray(before) !== Array.isArray(after)) {
    return JSON.stringify(before) === JSON.stringify(after) ? [] : [{ path: path.replace(/^\./, ""), before, after }];
  }
  const names = bothWays ? new Set([...left.keys(), ...right.keys()]) : left.keys();
  return [...names].flatMap((name) => walk(left.get(name) ?? null, right.get(name) ?? null, bothWays, path + name));
}

/** Members by their names; items by their names, else by their places. */
function parts(value: Json): Map<string, Json> | undefined {
  if (Array.isArray(value)) return new Map(value.map((item, place): [string, Json] => [`[${nameOf(item) ?? place}]`, item]));
  if (typeof value !== "object" || value === null) return undefined;
  const step = (name: string): string => (/[./]/.test(name) ? `[${name}]` : `.${name}`);
  return new Map(Object.entries(value).map(([name, member]) => [step(name), member]));
}

function nameOf(item: Json): string | undefined {
  const name = typeof item === "object" && item !== null && !Array.isArray(item) ? item["name"] : undefined;
  return typeof name === "string" ? `name=${name}` : undefined;
}

/** Absent and empty mean the same to an API server. */
function isNothing(value: Json): boolean {
  if (value === null) return true;
  return typeof value === "object" && Object.values(value).every(isNothing);
}

/** Takes the value at a path of a plan away; the places of others stay. */
function clear(object: Json, path: Path): void {
  const last = path[path.length - 1];
  let value: Json | undefined = object;
  for (const step of path.slice(0, -1)) value = value === undefined ? undefined : child(value, step);
  if (last === undefined || value === undefined || typeof value !== "object" || value === null) return;
  if (Array.isArray(value)) {
    const place = value.findIndex((item) => item === child(value as Json, last));
    if (place >= 0) value[place] = null;
  } else if (typeof last === "string" && Object.hasOwn(value, last)) {
    value[last] = null;
  }
}

function child(value: Json, step: Path[number]): Json | undefined {
  if (Array.isArray(value)) {
    if (typeof step === "number") return value[step];
    const keys = typeof step === "string" ? [] : Object.entries(step);
    return value.find((item) => isObject(item) && keys.length > 0 && keys.every(([name, wanted]) => String(item[name]) === wanted));
  }
  return isObject(value) && typeof step === "string" && Object.hasOwn(value, step) ? value[step] : undefined;
}

function isObject(value: Json): value is { [name: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
