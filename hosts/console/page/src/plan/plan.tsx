/** The plan, in the manner of Terraform: the totals first, then what changes, object by object. */

import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { ask } from "../planner/client";
import type { PlannedObject, PlanOutline, Waiting } from "../planner/types";
import { Copy } from "../shell/copy";
import { scroller } from "../shell/scroller";
import { clipped, objectName, plural, visible } from "../shell/text";
import { VirtualList } from "../shell/virtual";
import { announce, answer, lastPlan, live, observedText, resourcesText, show } from "../state";
import { ChangeLine } from "./change";
import { apply, kubectl } from "./command";
import { PlanObject, Wait } from "./object";
import { Totals } from "./totals";

/** Up to so many changes an object is open from the beginning. */
const FEW = 12;

/** What is filtered for: verbs, and `waiting`. Empty: everything that is not unchanged. */
const filter = signal<ReadonlySet<string>>(new Set());
/** Objects that the user opened (true) or closed (false). */
const toggled = signal<ReadonlyMap<string, boolean>>(new Map());

/** The view. */
export function Plan() {
  const said = answer.value;
  useAnnouncement(said?.plan?.summary.text ?? "");
  if (!said) return <p class="empty faint">The planner is loading …</p>;
  if (resourcesText.value.trim() === "" && observedText.value.trim() === "" && !live.value) return <Nothing />;
  const plan = said.plan ?? lastPlan.value;
  if (!plan) return <Unreadable />;
  return (
    <>
      {said.plan === null && (
        <p class="banner stale">The text has mistakes, listed below it. This is the plan of the last text without any.</p>
      )}
      <div class={said.plan === null ? "stale-content" : ""}>
        <Head plan={plan} />
        <Items plan={plan} />
        <Drift plan={plan} />
      </div>
    </>
  );
}

function Head({ plan }: { plan: PlanOutline }) {
  const alarming = plan.objects.filter((object) => object.alarms.length > 0);
  const idle = plan.actions === 0 && plan.summary.waiting === 0 && plan.summary.conflict === 0;
  const refused = plan.objects.some((object) => object.reason === "DataLossRefused");
  return (
    <>
      <h2>
        {idle
          ? `No changes: ${plural(plan.summary.unchanged, "object")} as they should be.`
          : `Plan: ${visible(plan.summary.text)}`}
      </h2>
      <div class="row section">
        <Totals plan={plan} filter={filter.value} toggle={toggleFilter} />
      </div>
      <div class="row section">
        <Copy label="Copy modelwright apply" text={() => apply(resourcesText.value)} title="The whole text, for a shell" />
        {plan.actions > 0 && (
          <Copy label="Copy kubectl commands" text={commands} title="The requests of this plan in order, for a shell" />
        )}
      </div>
      {plan.summary.dataLoss && <p class="banner alarm">! This plan loses data.</p>}
      {alarming.length > 0 && (
        <div class="banner alarm" role="group" aria-label="Disruptive and destructive steps">
          {plural(alarming.length, "step")} that {alarming.length === 1 ? "takes" : "take"} something away:{" "}
          {alarming
            .slice(0, 5)
            .map((object) => objectName(object.id))
            .join(", ")}
          {alarming.length > 5 ? ` and ${alarming.length - 5} more` : ""}
        </div>
      )}
      {hosts(plan).map((sentence) => (
        <p key={sentence} class="banner note">
          {sentence}
        </p>
      ))}
      {refused && <p class="banner note">A replacement would lose data and is left out.</p>}
      {!live.value && observedText.value.trim() === "" && plan.objects.length > 0 && (
        <p class="section faint">
          The cluster is taken to be empty. What it has can be pasted under “Live objects”, or read under “Act”.
        </p>
      )}
    </>
  );
}

/** One sentence for each other host. */
function hosts(plan: PlanOutline): string[] {
  const names = [...new Set(plan.carriedOutBy.map((charge) => charge.host))].toSorted();
  return names.map((host) => {
    const theirs = plan.carriedOutBy.filter((charge) => charge.host === host);
    const kinds = theirs.map(({ kind, controller }) => clipped(controller === "" ? kind : `${kind} (${controller})`, 120));
    return `${visible(host)} makes what these kinds need: ${kinds.join(", ")}. Only the custom resources are written here.`;
  });
}

