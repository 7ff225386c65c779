/** A live object → the same object after the changes of a plan. */

import type { Change, KubeObject, Path, PathStep } from "./types";

const MASK = "(sensitive value)";

/** Both sides of a comparison: what is live, and what it will be. Sensitive values are masked on both. */
export function sides(live: KubeObject, changes: Change[]): { before: KubeObject; after: KubeObject } {
  const before = redacted(live);
  const after = structuredClone(before);
  for (const change of changes) {
    if (change.sensitive) put(before, change.path, MASK, false);
    if (change.op === "remove") drop(after, change.path);
    else if (change.op === "add" || change.op === "change" || change.op === "conflict") {
      put(after, change.path, change.sensitive ? `${MASK}, changed` : change.after, true);
    }
  }
  return { before, after };
}

/** Without the book-keeping of field managers, and without the data of Secrets. */
export function redacted(object: KubeObject): KubeObject {
  const copy = structuredClone(object);
  const metadata = copy["metadata"];
  if (isObject(metadata)) {
    delete metadata["managedFields"];
    if (isObject(metadata["annotations"])) delete metadata["annotations"]["kubectl.kubernetes.io/last-applied-configuration"];
  }
  if (copy["kind"] === "Secret") {
    for (const field of ["data", "stringData"]) {
      const data = copy[field];
      if (isObject(data)) for (const name of Object.keys(data)) set(data, name, MASK);
    }
  }
  return copy;
}

function put(root: KubeObject, path: Path, value: unknown, create: boolean): void {
  let at: unknown = root;
  path.forEach((step, index) => {
    if (index === path.length - 1) {
      assign(at, step, value, create);
      return;
    }
    let next = child(at, step);
    if (next === undefined && create) {
      next = typeof path[index + 1] === "string" ? {} : [];
      assign(at, step, next, true);
    }
    at = next;
  });
}

function drop(root: KubeObject, path: Path): void {
  let at: unknown = root;
  for (const step of path.slice(0, -1)) at = child(at, step);
  const step = path.at(-1);
  if (Array.isArray(at) && step !== undefined) {
    const index = position(at, step);
    if (index >= 0) at.splice(index, 1);
  } else if (isObject(at) && typeof step === "string") {
    delete at[step];
  }
}

function child(at: unknown, step: PathStep): unknown {
  if (Array.isArray(at)) return at[position(at, step)];
  return isObject(at) && typeof step === "string" && Object.hasOwn(at, step) ? at[step] : undefined;
}

function assign(at: unknown, step: PathStep, value: unknown, create: boolean): void {
  if (Array.isArray(at)) {
    const index = position(at, step);
    if (index >= 0) at[index] = value;
    else if (create) at.push(value);
  } else if (isObject(at) && typeof step === "string" && (create || Object.hasOwn(at, step))) {
    set(at, step, value);
  }
}

/** Where an item of a list is: by index, or by its keys. */
function position(list: unknown[], step: PathStep): number {
  if (typeof step === "number") return step < list.length ? step : -1;
  if (typeof step === "string") return -1;
  const keys = Object.entries(step);
  return list.findIndex((item) => isObject(item) && keys.every(([key, value]) => String(item[key] ?? "") === String(value)));
}

/** Own property whatever its name: `__proto__` is a key like any other. */
function set(object: KubeObject, name: string, value: unknown): void {
  Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
}

function isObject(value: unknown): value is KubeObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
