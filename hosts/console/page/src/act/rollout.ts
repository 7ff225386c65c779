/**
 * A roll-out: observe, plan, carry out what is not held back, and again, until nothing is left to do or nothing more can happen.
 *
 * Decisions are the component's: which requests, in which order, what waits for what. Here is only when they are sent, by the rules
 * of the command line: all of it under a Lease for each namespace, what takes something away from a fresh observation, at most so
 * many deletes, and nothing that nobody has agreed to.
 */

import { type Client, type Patience, PATIENT, refused, sleep, Trouble } from "../cluster/call";
import { type Ask, atOnce, gathered, observe, type Observed, type Read } from "../cluster/observe";
import { type Input, namespacesOf, now, parents, request } from "../cluster/request";
import { identity, Lease, RENEWAL } from "./lease";
import { doneNow, type Fate, perform, type Watcher } from "./round";
import {
  type Action,
  facts,
  hashes,
  hashOfAction,
  is,
  isSettled,
  nameOf,
  type Status,
  type Waiting,
  type Work,
  workOf,
} from "./work";

/** The first pause while something is waited for; each one after it is half as long again. */
const PAUSE = 400;
const LONGEST = 5_000;
/** How often a stop is looked for. */
const TICK = 100;
/** Statuses that are written at once. */
const AT_ONCE = 4;
/** How often the same action may meet a changed world. */
const SURPRISES = 8;

/** The API server, the component, and what both are asked about. */
export interface Host {
  client: Client;
  ask: Ask;
  /** The namespace of what names none. */
  namespace: string;
}

/** How it is watched over. */
export interface Terms {
  /** Whether it goes on until everything is done, or nothing more can happen. */
  wait: boolean;
  /** How long, in milliseconds. */
  timeout: number;
  /** How many objects may be deleted. */
  allowDeletes: number;
}

/** An observation and the plan for it. */
export interface Step {
  reads: Read[];
  observed: Observed;
  /** The plan as the component wrote it. */
  plan: string;
  work: Work;
}

/** What is told while it runs. */
export interface Listener {
  /** A new observation and its plan. */
  stepped: (step: Step) => void;
  /** A round begins with these actions. */
  round: (actions: Action[]) => void;
  /** What is happening to an action. */
  action: (action: Action, fate: "running" | Fate) => void;
  /** What is waited for now. */
  waits: (waiting: Waiting[]) => void;
  /** Anything else that is worth a line. */
  note: (text: string) => void;
}

/** How it ended. */
export interface End {
  kind: "done" | "held" | "failed" | "time-up" | "not-waited" | "differs" | "stopped" | "refused";
  /** One sentence. */
  text: string;
  /** What is left, and why. */
  waiting: Waiting[];
}

/** Observes and plans. Throws `Trouble` where the cluster cannot be read, or the component does not take what was read. */
export async function step(host: Host, input: Input, patience: Patience): Promise<Step> {
  const namespaces = namespacesOf(input, host.namespace);
  const reads = await observe(host.client, host.ask, parents(input), namespaces, patience);
  const observed = gathered(reads, namespaces);
  const [missing] = observed.missingNamespaces;
  if (missing !== undefined)
    throw new Trouble(404, `namespace ${missing} does not exist: \`kubectl create namespace ${missing}\` makes it`);
  const plan = await ok(host.ask, "plan", request(input, observed, now()));
  return { reads, observed, plan, work: workOf(plan) };
}

/** The answer of the component as text. */
async function ok(ask: Ask, operation: string, text: string): Promise<string> {
  const answer = await ask(operation, text);
  const prefix = '{"ok":';
  if (answer.startsWith(prefix)) return answer.slice(prefix.length, -1);
  const found: { failure?: { diagnostics?: { message?: string }[] } } = JSON.parse(answer);
  const sentences = found.failure?.diagnostics?.map((diagnostic) => diagnostic.message) ?? [];
  throw new Trouble(0, `the planner does not take this: ${sentences.join("; ")}`);
}

/** Rounds that are foreseen, as far as they are looked at. */
interface Forecast {
  rounds: { actions: { id: string; destructive?: boolean }[] }[];
  end: { waiting: Waiting[] };
}

async function forecast(host: Host, input: Input, observed: Observed): Promise<Forecast> {
  return JSON.parse(await ok(host.ask, "forecast", request(input, observed, now())));
}

