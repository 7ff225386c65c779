/** One object of the plan. */

import { useEffect, useState } from "preact/hooks";
import { ask } from "../planner/client";
import type { Action, Detail, PlannedObject, Waiting } from "../planner/types";
import { Copy } from "../shell/copy";
import { clipped, objectName, parts, plural, verb, visible } from "../shell/text";
import { revision, show } from "../state";
import { ChangeLine, LaterLine } from "./change";
import { address, curl, json, kubectl } from "./command";

/** Changes of a new object that are shown at once. */
const NEW_FIELDS = 30;

interface Properties {
  object: PlannedObject;
  open: boolean;
  toggle(): void;
}

/** Heading, what nobody may overlook, what it waits for; its changes and requests when it is open. */
export function PlanObject({ object, open, toggle }: Properties) {
  const { sign, style } = verb(object.verb);
  const { kind, namespace, name } = parts(object.id);
  return (
    <article class={object.alarms.length > 0 ? "object alarming" : "object"} aria-label={objectName(object.id)}>
      <button class="object-head" type="button" aria-expanded={open} onClick={toggle}>
        <span class={`sign ${style}`} aria-hidden="true">
          {object.verb === "unchanged" ? "=" : object.acted || object.waiting.length === 0 ? sign : `…${sign}`}
        </span>
        <span class="name">
          <span class="kind">{kind}</span> <span class="strong">{namespace === "" ? name : `${namespace}/${name}`}</span>{" "}
          <span class={`fate ${style}`}>{fate(object)}</span>
          {object.reason !== "" && <span class="faint"> ({visible(object.reason)})</span>}
        </span>
        <span class="chevron">
          {object.changes + object.conflicts > 0 && (
            <span class="wide">{plural(object.changes + object.conflicts, "change")} </span>
          )}
          <span aria-hidden="true">{open ? "▾" : "▸"}</span>
        </span>
      </button>
      <Notes object={object} />
      {open && <Body object={object} />}
    </article>
  );
}

function fate(object: PlannedObject): string {
  const { done } = verb(object.verb);
  if (object.verb === "conflict") return object.reason === "NotOurs" ? "is somebody else's: left alone" : "is left alone";
  if (object.verb === "unchanged") return "stays as it is";
  if (object.acted) return `will be ${done}`;
  return object.reason === "AnotherHost" ? `will be ${done} by another host` : `waits to be ${done}`;
}

function Notes({ object }: { object: PlannedObject }) {
  if (object.alarms.length + object.waiting.length === 0) return null;
  return (
    <div class="object-notes">
      {object.alarms.map((alarm) => (
        <p key={alarm} class="alarm-line">
          <span aria-hidden="true">! </span>
          {alarm}
        </p>
      ))}
      {object.waiting.map((waiting, index) => (
        <Wait key={index} waiting={waiting} />
      ))}
    </div>
  );
}

/** `waits (traffic): … [available 0 of 2; Deployment titanic/titanic-v1]`. */
export function Wait({ waiting, named }: { waiting: Waiting; named?: boolean }) {
  const said = (id: string) => {
    const name = id.split("|").at(-1) ?? "";
    return waiting.text.includes(name) || waiting.facts.includes(name);
  };
  const rest = waiting.waitsFor.filter((id) => !said(id)).map((id) => clipped(objectName(id), 120));
  const facts = [...(waiting.facts === "" ? [] : [clipped(waiting.facts, 200)]), ...rest];
  return (
    <p class="wait-line">
      <span class="gate">
        <span aria-hidden="true">… </span>
        {named ? `${objectName(waiting.object)} ` : ""}waits ({visible(waiting.gate)}):
      </span>{" "}
      {clipped(waiting.text, 400)}
      {facts.length > 0 && <span class="faint"> [{facts.join("; ")}]</span>}
    </p>
  );
}

/** The last details of an object stay until newer ones are there, so that nothing jumps. Nothing is asked for no object. */
function useDetail(id: string): Detail | null {
  const [detail, set] = useState<Detail | null>(null);
  const now = revision.value;
  useEffect(() => {
    if (id === "") return undefined;
    let stale = false;
    void ask("detail", id).then(
      (found) => stale || set(found),
      () => undefined,
    );
    return () => {
      stale = true;
    };
  }, [id, now]);
  return detail;
}

function Body({ object }: { object: PlannedObject }) {
  const fetched = useDetail(object.detail ? "" : object.id);
  const detail = object.detail ?? fetched;
  const [all, setAll] = useState(false);
  if (!detail) return <div class="object-body faint">…</div>;
  const limit = object.verb === "create" && !all ? NEW_FIELDS : Infinity;
  const forced = (path: unknown[]) =>
    detail.replacePaths.some((start) => JSON.stringify(path.slice(0, start.length)) === JSON.stringify(start));
  const hidden = detail.changes.length - Math.min(limit, detail.changes.length);
  return (
    <div class="object-body">
      <ul class="changes" aria-label="Changes">
        {[...detail.changes.slice(0, limit), ...detail.conflicts].map((change, index) => (
          <ChangeLine key={index} change={change} forces={forced(change.path)} />
        ))}
        {detail.unknownAfter.map((path, index) => (
          <LaterLine key={index} path={path} />
        ))}
      </ul>
      <div class="row">
        {hidden > 0 && (
          <button class="button plain" type="button" onClick={() => setAll(true)}>
            {plural(hidden, "more new field")}
          </button>
        )}
        {detail.unchangedFields > 0 && <span class="faint">({plural(detail.unchangedFields, "unchanged field")} hidden)</span>}
        <span class="grow" />
        <button class="button plain" type="button" onClick={() => show(object.id)}>
          YAML, desired and live
        </button>
      </div>
      {detail.actions.map((action) => (
        <Request key={action.id} action={action} />
      ))}
    </div>
  );
}

function Request({ action }: { action: Action }) {
  const { request } = action;
  const [open, setOpen] = useState(false);
  return (
    <details class="request" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        Request: <code>{request.method}</code>
      </summary>
      {open && (
        <>
          <p class="request-line">
            {request.method} {visible(address(request))}
            <br />
            <span class="faint">Content-Type: {request.contentType}</span>
            {action.after.length > 0 && (
              <>
                <br />
                <span class="faint">
                  after{" "}
                  {action.after
                    .map((id) =>
                      clipped(
                        id.replace(/^(\S+) (.*)$/, (_, word, of) => `${word} ${objectName(of)}`),
                        120,
                      ),
                    )
                    .join(", ")}
                </span>
              </>
            )}
          </p>
          <pre tabIndex={0} aria-label="Body">
            {visible(json(request.body))}
          </pre>
          <div class="row">
            <Copy label="Copy for kubectl" text={() => kubectl(action)} />
            <Copy label="Copy for curl" text={() => curl(action)} title="By way of kubectl proxy" />
            <Copy label="Copy body" text={() => json(request.body)} />
          </div>
        </>
      )}
    </details>
  );
}
