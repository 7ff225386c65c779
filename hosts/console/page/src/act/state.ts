/** What is about to be done, and what is being done. Kept here, so that a run goes on while another view is shown. */

import { batch, signal } from "@preact/signals";
import { leave, take } from "../cluster/state";
import { missing } from "../cluster/rights";
import type { Reference } from "../cluster/observe";
import { type Input, namespacesOf, POLICY } from "../cluster/request";
import { get } from "../cluster/call";
import { leaseCalls } from "./lease";
import { type Rehearsal, rehearse } from "./rehearse";
import { deletesOf, type End, type Host, Rollout, type Step, step, type Terms, tooMany } from "./rollout";
import { type Action, hashes, hashOf, isGrave, nameOf, type Waiting } from "./work";
import { resourcesText } from "../state";
import type { Fate } from "./round";

/** A plan that somebody is asked about. */
export interface Asked {
  host: Host;
  input: Input;
  /** The text of the custom resources that it is about. */
  written: string;
  step: Step;
  /** Of what would be done; empty: nothing is to be done now. */
  hash: string;
  /** Objects that are deleted in this round and in those that follow. */
  deletes: number;
  /** Why it may not be begun; empty: it may. */
  objection: string;
  /** Rights that are needed and missing; `undefined`: nobody says. */
  missing: string[] | undefined;
  /** How the last run ended, where this plan follows from it. */
  after: End | null;
}

/** A line of what happened. */
export interface Line {
  /** Milliseconds since the beginning. */
  time: number;
  kind: "done" | "note" | "trouble";
  text: string;
}

/** What is waited for, and since when. */
export interface Wait {
  waiting: Waiting;
  /** As `performance.now` counts. */
  since: number;
}

/** A run. */
export interface Run {
  rollout: Rollout;
  began: number;
  /** The actions of this round with what became of them. */
  actions: Map<string, { action: Action; fate: "todo" | "running" | Fate }>;
  round: number;
  lines: Line[];
  waits: Wait[];
  isStopping: boolean;
}

/** Where it is. */
export type Phase =
  | { kind: "idle" }
  | { kind: "reading" }
  | { kind: "failed"; why: string }
  | { kind: "asked"; asked: Asked }
  | { kind: "running"; run: Run }
  | { kind: "ended"; end: End; lines: Line[] };

/** The switch: nothing is written while it is off. */
export const writes = signal(false);
export const phase = signal<Phase>({ kind: "idle" });
export const rehearsal = signal<Rehearsal | "running" | { why: string } | null>(null);
export const terms = signal<Terms>({ wait: true, timeout: 600_000, allowDeletes: 20 });

/** Observes and plans, to ask. */
export async function look(host: Host, input: Input, after: End | null = null): Promise<void> {
  batch(() => {
    phase.value = { kind: "reading" };
    rehearsal.value = null;
  });
  try {
    const seen = await step(host, input, { tries: 2 });
    take(seen.reads);
    phase.value = { kind: "asked", asked: await asked(host, input, seen, after) };
  } catch (error) {
    phase.value = { kind: "failed", why: sentence(error) };
  }
}

async function asked(host: Host, input: Input, seen: Step, after: End | null): Promise<Asked> {
  const deletes = await deletesOf(host, input, seen);
  const allowed = terms.value.allowDeletes;
  const objection = deletes > allowed ? tooMany(deletes, allowed) : "";
  return {
    host,
    input,
    written: resourcesText.value,
    step: seen,
    hash: await hashOf(await hashes(seen.work)),
    deletes,
    objection,
    missing: await lacking(host, input, seen),
    after,
  };
}

