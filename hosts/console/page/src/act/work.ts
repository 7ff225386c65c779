/** The parts of `plan/v1` that are carried out: requests and changes stay the bytes that the component wrote. */

import type { Action as Planned, Charge, Guard, Waiting as Held } from "modelwright";
import type { Call } from "../cluster/call";
import type { Reference } from "../cluster/observe";
import { rawItems, rawMembers } from "../cluster/raw";

/** One API call; its request is the text that the component wrote. */
export interface Action extends Omit<Planned, "request" | "reason" | "verb"> {
  verb: string;
  call: Call;
}

/** What a gate holds back. */
export type Waiting = Pick<Held, "object" | "gate" | "facts" | "text">;

/** The status of a custom resource. */
export interface Status {
  object: string;
  state: string;
  /** Why something does not hold; empty where everything does. */
  why: string;
  /** The request that writes it; `undefined` where nothing is to be written. */
  call: Call | undefined;
}

/** What happens to an object. */
export interface Subject {
  observed: Guard;
  /** Differences, as they were written. */
  changes: string;
}

/** A plan to carry out. */
export interface Work {
  /** Where another host makes what custom resources need: then only those are written here. */
  others: Charge[];
  /** Totals in one line. */
  summary: string;
  /** By the objects' ids. */
  objects: Map<string, Subject>;
  actions: Action[];
  waiting: Waiting[];
  statuses: Status[];
}

interface Condition {
  status?: string;
  message?: string;
}

/** Reads a plan. */
export function workOf(plan: string): Work {
  const parts = rawMembers(plan);
  const summary: { text?: string } = JSON.parse(parts.get("summary") ?? "{}");
  const waiting: Waiting[] = JSON.parse(parts.get("waiting") ?? "[]");
  const others: Charge[] = JSON.parse(parts.get("carriedOutBy") ?? "[]");
  return {
    others,
    summary: summary.text ?? "",
    objects: new Map(rawItems(parts.get("objects") ?? "[]").map(subjectOf)),
    actions: rawItems(parts.get("actions") ?? "[]").map(actionOf),
    waiting,
    statuses: rawItems(parts.get("statuses") ?? "[]").map(statusOf),
  };
}

function subjectOf(text: string): [string, Subject] {
  const parts = rawMembers(text);
  const id: string = JSON.parse(parts.get("id") ?? '""');
  const observed: Guard = JSON.parse(parts.get("observed") ?? '{"uid":"","resourceVersion":""}');
  return [id, { observed, changes: parts.get("changes") ?? "[]" }];
}

function actionOf(text: string): Action {
  const parts = rawMembers(text);
  const action: Omit<Action, "call"> = JSON.parse(text);
  const { id, object, verb, after, disruptive, destructive, dataLoss, expect } = action;
  return {
    id,
    object,
    verb,
    after,
    disruptive,
    destructive,
    dataLoss,
    text: action.text,
    expect,
    call: callOf(parts.get("request") ?? "{}"),
  };
}

function callOf(text: string): Call {
  const { method, path, query, contentType }: Omit<Call, "body"> = JSON.parse(text);
  const body = rawMembers(text).get("body") ?? "null";
  return { method, path, query, contentType, body: body === "null" ? "" : body };
}

function statusOf(text: string): Status {
  const found: { object: string; status: { state?: string; conditions?: Condition[] } } = JSON.parse(text);
  const wrong = found.status.conditions?.find((condition) => condition.status === "False" && condition.message !== "");
  const call = rawMembers(text).get("request") ?? "null";
  return {
    object: found.object,
    state: found.status.state ?? "",
    why: wrong?.message ?? "",
    call: call === "null" ? undefined : callOf(call),
  };
}

/** Whether it moves a route or takes something away: then the object is read again right before. */
export function isGrave(action: Action): boolean {
  return action.destructive || (action.verb === "update" && action.object.includes("|VirtualService|"));
}

/**
 * What would be done, in one hash for each action: object, verb, uid, and every change with its values before and after. What other
 * people do beside it does not matter. The command line has the same hashes.
 */
export async function hashes(work: Work): Promise<Set<string>> {
  return new Set(await Promise.all(work.actions.map((action) => hashOfAction(work, action))));
}

/** The hash of one action of a plan. */
export function hashOfAction(work: Work, action: Action): Promise<string> {
  const subject = work.objects.get(action.object);
  return sha256(subject === undefined ? action.id : `${action.id}\n${subject.observed.uid}\n${subject.changes}`);
}

/** One hash for all of them: what one agrees to. Empty for a plan that does nothing. */
export async function hashOf(all: Set<string>): Promise<string> {
  return all.size === 0 ? "" : sha256([...all].sort().join("\n"));
}

/** As lower-case hexadecimal. A browser has it on loopback and https only; nothing else may write. */
async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Whether every custom resource is what it should be and stays so. */
export function isSettled(work: Work): boolean {
  return work.actions.length === 0 && work.waiting.length === 0 && work.statuses.every((status) => status.state === "available");
}

/** What can change while nothing is done: what waits and why, and the states. */
export function facts(work: Work): string {
  const waiting = work.waiting.map((one) => `${one.object} ${one.gate} ${one.facts}`);
  return [...waiting, ...work.statuses.map((status) => `${status.object} ${status.state}`)].join("\n");
}

/** Whether an object's id is that of a custom resource. */
export function is(reference: Reference, id: string): boolean {
  return id === `mlops.internal/v1alpha1|${reference.kind}|${reference.namespace}|${reference.name}`;
}

/** `Deployment titanic/titanic-v1` of an object's id. */
export function nameOf(id: string): string {
  const [, kind = id, namespace = "", name = ""] = id.split("|");
  return namespace === "" ? `${kind} ${name}`.trim() : `${kind} ${namespace}/${name}`;
}
