/** One round: the requests of a plan, side by side along its edges. The first surprise ends it; what runs is waited for. */

import type { Guard } from "modelwright";
import { type Client, get, isFine, messageOf, type Patience, refused, Trouble } from "../cluster/call";
import { type Action, isGrave, type Work } from "./work";

/** Requests that are under way at once: a browser opens six connections to a host. */
const AT_ONCE = 5;

/** What became of an action. */
export type Fate =
  | { kind: "done"; warnings: string[] }
  /** The world is not as the plan saw it, in these words. */
  | { kind: "stale"; why: string }
  /** The API server does not do it. */
  | { kind: "failed"; trouble: Trouble };

/** What is told while a round runs. */
export interface Watcher {
  began: (action: Action) => void;
  ended: (action: Action, fate: Fate) => void;
  /** Before each request, whether to go on; an error ends the round. */
  goesOn: () => Promise<boolean>;
}

/**
 * The actions that are done now. What moves a route or takes something away is done from an observation that nothing has been
 * written since: so it waits while there is anything else to do.
 */
export function doneNow(actions: Action[]): Action[] {
  const byId = new Map(actions.map((action) => [action.id, action]));
  const harmless = actions.filter((action) => !needsGrave(action, byId, actions.length));
  return harmless.length === 0 ? actions : harmless;
}

/** Whether an action, or one that comes before it, is grave. `steps` bounds the way: a plan has no cycle, but it is not ours. */
function needsGrave(action: Action, byId: Map<string, Action>, steps: number): boolean {
  if (isGrave(action) || steps === 0) return true;
  return action.after.some((id) => {
    const before = byId.get(id);
    return before !== undefined && needsGrave(before, byId, steps - 1);
  });
}

/** Carries out the actions in the order of the plan. Those that need one that is not done are left out. */
export async function perform(client: Client, actions: Action[], work: Work, watcher: Watcher, patience: Patience): Promise<void> {
  const todo = [...actions];
  const done = new Set<string>();
  const running = new Map<string, Promise<void>>();
  let goesOn = true;
  let error: unknown;
  for (;;) {
    if (goesOn && running.size < AT_ONCE) {
      const place = todo.findIndex((action) => action.after.every((id) => done.has(id)));
      const [action] = place < 0 ? [] : todo.splice(place, 1);
      if (action !== undefined) {
        try {
          goesOn = await watcher.goesOn();
        } catch (thrown) {
          [goesOn, error] = [false, error ?? thrown];
        }
        if (!goesOn) continue;
        watcher.began(action);
        const run = one(client, action, work.objects.get(action.object)?.observed, patience).then((fate) => {
          running.delete(action.id);
          if (fate.kind === "done") done.add(action.id);
          // Nothing that was planned on the same observation is begun any more.
          if (fate.kind !== "done") goesOn = false;
          try {
            watcher.ended(action, fate);
          } catch (thrown) {
            [goesOn, error] = [false, error ?? thrown];
          }
        });
        running.set(action.id, run);
        continue;
      }
    }
    if (running.size === 0) break;
    await Promise.race(running.values());
  }
  if (error !== undefined) throw error;
}

async function one(client: Client, action: Action, guard: Guard | undefined, patience: Patience): Promise<Fate> {
  try {
    const changed = isGrave(action) ? await unchanged(client, action, guard, patience) : undefined;
    if (changed !== undefined) return changed;
    const answer = await client.call(action.call, patience);
    const { done, gone, observeAgain } = action.expect;
    if (done.includes(answer.code) || gone.includes(answer.code)) return { kind: "done", warnings: answer.warnings };
    if (observeAgain.includes(answer.code)) return { kind: "stale", why: messageOf(answer) };
    return { kind: "failed", trouble: refused(action.call, answer) };
  } catch (error) {
    return { kind: "failed", trouble: error instanceof Trouble ? error : new Trouble(0, String(error)) };
  }
}

/** Reads the object again: its fate where it is not as it was observed, nothing where it is. */
async function unchanged(client: Client, action: Action, guard: Guard | undefined, patience: Patience): Promise<Fate | undefined> {
  const call = get(action.call.path);
  const answer = await client.call(call, patience);
  if (answer.code === 404) {
    return action.expect.gone.includes(404) ? { kind: "done", warnings: [] } : { kind: "stale", why: "it is gone" };
  }
  if (!isFine(answer)) return { kind: "failed", trouble: refused(call, answer) };
  const live: { metadata?: Partial<Guard> } = JSON.parse(answer.body);
  const same = guard !== undefined && guard.uid === live.metadata?.uid && guard.resourceVersion === live.metadata?.resourceVersion;
  return same ? undefined : { kind: "stale", why: "it has changed meanwhile" };
}