/** How many objects will be deleted, in whichever round. */
export async function deletesOf(host: Host, input: Input, begun: Step): Promise<number> {
  const deletes = begun.work.actions.filter((action) => action.destructive).length;
  if (deletes === 0) return 0;
  const { rounds } = await forecast(host, input, begun.observed);
  return rounds.flatMap((round) => round.actions).filter((action) => action.destructive).length;
}

/** A roll-out of what somebody has agreed to. */
export class Rollout implements Watcher {
  private readonly host: Host;
  private input: Input;
  private readonly terms: Terms;
  private readonly listener: Listener;
  private readonly stopping = new AbortController();
  private readonly patience: Patience;
  private readonly leases: Lease[] = [];
  /** Whether no other run writes: every namespace has our Lease, or can have none. */
  private isAlone = false;
  private renewed = 0;
  /** The hashes of what was agreed to and is not done. */
  private agreed = new Set<string>();
  private deletes = 0;
  private done = 0;
  /** Why the last round ended early; empty: it did not. */
  private surprise = "";
  private failed: Trouble | undefined;
  /** How often an action met a changed world. */
  private readonly surprises = new Map<string, number>();
  /** What updates changed, by object, as the plan wrote it. What comes again was undone by somebody. */
  private readonly performed = new Map<string, { uid: string; changes: string }>();
  private finished = new Set<string>();
  /** The uids of what is to be deleted. */
  private going: string[] = [];
  private readonly waitedForPods = new Set<string>();

  constructor(host: Host, input: Input, terms: Terms, listener: Listener) {
    this.host = host;
    this.input = input;
    this.terms = terms;
    this.listener = listener;
    const again = (why: string, milliseconds: number): void => listener.note(`${why}; trying again in ${milliseconds / 1000} s`);
    this.patience = { tries: PATIENT, signal: this.stopping.signal, again };
  }

  /** Ends it after what is under way. */
  stop(): void {
    this.stopping.abort();
  }

  /** Carries out what was shown, whose hashes were agreed to, and what follows from it. Never throws. */
  async run(shown: Step): Promise<End> {
    let end: End;
    try {
      end = await this.all(shown);
    } catch (error) {
      end = ended("refused", this.stoppedBy(error instanceof Error ? error.message : String(error)));
    }
    // Also after a failure: the next run should not have to wait.
    for (const lease of this.leases) {
      await lease.release().catch((error: unknown) => this.listener.note(`the next run has to wait: ${String(error)}`));
    }
    return end;
  }

  private async all(shown: Step): Promise<End> {
    const { delete: references } = this.input;
    const named = [...shown.work.objects].filter(([id]) => references.some((reference) => is(reference, id)));
    this.going = named.map(([, subject]) => subject.observed.uid).filter((uid) => uid !== "");
    let current = shown;
    if (shown.work.actions.length > 0) {
      this.agreed = await hashes(shown.work);
      if (!(await this.takeLeases())) return this.interrupted();
      current = await this.step();
      // What nobody has agreed to is not done.
      if (!same(await hashes(current.work), this.agreed)) {
        return ended("differs", "The cluster has changed since the plan was shown: nothing was done. This is the plan now.");
      }
    }
    return this.rounds(current);
  }

  private async rounds(first: Step): Promise<End> {
    const deadline = performance.now() + this.terms.timeout;
    let current = first;
    let pause = PAUSE;
    let before = "";
    let asked = false;
    for (;;) {
      const { work } = current;
      const isIdle = work.actions.length === 0 || this.isForLater(work);
      const end = isIdle ? await this.writeStatuses(work.statuses) : await this.round(work);
      if (end !== undefined) return end;
      if (isIdle) {
        const is = facts(work);
        // While facts change, more will: what can follow is asked once they stand still.
        const still = is === before;
        const rest = await this.atRest(current, still && !asked, deadline);
        if (rest !== undefined) return rest;
        this.listener.waits(this.waiting(work));
        [pause, asked, before] = still ? [Math.min(pause * 1.5, LONGEST), true, before] : [PAUSE, false, is];
        if (!(await this.sleep(Math.min(pause, deadline - performance.now())))) return this.interrupted();
      }
      const interrupted = current;
      current = await this.step();
      if (this.surprise !== "" && !(await this.isAgreed(current.work, interrupted))) {
        const text = `${this.surprise}. Planned again: this is more than was agreed to, so it is asked again.`;
        return ended("differs", this.stoppedBy(text));
      }
      this.surprise = "";
    }
  }

