/** Where the requests to a host go after each round, as stacked bars with their shares in words. */

import { signal } from "@preact/signals";
import type { Round, Traffic } from "../planner/types";
import { clipped, percent, visible } from "../shell/text";

const WIDTH = 600;
const HEIGHT = 160;
const TOP = 8;
const BOTTOM = 152;
/** Colours that tell Models apart; more Models share them, and are told apart by their names. */
const COLOURS = 8;
/** Rounds that still have room for a label each. */
const LABELLED = 12;
/** Models that get a line in the legend. */
const NAMED = 16;

const chosenHost = signal("");

interface Properties {
  rounds: Round[];
  number: number;
  choose(number: number): void;
}

/** The chart; nothing where no round routes anything. */
export function TrafficChart({ rounds, number, choose }: Properties) {
  const hosts = [...new Set(rounds.flatMap((round) => round.traffic.map((traffic) => traffic.host)))].toSorted();
  const host = hosts.includes(chosenHost.value) ? chosenHost.value : hosts[0];
  if (host === undefined) return null;
  const shares = rounds.map((round) => round.traffic.find((traffic) => traffic.host === host)?.routes ?? []);
  const models = [...new Set(shares.flat().map((route) => route.model))].toSorted();
  return (
    <figure class="chart">
      <figcaption class="row">
        <h3>Requests to</h3>
        {hosts.length === 1 ? (
          <span class="code">{clipped(host, 255)}</span>
        ) : (
          <select
            class="select"
            aria-label="Host"
            value={host}
            onChange={(event) => (chosenHost.value = event.currentTarget.value)}
          >
            {hosts.map((name) => (
              <option key={name} value={name}>
                {clipped(name, 255)}
              </option>
            ))}
          </select>
        )}
        <span class="faint">after each round</span>
      </figcaption>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={spoken(host, shares)}>
        {shares.map((routes, index) => (
          <Bar
            key={index}
            index={index}
            count={rounds.length}
            routes={routes}
            models={models}
            here={index + 1 === number}
            choose={choose}
          />
        ))}
      </svg>
      {rounds.length <= LABELLED && (
        <div class="rounds" aria-hidden="true">
          {shares.map((routes, index) => (
            <span key={index} class={index + 1 === number ? "strong" : "faint"}>
              {index + 1}
              {routes.length === 0 ? " · nowhere" : ""}
            </span>
          ))}
        </div>
      )}
      <ul class="legend">
        {models.slice(0, NAMED).map((model, index) => (
          <li key={model}>
            <svg viewBox="0 0 12 12" aria-hidden="true">
              <rect width="12" height="12" rx="2" class={colour(index)} />
            </svg>
            {clipped(model, 130)}&nbsp;
            <strong>{shareOf(shares[number - 1] ?? [], model)}</strong>
          </li>
        ))}
        {models.length > NAMED && <li class="faint">and {models.length - NAMED} more</li>}
      </ul>
    </figure>
  );
}

interface BarProperties {
  index: number;
  count: number;
  routes: Traffic["routes"];
  models: string[];
  here: boolean;
  choose(number: number): void;
}

function Bar({ index, count, routes, models, here, choose }: BarProperties) {
  const slot = WIDTH / count;
  const x = index * slot + slot * 0.06;
  const width = slot * 0.88;
  const total = sum(routes);
  let y = TOP;
  const parts = routes.map((route) => {
    const height = total === 0 ? 0 : ((BOTTOM - TOP) * route.weight) / total;
    const part = { ...route, y, height };
    y += height;
    return part;
  });
  return (
    <g onClick={() => choose(index + 1)}>
      {total === 0 && <rect class="nowhere" x={x} y={TOP} width={width} height={BOTTOM - TOP} />}
      {parts.map((part) => (
        <rect
          key={part.model}
          class={`part ${colour(models.indexOf(part.model))}`}
          x={x}
          y={part.y}
          width={width}
          height={part.height}
        >
          <title>{`round ${index + 1}: ${clipped(part.model, 130)} ${percent(part.weight, total)}`}</title>
        </rect>
      ))}
      {here && <rect class="here" x={index * slot + 2} y={2} width={slot - 4} height={HEIGHT - 4} rx="6" />}
      <line class="axis" x1={x} x2={x + width} y1={BOTTOM} y2={BOTTOM} />
    </g>
  );
}

/** The shares after the round that is looked at, in words, for every host. */
export function Shares({ traffic }: { traffic: Traffic[] }) {
  if (traffic.length === 0) return <p class="section faint">After this round nothing is routed yet.</p>;
  return (
    <ul class="section" aria-label="Traffic after this round">
      {traffic.slice(0, 20).map(({ host, routes }) => (
        <li key={host}>
          <span class="faint">traffic</span> <span class="code">{clipped(host, 255)}</span>:{" "}
          {routes.length === 0
            ? "nowhere"
            : routes.map((route) => `${clipped(route.model, 130)} ${percent(route.weight, sum(routes))}`).join(", ")}
        </li>
      ))}
      {traffic.length > 20 && <li class="faint">and {traffic.length - 20} more hosts</li>}
    </ul>
  );
}

function spoken(host: string, shares: Traffic["routes"][]): string {
  const rounds = shares.map((routes, index) => {
    const parts = routes.map((route) => `${visible(route.model)} ${percent(route.weight, sum(routes))}`);
    return `round ${index + 1}: ${parts.length === 0 ? "nowhere" : parts.join(", ")}`;
  });
  return `Requests to ${visible(host)}. ${rounds.slice(0, 30).join("; ")}`;
}

function shareOf(routes: Traffic["routes"], model: string): string {
  const route = routes.find((route) => route.model === model);
  return route ? percent(route.weight, sum(routes)) : "–";
}

function sum(routes: Traffic["routes"]): number {
  return routes.reduce((total, route) => total + route.weight, 0);
}

function colour(index: number): string {
  return `p${index % COLOURS}`;
}
