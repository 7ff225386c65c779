/**
 * A rehearsal: the API server does with every request of a plan what it would do, but stores nothing. What it says is compared with
 * what the plan says.
 */

import { type Client, dry, isFine, messageOf, type Patience, refused } from "../cluster/call";
import { atOnce } from "../cluster/observe";
import { type Difference, type Json, missing, type Path, unforeseen } from "./compare";
import type { Step } from "./rollout";
import type { Action } from "./work";

/** Requests that are under way at once. */
const AT_ONCE = 5;

/** What the API server says to one request. */
export interface Trial {
  /** The object's id. */
  object: string;
  verb: string;
  /** Why it is refused; empty where it is not. */
  refusal: string;
  /** What the server warns of. */
  warnings: string[];
  /** Fields that it would not make as they were asked. */
  missing: Difference[];
  /** Fields that would change though the plan does not say so. */
  unforeseen: Difference[];
}

/** What it says to a plan. */
export interface Rehearsal {
  /** In the order of the plan. */
  trials: Trial[];
  /** What could not be asked: the object's id, and why. */
  unasked: { object: string; why: string }[];
}

/** Whether the server does what the plan says. */
export function agrees(trial: Trial): boolean {
  return trial.refusal === "" && trial.missing.length === 0 && trial.unforeseen.length === 0;
}

/** Has every request of a plan tried. */
export async function rehearse(client: Client, { observed, work }: Step, patience: Patience): Promise<Rehearsal> {
  const objects = new Map(observed.objects.map((text) => [idOf(text), text]));
  const deleted = new Set(work.actions.filter(isDelete).map((action) => action.object));
  // It would be held against the object that is still there.
  const isLater = (action: Action): boolean => !isDelete(action) && deleted.has(action.object);
  const now = work.actions.filter((action) => !isLater(action));
  const trials = await atOnce(now, AT_ONCE, (action) => {
    const changes: { path: Path }[] = JSON.parse(work.objects.get(action.object)?.changes ?? "[]");
    return attempt(
      client,
      action,
      objects.get(action.object),
      changes.map((change) => change.path),
      patience,
    );
  });
  const replaced = work.actions
    .filter(isLater)
    .map(({ object }) => ({ object, why: "the object that it replaces is still there" }));
  const waiting = work.waiting.map(({ object, gate }) => ({
    object,
    why: gate === "owner" ? "its owner does not exist yet" : `it waits (${gate})`,
  }));
  return { trials, unasked: [...replaced, ...waiting] };
}

async function attempt(
  client: Client,
  action: Action,
  live: string | undefined,
  foreseen: Path[],
  patience: Patience,
): Promise<Trial> {
  const call = dry(action.call);
  const answer = await client.call(call, patience);
  const trial: Trial = {
    object: action.object,
    verb: action.verb,
    refusal: "",
    warnings: answer.warnings,
    missing: [],
    unforeseen: [],
  };
  if (!isFine(answer) && !action.expect.gone.includes(answer.code)) {
    return { ...trial, refusal: answer.code === 403 ? refused(call, answer).message : messageOf(answer) };
  }
  if (isDelete(action)) return trial;
  const asked: Json = JSON.parse(action.call.body);
  const got: Json = JSON.parse(answer.body);
  const without = missing(asked, got);
  // A merge patch says by itself what it changes; an apply names every field that is meant.
  const patched = action.call.contentType === "application/merge-patch+json" ? named(asked) : [];
  const changed = live === undefined ? [] : unforeseen(JSON.parse(live), got, [...foreseen, ...patched]);
  // Those that are not as they were asked have been said.
  return { ...trial, missing: without, unforeseen: changed.filter((field) => without.every((said) => said.path !== field.path)) };
}

/** The fields that a merge patch names, as paths. */
function named(patch: Json): Path[] {
  if (typeof patch !== "object" || patch === null || Array.isArray(patch)) return [[]];
  return Object.entries(patch).flatMap(([name, value]) => named(value).map((path) => [name, ...path]));
}

function isDelete(action: Action): boolean {
  return action.call.method === "DELETE";
}

function idOf(text: string): string {
  const { apiVersion, kind, metadata }: { apiVersion: string; kind: string; metadata: { namespace?: string; name: string } } =
    JSON.parse(text);
  return `${apiVersion}|${kind}|${metadata.namespace ?? ""}|${metadata.name}`;
}