  /**
   * Whether a plan that follows a surprise does only what was agreed to: what the interrupted one would have done, in the same way,
   * and what was foreseen to follow it.
   */
  private async isAgreed(work: Work, interrupted: Step): Promise<boolean> {
    const planned = new Set(interrupted.work.actions.map((action) => action.id));
    const { rounds } = await forecast(this.host, this.input, interrupted.observed);
    const foreseen = new Set(rounds.flatMap((round) => round.actions.map((action) => action.id)));
    for (const action of work.actions) {
      const follows = foreseen.has(action.id) && !planned.has(action.id);
      if (!follows && !this.agreed.has(await hashOfAction(work, action))) return false;
    }
    return true;
  }

  private async step(): Promise<Step> {
    const current = await step(this.host, this.input, this.patience);
    this.listener.stepped(current);
    return current;
  }

  /** Carries out what a plan allows now. An end only where nothing may follow. */
  private async round(work: Work): Promise<End | undefined> {
    if (!this.isAlone) return (await this.takeLeases()) ? undefined : this.interrupted();
    await this.keepLeases();
    const actions = doneNow(work.actions);
    const deletes = this.deletes + actions.filter((action) => action.destructive).length;
    if (deletes > this.terms.allowDeletes) throw new Trouble(0, tooMany(deletes, this.terms.allowDeletes));
    this.agreed = await hashes(work);
    for (const one of work.waiting) if (one.gate === "traffic") this.waitedForPods.add(one.object);
    this.finished = new Set();
    this.listener.round(actions);
    await perform(this.host.client, actions, work, this, this.patience);
    this.remember(work, actions);
    if (this.failed !== undefined) throw this.failed;
    return this.stopping.signal.aborted ? this.interrupted() : undefined;
  }

  began(action: Action): void {
    this.listener.action(action, "running");
  }

  ended(action: Action, fate: Fate): void {
    this.listener.action(action, fate);
    if (fate.kind === "done") {
      this.deletes += action.destructive ? 1 : 0;
      this.done += 1;
      this.finished.add(action.id);
      this.surprises.delete(action.id);
    } else if (fate.kind === "failed") {
      this.failed ??= new Trouble(fate.trouble.code, `${nameOf(action.object)}: ${fate.trouble.message}`);
    } else {
      const count = (this.surprises.get(action.id) ?? 0) + 1;
      this.surprises.set(action.id, count);
      this.surprise = `${nameOf(action.object)}: ${fate.why}`;
      if (count >= SURPRISES)
        throw new Trouble(409, `${nameOf(action.object)}: ${action.verb} is refused again and again: ${fate.why}`);
      this.listener.note(`${this.surprise}; observing again`);
    }
  }

  async goesOn(): Promise<boolean> {
    await this.keepLeases();
    return !this.stopping.signal.aborted;
  }

  /** Keeps what was changed, so that the component sees when somebody undoes it. */
  private remember(work: Work, actions: Action[]): void {
    for (const action of actions) {
      const subject = work.objects.get(action.object);
      if (action.verb !== "update" || !this.finished.has(action.id) || subject === undefined) continue;
      this.performed.set(action.object, { uid: subject.observed.uid, changes: subject.changes });
    }
    if (this.performed.size === 0) return;
    const entries = [...this.performed];
    const objects = entries.map(
      ([id, { uid, changes }]) => `{"id":${JSON.stringify(id)},"observed":{"uid":"${uid}"},"changes":${changes}}`,
    );
    const done = entries.map(([id]) => `{"object":${JSON.stringify(id)}}`);
    this.input = {
      ...this.input,
      previous: `{"formatVersion":"1.0","objects":[${objects.join(",")}],"actions":[${done.join(",")}]}`,
    };
  }

  /** Whether all that is left to do has waited for pods. Whoever does not want to wait does not run after them either. */
  private isForLater(work: Work): boolean {
    return !this.terms.wait && work.actions.every((action) => this.waitedForPods.has(action.object));
  }

  /**
   * Whether nothing can follow any more. What is forecast from here knows, which is much work, so it is only asked when `still`.
   */
  private async atRest(current: Step, still: boolean, deadline: number): Promise<End | undefined> {
    const { work, observed } = current;
    const isGone = (): boolean =>
      work.actions.length === 0 && !this.going.some((uid) => observed.objects.some((text) => text.includes(uid)));
    const settled = this.input.delete.length > 0 ? isGone() : isSettled(work);
    if (settled) return this.finishedAll();
    if (!this.terms.wait) return ended("not-waited", `Done for now: ${count(this.done)}.`, work.waiting);
    // Another host says how far it is, and only time tells whether it goes on.
    const isWithAnother = work.waiting.some((one) => one.gate === "another-host");
    const end = still && !isWithAnother ? await this.foreseen(current) : undefined;
    if (end !== undefined || performance.now() < deadline) return end;
    return ended("time-up", `Not finished in ${this.terms.timeout / 1000} s: ${count(this.done)}.`, work.waiting);
  }