/** The rights that the plan needs and the user lacks: for its requests, what is read before the grave ones, statuses and Leases. */
async function lacking(host: Host, input: Input, seen: Step): Promise<string[] | undefined> {
  const { actions, statuses } = seen.work;
  if (actions.length === 0) return [];
  const reads = actions.filter(isGrave).map((action) => get(action.call.path));
  const leases = namespacesOf(input, host.namespace).flatMap(leaseCalls);
  return missing(host.client, [
    ...actions.map((action) => action.call),
    ...reads,
    ...statuses.flatMap(({ call }) => call ?? []),
    ...leases,
  ]);
}

/** Has the API server try the plan that is asked about. */
export async function tryOut({ host, step: seen }: Asked): Promise<void> {
  rehearsal.value = "running";
  try {
    rehearsal.value = await rehearse(host.client, seen, { tries: 2 });
  } catch (error) {
    rehearsal.value = { why: sentence(error) };
  }
}

/** Does what was agreed to. */
export async function begin({ host, input, step: seen }: Asked): Promise<void> {
  const began = performance.now();
  let current: Run;
  let last = seen;
  const change = (more: Partial<Run>): void => {
    current = { ...current, ...more };
    if (phase.value.kind === "running") phase.value = { kind: "running", run: current };
  };
  const say = (kind: Line["kind"], text: string): void =>
    change({ lines: [...current.lines, { time: performance.now() - began, kind, text }] });
  const rollout = new Rollout(host, input, terms.value, {
    stepped: (now) => {
      last = now;
      take(now.reads);
    },
    round: (actions) => {
      const todo = actions.map((action) => [action.id, { action, fate: "todo" as const }] as const);
      change({ round: current.round + 1, actions: new Map(todo), waits: [] });
    },
    action: (action, fate) => {
      change({ actions: new Map(current.actions).set(action.id, { action, fate }) });
      if (fate === "running") return;
      if (fate.kind === "done") say("done", `${nameOf(action.object)} ${DONE[action.verb] ?? action.verb}`);
      if (fate.kind === "done")
        for (const warning of fate.warnings) say("note", `${nameOf(action.object)}: the server warns: ${warning}`);
      if (fate.kind === "failed") say("trouble", `${nameOf(action.object)}: ${fate.trouble.message}`);
    },
    waits: (waiting) => change({ waits: merged(current.waits, waiting) }),
    note: (text) => say("note", text),
  });
  current = { rollout, began, actions: new Map(), round: 0, lines: [], waits: [], isStopping: false };
  batch(() => {
    phase.value = { kind: "running", run: current };
    rehearsal.value = null;
  });
  leave(true);
  addEventListener("beforeunload", warn);
  const end = await rollout.run(seen);
  removeEventListener("beforeunload", warn);
  leave(false);
  // What is planned now is shown, and nothing of it is done before somebody agrees.
  if (end.kind === "differs") phase.value = { kind: "asked", asked: await asked(host, input, last, end) };
  else phase.value = { kind: "ended", end, lines: current.lines };
}

/** A page that is closed writes nothing more; whoever closes it is asked. */
function warn(event: BeforeUnloadEvent): void {
  event.preventDefault();
}

/** Ends a run after what is under way. */
export function stop(): void {
  if (phase.value.kind !== "running") return;
  phase.value.run.rollout.stop();
  phase.value = { kind: "running", run: { ...phase.value.run, isStopping: true } };
}

/** What is asked: the custom resources as written, or these to be deleted. */
export function inputOf(resources: string[], references: Reference[], allowDataLoss: boolean): Input {
  return { resources, delete: references, policy: POLICY, allowDataLoss, previous: "" };
}

const DONE: { [verb: string]: string } = {
  create: "created",
  update: "updated",
  replace: "deleted, to be made anew",
  delete: "deleted",
};

/** Those that are waited for still keep the time since when. */
function merged(before: Wait[], waiting: Waiting[]): Wait[] {
  const known = new Map(before.map((one) => [`${one.waiting.object} ${one.waiting.gate}`, one.since]));
  return waiting.map((one) => ({ waiting: one, since: known.get(`${one.object} ${one.gate}`) ?? performance.now() }));
}

function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
