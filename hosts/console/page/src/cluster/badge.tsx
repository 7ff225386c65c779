/** How it stands with the cluster, in the header of every view. */

import { view } from "../state";
import type { Live } from "./connection";
import "./badge.css";
import { cluster } from "./state";

/** A word that leads to the connection. */
export function Badge() {
  const [sign, word, mood] = words();
  return (
    <button type="button" class={`button plain badge ${mood}`} title="Cluster" onClick={() => (view.value = "act")}>
      <span aria-hidden="true">{sign}</span> <span class="badge-word">{word}</span>
    </button>
  );
}

function spaces(live: Live): string {
  return live.observed.namespaces.join(", ");
}

function words(): [sign: string, word: string, mood: string] {
  const state = cluster.value;
  switch (state.kind) {
    case "off":
      return ["○", "Not connected", "unchanged"];
    case "connecting":
      return ["◔", "Connecting", "update"];
    case "failed":
      return ["✗", "No connection", "delete"];
    case "live":
      return state.health.state === "live" ? ["✓", spaces(state), "create"] : ["✗", `Lost ${spaces(state)}`, "delete"];
  }
}
