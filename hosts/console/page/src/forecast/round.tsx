/** What one round does, what waits, and what the cluster makes of it. */

import type { Round, Waiting } from "../planner/types";
import { Wait } from "../plan/object";
import { scroller } from "../shell/scroller";
import { clipped, objectName, verb, visible } from "../shell/text";
import { VirtualList } from "../shell/virtual";

/** Objects at one gate that still get a line each. */
const MANY = 3;

type Action = Round["actions"][number];
type Item = { key: string } & ({ action: Action } | { waiting: Waiting } | { crowd: Waiting[] } | { event: string });

/** The lines of a round. */
export function RoundSteps({ round }: { round: Round }) {
  const items: Item[] = [
    ...round.actions.map((action) => ({ key: action.id, action })),
    ...waiting(round.waiting),
    ...round.events.map((event, index) => ({ key: `event ${index}`, event })),
  ];
  if (items.length === 0) return <p class="section faint">Nothing is done in this round.</p>;
  return (
    <VirtualList
      class="steps"
      label={`Steps of round ${round.number}`}
      items={items}
      scroller={scroller}
      estimate={28}
      keyOf={(item) => item.key}
      render={(item) => <Line item={item} />}
    />
  );
}

function waiting(all: Waiting[]): Item[] {
  const gates = new Map<string, Waiting[]>();
  for (const one of all) gates.set(one.gate, [...(gates.get(one.gate) ?? []), one]);
  return [...gates].flatMap(([gate, those]): Item[] =>
    those.length > MANY
      ? [{ key: `gate ${gate}`, crowd: those }]
      : those.map((one) => ({ key: `waits ${one.object}`, waiting: one })),
  );
}

function Line({ item }: { item: Item }) {
  if ("action" in item) return <ActionLine action={item.action} />;
  if ("waiting" in item) {
    return (
      <div class="step">
        <span />
        <Wait waiting={item.waiting} named />
      </div>
    );
  }
  if ("crowd" in item) return <Crowd waiting={item.crowd} />;
  return (
    <div class="step">
      <span class="faint sign">then</span>
      <span>{clipped(item.event, 300)}</span>
    </div>
  );
}

function ActionLine({ action }: { action: Action }) {
  const { sign, style, done } = verb(action.verb);
  const alarms = [
    ...(action.dataLoss ? ["LOSES DATA"] : []),
    ...(action.disruptive ? ["disruptive"] : []),
    ...(action.destructive ? ["destructive"] : []),
  ];
  return (
    <div class="step">
      <span class={`sign ${style}`} aria-hidden="true">
        {sign}
      </span>
      <span>
        {objectName(action.object)} <span class={style}>is {done}</span>
        {action.by ? <span class="faint"> by {clipped(action.by, 60)}</span> : null}
        {alarms.map((alarm) => (
          <span key={alarm} class="alarm-line inline">
            ! {alarm}
          </span>
        ))}
      </span>
    </div>
  );
}

function Crowd({ waiting }: { waiting: Waiting[] }) {
  const shown = waiting.slice(0, 12).map((one) => objectName(one.object));
  return (
    <div class="step">
      <span class="sign wait" aria-hidden="true">
        …
      </span>
      <span>
        {waiting.length} objects <span class="wait strong">wait ({visible(waiting[0]?.gate ?? "")})</span>: {shown.join(", ")}
        {waiting.length > shown.length ? ` and ${waiting.length - shown.length} more` : ""}
      </span>
    </div>
  );
}