  private finishedAll(): End {
    return ended("done", this.done === 0 ? "Nothing to do: everything is as it should be." : `Done: ${count(this.done)}.`);
  }

  /** The end, where nothing more can happen. */
  private async foreseen({ observed, work }: Step): Promise<End | undefined> {
    const { rounds, end } = await forecast(this.host, this.input, observed);
    if (rounds.length > 0) return undefined;
    const failed = work.statuses.filter((status) => status.state === "failed");
    if (failed.length > 0) return ended("failed", `Done: ${count(this.done)}. Failed:`, failed.map(failure));
    return end.waiting.length === 0
      ? this.finishedAll()
      : ended("held", `Done: ${count(this.done)}. The rest is held back:`, end.waiting);
  }

  /** What is waited for: what a gate holds back and, when all is deleted, what the cluster itself takes away after its owner. */
  private waiting(work: Work): Waiting[] {
    if (this.input.delete.length === 0 || work.waiting.length > 0) return work.waiting;
    const text = "it is gone; what belonged to it is being collected";
    return this.input.delete.map(({ kind, namespace, name }) => ({
      object: `|${kind}|${namespace}|${name}`,
      gate: "gone",
      facts: text,
      text,
    }));
  }

  /** What a host writes about what it saw. One that cannot be written is written after the next observation. */
  private async writeStatuses(statuses: Status[]): Promise<undefined> {
    // A deletion says nothing about what stays.
    const { delete: references } = this.input;
    const ours = statuses.filter(({ object }) => references.length === 0 || references.some((reference) => is(reference, object)));
    await atOnce(
      ours.flatMap(({ call }) => call ?? []),
      AT_ONCE,
      async (call) => {
        const answer = await this.host.client.call(call, this.patience);
        if (answer.code === 403) throw refused(call, answer);
      },
    );
  }

  /** Sleeps. Whether nobody wants to stop. */
  private async sleep(milliseconds: number): Promise<boolean> {
    const end = performance.now() + milliseconds;
    while (performance.now() < end && !this.stopping.signal.aborted) {
      await this.keepLeases();
      await sleep(Math.min(TICK, end - performance.now()), this.stopping.signal);
    }
    return !this.stopping.signal.aborted;
  }

  /** Takes the Lease of each namespace. Whether nobody stopped the wait for one. */
  private async takeLeases(): Promise<boolean> {
    const holder = identity();
    for (const namespace of namespacesOf(this.input, this.host.namespace)) {
      const lease = await Lease.take(this.host.client, namespace, holder, this.listener.note, this.patience);
      if (this.stopping.signal.aborted) {
        if (lease !== undefined) this.leases.push(lease);
        return false;
      }
      if (lease !== undefined) this.leases.push(lease);
    }
    this.renewed = performance.now();
    this.isAlone = true;
    return true;
  }

  private async keepLeases(): Promise<void> {
    if (performance.now() - this.renewed < RENEWAL) return;
    this.renewed = performance.now();
    for (const lease of this.leases) await lease.renew(this.patience);
  }

  private interrupted(): End {
    return ended("stopped", this.stoppedBy("Stopped"));
  }

  /** Why it ended, with what was done before that. */
  private stoppedBy(why: string): string {
    return `${why.replace(/\.$/, "")}. ${count(this.done)} done; beginning again goes on from there.`;
  }
}

function ended(kind: End["kind"], text: string, waiting: Waiting[] = []): End {
  return { kind, text, waiting };
}

function failure(status: Status): Waiting {
  const text = status.why === "" ? nameOf(status.object) : `${nameOf(status.object)}: ${status.why}`;
  return { object: status.object, gate: "failed", facts: status.why, text };
}

function same(one: Set<string>, other: Set<string>): boolean {
  return one.size === other.size && [...one].every((hash) => other.has(hash));
}

/** Why it is not begun. */
export function tooMany(deletes: number, allowed: number): string {
  return `${deletes} objects would be deleted, and ${allowed} may be`;
}

function count(actions: number): string {
  return actions === 1 ? "1 action" : `${actions} actions`;
}
