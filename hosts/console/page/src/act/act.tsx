/** The view from which a plan is carried out: what would be done, the question, and what is being done. */

import { type JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { cluster } from "../cluster/state";
import { Connect } from "../cluster/connect";
import type { Live } from "../cluster/connection";
import type { Reference } from "../cluster/observe";
import { ask } from "../planner/client";
import { allowDataLoss, answer, resourcesText } from "../state";
import { visible } from "../shell/text";
import { agrees, type Rehearsal, type Trial } from "./rehearse";
import type { End, Host } from "./rollout";
import {
  type Asked,
  begin,
  inputOf,
  type Line,
  look,
  phase,
  rehearsal,
  type Run,
  stop,
  terms,
  tryOut,
  type Wait,
  writes,
} from "./state";
import { type Action, nameOf, type Waiting } from "./work";
import "./act.css";

/** Digits of a hash that are shown, and of which the first must be typed where something is destroyed. */
const SHOWN = 12;
const TYPED = 6;

/** The whole view. */
export function Act(): JSX.Element {
  const state = cluster.value;
  return (
    <section class="act" aria-label="Act">
      <Connect />
      {state.kind === "live" ? (
        <Connected live={state} />
      ) : (
        <p>Connect to a cluster to carry out a plan. Until then nothing is read and nothing is written.</p>
      )}
    </section>
  );
}

function Connected({ live }: { live: Live }): JSX.Element {
  const now = phase.value;
  const isRunning = now.kind === "running";
  return (
    <>
      <Switch live={live} isRunning={isRunning} />
      {!isRunning && <What live={live} />}
      {now.kind === "reading" && <p role="status">Reading the cluster and planning …</p>}
      {now.kind === "failed" && (
        <p class="act-bad" role="alert">
          ✗ {visible(now.why)}
        </p>
      )}
      {now.kind === "asked" && <Question asked={now.asked} live={live} />}
      {now.kind === "running" && <Progress run={now.run} />}
      {now.kind === "ended" && <Ended end={now.end} lines={now.lines} />}
    </>
  );
}

/** Nothing is written while this is off. */
function Switch({ live, isRunning }: { live: Live; isRunning: boolean }): JSX.Element {
  const { session } = live;
  const isPossible = session.writes && globalThis.isSecureContext;
  const why = !session.writes
    ? "This console is read-only: start it with `modelwright console --allow-writes`."
    : "A browser writes only from loopback or https: it cannot hash a plan elsewhere.";
  return (
    <div class="act-switch">
      <label>
        <input
          type="checkbox"
          role="switch"
          checked={isPossible && writes.value}
          disabled={!isPossible || isRunning}
          onChange={(event) => (writes.value = event.currentTarget.checked)}
        />{" "}
        Allow writes
      </label>
      <p>
        {isPossible
          ? writes.value
            ? "What you agree to below is written to the cluster."
            : "Read-only: nothing is written."
          : why}
      </p>
    </div>
  );
}

/** What is to be done: what is written, or taking away what is there. */
function What({ live }: { live: Live }): JSX.Element {
  const [isDelete, setIsDelete] = useState(false);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const found = answer.value?.findings.filter((finding) => finding.severity === "error" && finding.place !== null) ?? [];
  const mistakes = found.length;
  const there = resourcesOf(live);
  const going = there.filter((one) => chosen.has(idOf(one)));
  const start = async (): Promise<void> => {
    const host = hostOf(live);
    const resources = isDelete ? [] : await ask("resources", null);
    await look(host, inputOf(resources, isDelete ? going : [], allowDataLoss.value));
  };
  const isReady = isDelete ? going.length > 0 : mistakes === 0 && answer.value?.plan !== null;
  return (
    <div class="act-what">
      <fieldset>
        <legend>What</legend>
        <label>
          <input type="radio" name="what" checked={!isDelete} onChange={() => setIsDelete(false)} /> Apply what is written
        </label>
        <label>
          <input type="radio" name="what" checked={isDelete} onChange={() => setIsDelete(true)} /> Delete
        </label>
        {isDelete && <Choice there={there} chosen={chosen} choose={setChosen} />}
      </fieldset>
      <Terms />
      {!isDelete && mistakes > 0 && (
        <p class="act-bad">
          ✗ {mistakes === 1 ? "There is a mistake" : `There are ${mistakes} mistakes`} in what is written: nothing can be done
          before {mistakes === 1 ? "it is" : "they are"} mended.
        </p>
      )}
      <button type="button" class="button" disabled={!isReady} onClick={() => void start()}>
        Read the cluster and plan
      </button>
    </div>
  );
}

interface ChoiceProps {
  there: Reference[];
  chosen: ReadonlySet<string>;
  choose: (ids: ReadonlySet<string>) => void;
}

/** Custom resources that are there; what was made for them goes with them. */
function Choice({ there, chosen, choose }: ChoiceProps): JSX.Element {
  const turn = (id: string, isOn: boolean): void => {
    const ids = new Set(chosen);
    ids[isOn ? "add" : "delete"](id);
    choose(ids);
  };
  if (there.length === 0) return <p>There are no custom resources of ours.</p>;
  return (
    <div class="act-choice" role="group" aria-label="To delete, with what was made for it">
      <label>
        <input
          type="checkbox"
          checked={chosen.size >= there.length}
          onChange={(event) => choose(new Set(event.currentTarget.checked ? there.map(idOf) : []))}
        />{" "}
        All {there.length}
      </label>
      {there.map((one) => (
        <label key={idOf(one)}>
          <input
            type="checkbox"
            checked={chosen.has(idOf(one))}
            onChange={(event) => turn(idOf(one), event.currentTarget.checked)}
          />{" "}
          {one.kind} {one.namespace}/{one.name}
        </label>
      ))}
    </div>
  );
}

function Terms(): JSX.Element {
  const { wait, timeout, allowDeletes } = terms.value;
  return (
    <fieldset class="act-terms">
      <legend>How</legend>
      <label>
        <input
          type="checkbox"
          checked={wait}
          onChange={(event) => (terms.value = { ...terms.value, wait: event.currentTarget.checked })}
        />{" "}
        Go on until everything is done
      </label>
      <label>
        for at most{" "}
        <input
          class="field"
          type="number"
          min="1"
          max="600"
          value={timeout / 60_000}
          onChange={(event) =>
            (terms.value = { ...terms.value, timeout: Math.max(1, event.currentTarget.valueAsNumber || 10) * 60_000 })
          }
        />{" "}
        minutes
      </label>
      <label>
        Delete at most{" "}
        <input
          class="field"
          type="number"
          min="0"
          value={allowDeletes}
          onChange={(event) =>
            (terms.value = { ...terms.value, allowDeletes: Math.max(0, event.currentTarget.valueAsNumber || 0) })
          }
        />{" "}
        objects
      </label>
      <label>
        <input
          type="checkbox"
          checked={allowDataLoss.value}
          onChange={(event) => (allowDataLoss.value = event.currentTarget.checked)}
        />{" "}
        Allow replacing what loses data
      </label>
    </fieldset>
  );
}

/** What would be done, and whether it shall be. */
function Question({ asked, live }: { asked: Asked; live: Live }): JSX.Element {
  const { work } = asked.step;
  const lacks = asked.missing ?? [];
  return (
    <div class="act-question">
      {asked.after !== null && (
        <p class="act-bad" role="alert">
          ✗ {visible(asked.after.text)}
        </p>
      )}
      <h2>Plan: {work.summary}</h2>
      {work.others.map(({ kind, host, controller }) => (
        <p key={kind}>
          {host}
          {controller === "" ? "" : ` (${controller})`} makes what each {kind} needs: here only the {kind} itself is written.
        </p>
      ))}
      <ol class="act-actions" aria-label="Requests, in order" tabIndex={0}>
        {work.actions.map((action) => (
          <ToDo key={action.id} action={action} />
        ))}
      </ol>
      <Waits waiting={work.waiting} title="This waits" />
      {lacks.length > 0 && (
        <p class="act-bad" role="alert">
          ✗ Not permitted: {lacks.join(", ")}. <code>modelwright rbac</code> prints what is needed.
        </p>
      )}
      {asked.missing === undefined && <p>Nobody says whether you may do this: it is found out by doing it.</p>}
      {asked.objection !== "" && <p class="act-bad">✗ {asked.objection}.</p>}
      {work.actions.length > 0 && (
        <button
          type="button"
          class="button"
          disabled={rehearsal.value === "running" || !live.session.writes}
          onClick={() => void tryOut(asked)}
        >
          Try it on the server, storing nothing
        </button>
      )}
      <Tried rehearsal={rehearsal.value} />
      <Agree key={asked.hash} asked={asked} isLacking={lacks.length > 0} />
    </div>
  );
}

/** Agreeing names the plan: by a button that shows its hash, or by typing the beginning of it where something is destroyed. */
function Agree({ asked, isLacking }: { asked: Asked; isLacking: boolean }): JSX.Element {
  const [typed, setTyped] = useState("");
  const { actions, waiting } = asked.step.work;
  const hash = asked.hash.slice(0, SHOWN);
  const isGrave = asked.deletes > 0 || actions.some((action) => action.destructive || action.dataLoss);
  const isNamed = !isGrave || typed.trim().toLowerCase() === hash.slice(0, TYPED);
  // A deletion is not about what is written.
  const isOld = asked.input.delete.length === 0 && asked.written !== resourcesText.value;
  const isAllowed = !isOld && writes.value && asked.objection === "" && !isLacking && isNamed;
  const agree = (): void => {
    if (isAllowed) void begin(asked);
  };
  if (actions.length === 0 && waiting.length === 0) return <p role="status">Nothing to do: everything is as it should be.</p>;
  return (
    <div class="act-agree">
      {actions.length > 0 && (
        <p>
          This plan is <code class="act-hash">{hash}</code>.
        </p>
      )}
      {isGrave && (
        <label class="act-grave">
          {asked.deletes === 1 ? "1 object is" : `${asked.deletes} objects are`} deleted. Type{" "}
          <code>{hash.slice(0, TYPED)}</code> to agree:{" "}
          <input
            class="field"
            value={typed}
            autocomplete="off"
            spellcheck={false}
            onInput={(event) => setTyped(event.currentTarget.value)}
            onKeyDown={(event) => event.key === "Enter" && agree()}
          />
        </label>
      )}
      <button type="button" onClick={agree} class={isGrave ? "button act-do is-grave" : "button act-do"} disabled={!isAllowed}>
        {actions.length === 0 ? "Wait for the rest" : `Do plan ${hash}: ${count(actions.length)}`}
      </button>
      {isOld && <p class="act-bad">✗ What is written has changed since: read the cluster and plan again.</p>}
      {!writes.value && <p>Switch on “Allow writes” first.</p>}
    </div>
  );
}

const SIGNS: { [verb: string]: [sign: string, word: string] } = {
  create: ["+", "create"],
  update: ["~", "update"],
  replace: ["-/+", "replace"],
  delete: ["-", "delete"],
};

function ToDo({ action, fate }: { action: Action; fate?: string }): JSX.Element {
  const [sign, word] = SIGNS[action.verb] ?? ["?", action.verb];
  const alarms = [
    action.dataLoss ? "LOSES DATA" : "",
    action.disruptive ? "disruptive" : "",
    action.destructive ? "destructive" : "",
  ];
  const told = alarms.filter((alarm) => alarm !== "").join(", ");
  return (
    <li class={`act-action verb-${action.verb}`} data-id={action.id}>
      <span class="act-sign" aria-hidden="true">
        {sign}
      </span>{" "}
      {word} <b>{visible(nameOf(action.object))}</b> {told !== "" && <strong class="act-alarm">{told}</strong>}{" "}
      {fate !== undefined && <span class="act-fate">{fate}</span>}
    </li>
  );
}

function Tried({ rehearsal: said }: { rehearsal: Rehearsal | "running" | { why: string } | null }): JSX.Element | null {
  if (said === null) return null;
  if (said === "running") return <p role="status">The server tries it …</p>;
  if ("why" in said) return <p class="act-bad">✗ {said.why}</p>;
  const wrong = said.trials.filter((trial) => !agrees(trial) || trial.warnings.length > 0);
  const fine = said.trials.filter(agrees).length;
  return (
    <div class="act-tried" role="status">
      <p>
        The server agrees with {fine} of {said.trials.length} {said.trials.length === 1 ? "request" : "requests"}
        {said.unasked.length > 0 && `; ${said.unasked.length} could not be asked`}.
      </p>
      <ul>
        {wrong.map((trial) => (
          <li key={`${trial.verb} ${trial.object}`} class={agrees(trial) ? "" : "act-bad"}>
            <TrialWords trial={trial} />
          </li>
        ))}
      </ul>
    </div>
  );
}

function TrialWords({ trial }: { trial: Trial }): JSX.Element {
  const fields = [
    ...trial.missing.map((field) => `${field.path} would be ${JSON.stringify(field.after)}, not ${JSON.stringify(field.before)}`),
    ...trial.unforeseen.map((field) => `${field.path} would change to ${JSON.stringify(field.after)}, which the plan does not say`),
  ];
  return (
    <>
      <b>{visible(nameOf(trial.object))}</b>:{" "}
      {visible([trial.refusal, ...fields, ...trial.warnings].filter((text) => text !== "").join("; "))}
    </>
  );
}

/** What is being done. */
function Progress({ run }: { run: Run }): JSX.Element {
  const entries = [...run.actions.values()];
  const done = entries.filter(({ fate }) => typeof fate === "object" && fate.kind === "done").length;
  return (
    <div class="act-progress">
      <div class="act-now">
        <h2>
          Round {Math.max(1, run.round)}: {done} of {count(entries.length)} done
        </h2>
        <button type="button" class="button" disabled={run.isStopping} onClick={stop}>
          {run.isStopping ? "Stopping after what is under way …" : "Stop"}
        </button>
      </div>
      <progress aria-label="Actions of this round" value={done} max={Math.max(1, entries.length)} />
      <ol class="act-actions" aria-label="Requests of this round" tabIndex={0}>
        {entries.map(({ action, fate }) => (
          <ToDo key={action.id} action={action} fate={FATES[typeof fate === "object" ? fate.kind : fate] ?? ""} />
        ))}
      </ol>
      <WaitsWithTime waits={run.waits} />
      <Lines lines={run.lines} />
    </div>
  );
}

const FATES: { [fate: string]: string } = {
  todo: "○ to do",
  running: "◔ under way",
  done: "✓ done",
  stale: "! has changed",
  failed: "✗ refused",
};

function WaitsWithTime({ waits }: { waits: Wait[] }): JSX.Element | null {
  const [now, setNow] = useState(performance.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(performance.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  if (waits.length === 0) return null;
  return (
    <ul class="act-waits" aria-label="What is waited for">
      {waits.map(({ waiting, since }) => (
        <li key={`${waiting.object} ${waiting.gate}`}>
          … <b>{visible(nameOf(waiting.object))}</b> waits ({waiting.gate}): {visible(waiting.facts || waiting.text)}{" "}
          <span aria-hidden="true">{Math.max(0, Math.round((now - since) / 1000))} s</span>
        </li>
      ))}
    </ul>
  );
}

function Waits({ waiting, title }: { waiting: Waiting[]; title: string }): JSX.Element | null {
  if (waiting.length === 0) return null;
  return (
    <details class="act-waits" open={waiting.length <= 5}>
      <summary>
        {title}: {waiting.length}
      </summary>
      <ul>
        {waiting.map((one) => (
          <li key={`${one.object} ${one.gate}`}>
            … <b>{visible(nameOf(one.object))}</b> ({one.gate}): {visible(one.text || one.facts)}
          </li>
        ))}
      </ul>
    </details>
  );
}

const SIGN_OF_LINE = { done: "✓", note: "…", trouble: "✗" };

function Lines({ lines }: { lines: Line[] }): JSX.Element {
  return (
    <ol class="act-lines" aria-label="What has happened" aria-live="polite" tabIndex={0}>
      {lines.map((line, place) => (
        <li key={place} class={`line-${line.kind}`}>
          <span class="act-time">{(line.time / 1000).toFixed(1)} s</span>{" "}
          <span aria-hidden="true">{SIGN_OF_LINE[line.kind]}</span>{" "}
          {visible(line.text)}
        </li>
      ))}
    </ol>
  );
}

function Ended({ end, lines }: { end: End; lines: Line[] }): JSX.Element {
  const isGood = end.kind === "done" || end.kind === "not-waited";
  return (
    <div class="act-ended">
      <p class={isGood ? "act-good" : "act-bad"} role={isGood ? "status" : "alert"}>
        {isGood ? "✓" : "✗"} {visible(end.text)}
      </p>
      <Waits waiting={end.waiting} title="Left" />
      <Lines lines={lines} />
    </div>
  );
}

function hostOf(live: Live): Host {
  return { client: live.client, namespace: live.namespace, ask: (operation, request) => ask("call", { operation, request }) };
}

/** The custom resources that are there. */
function resourcesOf(live: Live): Reference[] {
  const objects = live.observed.objects.map((text): { apiVersion: string; kind: string; metadata: Reference } => JSON.parse(text));
  const ours = objects.filter((object) => object.apiVersion.startsWith("mlops.internal/"));
  const found = ours.map(({ kind, metadata: { namespace, name } }) => ({ kind, namespace, name }));
  return found.filter((one) => live.observed.namespaces.includes(one.namespace)).sort((a, b) => (idOf(a) < idOf(b) ? -1 : 1));
}

function idOf(reference: Reference): string {
  return `${reference.kind}/${reference.namespace}/${reference.name}`;
}

function count(actions: number): string {
  return actions === 1 ? "1 action" : `${actions} actions`;
}
