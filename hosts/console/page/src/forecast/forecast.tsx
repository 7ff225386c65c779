/** The rounds of a roll-out before it starts: scrubbed, played, with the traffic drawn over them. */

import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { ask } from "../planner/client";
import type { Rounds } from "../planner/types";
import { clipped, plural, visible } from "../shell/text";
import { announce, answer, resourcesText, revision } from "../state";
import { RoundSteps } from "./round";
import { Shares, TrafficChart } from "./traffic";

const PLAY_MILLISECONDS = 900;

/** The forecast, and the revision of the plan that it belongs to. */
const forecast = signal<{ rounds: Rounds; revision: number } | null>(null);
/** The round that is looked at, from 1. */
const round = signal(1);
const playing = signal(false);

/** The view. */
export function Forecast() {
  useForecast();
  usePlay();
  const known = forecast.value;
  if (!answer.value?.plan && answer.value) return <Mistakes />;
  if (!known) return <p class="faint">Looking ahead …</p>;
  const { rounds, end } = known.rounds;
  if (rounds.length === 0) return <End forecast={known.rounds} />;
  if (resourcesText.value.trim() === "" && rounds.every((round) => round.actions.length === 0)) return <Nothing />;
  const number = Math.min(round.value, rounds.length);
  const shown = rounds[number - 1];
  return (
    <>
      <h2>
        Round {number} of {rounds.length}: {visible(shown?.summary.text ?? "")}
      </h2>
      <Scrubber count={rounds.length} number={number} text={visible(shown?.summary.text ?? "")} />
      <TrafficChart rounds={rounds} number={number} choose={(chosen) => go(chosen, rounds.length)} />
      {shown && <Shares traffic={shown.traffic} />}
      {shown && <RoundSteps round={shown} />}
      {number === rounds.length && <End forecast={{ rounds, end }} />}
    </>
  );
}

function Scrubber({ count, number, text }: { count: number; number: number; text: string }) {
  return (
    <div class="scrub" role="group" aria-label="Rounds">
      <button
        class="button"
        type="button"
        aria-label={playing.value ? "Pause" : "Play the rounds"}
        disabled={count < 2}
        onClick={() => play(number, count)}
      >
        <span aria-hidden="true">{playing.value ? "❚❚" : "▶"}</span>
      </button>
      <button class="button" type="button" aria-label="Round before" disabled={number <= 1} onClick={() => go(number - 1, count)}>
        <span aria-hidden="true">←</span>
      </button>
      <input
        type="range"
        min={1}
        max={count}
        step={1}
        value={number}
        aria-label="Round"
        aria-valuetext={`Round ${number} of ${count}: ${text}`}
        onInput={(event) => {
          playing.value = false;
          go(Number(event.currentTarget.value), count);
        }}
      />
      <button
        class="button"
        type="button"
        aria-label="Round after"
        disabled={number >= count}
        onClick={() => go(number + 1, count)}
      >
        <span aria-hidden="true">→</span>
      </button>
    </div>
  );
}

function End({ forecast: { rounds, end } }: { forecast: Rounds }) {
  const after = `after ${plural(rounds.length, "round")}`;
  const [style, words] = ENDS[end.reason] ?? ["delete", visible(end.reason)];
  return (
    <div class="end">
      <p>
        <strong class={style}>{rounds.length === 0 ? words : `${words} ${after}`}</strong>: {clipped(end.text, 400)}
      </p>
      {end.waiting.map((waiting, index) => (
        <p key={index} class="wait-line">
          <span class="gate">… waits ({visible(waiting.gate)}):</span> {clipped(waiting.text, 400)}
        </p>
      ))}
    </div>
  );
}

const ENDS: Record<string, [style: string, words: string]> = {
  Done: ["create", "✓ Done"],
  Waiting: ["wait", "… Waiting"],
  RoundLimit: ["delete", "! Not at an end"],
  Invalid: ["delete", "✖ Invalid"],
};

function Mistakes() {
  return (
    <div class="empty">
      <h2>No forecast yet</h2>
      <p>The text has mistakes. They are listed below it with their lines; the rounds follow as soon as they are mended.</p>
    </div>
  );
}

function Nothing() {
  return (
    <div class="empty">
      <h2>The rounds of a roll-out before it starts</h2>
      <p>
        A plan is carried out round by round: a Deployment waits for its Model, the routes wait until its pods can take traffic.
        Write the custom resources on the left, and every round is here, with where the requests go after it.
      </p>
    </div>
  );
}

function go(number: number, count: number): void {
  round.value = Math.max(1, Math.min(number, count));
}

function play(number: number, count: number): void {
  if (!playing.value && number >= count) round.value = 1;
  playing.value = !playing.value;
}

function usePlay(): void {
  const on = playing.value;
  useEffect(() => {
    if (!on) return undefined;
    const timer = setInterval(() => {
      const count = forecast.peek()?.rounds.rounds.length ?? 0;
      if (round.peek() >= count) playing.value = false;
      else round.value = round.peek() + 1;
    }, PLAY_MILLISECONDS);
    return () => clearInterval(timer);
  }, [on]);
}

/** Asks for the forecast of the newest plan; the older one is shown until it is there. */
function useForecast(): void {
  const now = revision.value;
  useEffect(() => {
    if (forecast.peek()?.revision === now) return;
    void ask("forecast", null).then(
      (rounds) => {
        if (revision.peek() !== now) return;
        forecast.value = { rounds, revision: now };
        announce(`Forecast: ${plural(rounds.rounds.length, "round")}`);
      },
      () => undefined,
    );
  }, [now]);
}