type Item = { object: PlannedObject } | { waiting: Waiting; key: string };

function Items({ plan }: { plan: PlanOutline }) {
  const chosen = filter.value;
  const objects = plan.objects.filter((object) => matches(object, chosen));
  const elsewhere = chosen.size === 0 || chosen.has("waiting") ? plan.waitingElsewhere : [];
  const items: Item[] = [
    ...objects.map((object) => ({ object })),
    ...elsewhere.map((waiting, index) => ({ waiting, key: `waits ${index} ${waiting.object}` })),
  ];
  if (items.length === 0) return <p class="section faint">{chosen.size > 0 ? "Nothing of that." : ""}</p>;
  return (
    <VirtualList
      class="list"
      label="Objects of the plan"
      items={items}
      scroller={scroller}
      estimate={44}
      keyOf={(item) => ("object" in item ? item.object.id : item.key)}
      render={(item) => ("object" in item ? <Shown object={item.object} /> : <Elsewhere waiting={item.waiting} />)}
    />
  );
}

function matches(object: PlannedObject, chosen: ReadonlySet<string>): boolean {
  if (chosen.size === 0) return object.verb !== "unchanged" || object.conflicts > 0;
  const group = object.waiting.length > 0 && !object.acted ? "waiting" : object.verb;
  return chosen.has(group);
}

function Shown({ object }: { object: PlannedObject }) {
  const byDefault = object.acted && object.changes + object.conflicts <= FEW && object.detail !== null;
  const open = toggled.value.get(object.id) ?? byDefault;
  const toggle = () => (toggled.value = new Map(toggled.value).set(object.id, !open));
  return <PlanObject object={object} open={open} toggle={toggle} />;
}

function Elsewhere({ waiting }: { waiting: Waiting }) {
  return (
    <article class="object" aria-label={objectName(waiting.object)}>
      <button class="object-head" type="button" onClick={() => show(waiting.object)}>
        <span class="sign wait" aria-hidden="true">
          …
        </span>
        <span class="name">
          <span class="strong">{objectName(waiting.object)}</span> <span class="fate wait">waits ({visible(waiting.gate)})</span>
        </span>
      </button>
      <div class="object-notes">
        <Wait waiting={waiting} />
      </div>
    </article>
  );
}

function Drift({ plan }: { plan: PlanOutline }) {
  if (plan.drift.length === 0) return null;
  return (
    <section class="section" aria-labelledby="drift">
      <h3 id="drift">Changed by others on fields that are ours</h3>
      {plan.drift.slice(0, 100).map(({ object, change }, index) => (
        <div key={index} class="section">
          <p>{objectName(object)}</p>
          <ul class="changes">
            <ChangeLine change={change} forces={false} />
          </ul>
        </div>
      ))}
      {plan.drift.length > 100 && <p class="faint">and {plan.drift.length - 100} more</p>}
    </section>
  );
}

function Nothing() {
  return (
    <div class="empty">
      <h2>See what will happen before it does</h2>
      <p>
        Three custom resources become a served model behind one URL. Write them on the left, and the plan is here while you type:
      </p>
      <ol>
        <li>
          a <strong>Model</strong> for each image and artifact,
        </li>
        <li>
          an <strong>EndpointConfig</strong> that shares the requests among Models,
        </li>
        <li>
          an <strong>Endpoint</strong>: a host on an Istio gateway.
        </li>
      </ol>
      <p>Begin with an example from the top, drop files onto the editor, or press Ctrl-Space in it. Nothing leaves this page.</p>
    </div>
  );
}

function Unreadable() {
  return (
    <div class="empty">
      <h2>No plan yet</h2>
      <p>The text has mistakes. They are listed below it with their lines; the plan follows as soon as they are mended.</p>
    </div>
  );
}

function toggleFilter(name: string): void {
  const next = new Set(filter.value);
  if (!next.delete(name)) next.add(name);
  filter.value = next;
}

async function commands(): Promise<string> {
  const actions = await ask("actions", null);
  return actions.map((action) => `# ${visible(action.text)}\n${kubectl(action)}`).join("\n");
}

/** Says the totals once they have been the same for a while. */
function useAnnouncement(text: string): void {
  useEffect(() => {
    if (text === "") return undefined;
    const timer = setTimeout(() => announce(`Plan: ${text}`), 900);
    return () => clearTimeout(timer);
  }, [text]);
}
