/** The bar that says which cluster this is about, how the connection is, and what may not be read. */

import type { JSX, TargetedEvent } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Live, State } from "./connection";
import { choose, cluster, connect, disconnect, isBusy } from "./state";
import { visible } from "../shell/text";
import "./connect.css";

/** Shows the connection, and makes and ends it. */
export function Connect(): JSX.Element {
  const state = cluster.value;
  return (
    <section class="connect" aria-label="Cluster">
      <div class="connect-bar">
        <Words state={state} />
        {state.kind === "live" && <Namespace live={state} />}
        {state.kind === "live" || state.kind === "connecting" ? (
          <button type="button" class="button" disabled={isBusy.value} onClick={disconnect}>
            Disconnect
          </button>
        ) : (
          <button type="button" class="button" onClick={connect}>
            {state.kind === "failed" ? "Try again" : "Connect"}
          </button>
        )}
      </div>
      {state.kind === "live" && <Unreadable live={state} />}
    </section>
  );
}

function Words({ state }: { state: State }): JSX.Element {
  switch (state.kind) {
    case "off":
      return (
        <p class="connect-state">Not connected: plans are about the live objects that were pasted, or about an empty cluster.</p>
      );
    case "connecting":
      return (
        <p class="connect-state" role="status">
          Connecting …
        </p>
      );
    case "failed":
      return (
        <p class="connect-state is-bad" role="alert">
          ✗ {visible(state.why)}
        </p>
      );
    case "live":
      return <Healthy live={state} />;
  }
}

function Healthy({ live }: { live: Live }): JSX.Element {
  const { session, health } = live;
  const spaces = live.observed.namespaces.join(", ");
  const where = session.context || session.server || location.host;
  const who = session.user === "" ? "" : ` as ${session.user}`;
  const host = session.host === "proxy" ? "a proxy" : session.host;
  const words = `${where}${who}, Kubernetes ${session.version}, through ${host}; reads ${spaces}`;
  return (
    <p class={`connect-state ${health.state === "live" ? "is-good" : "is-bad"}`} role="status">
      {health.state === "live" ? `✓ Connected to ${words}` : `✗ Lost ${where}: what is shown is as old as `}
      {health.state === "lost" && <Age since={health.since} />}
      {health.state === "lost" && `; trying again. ${visible(health.why)}`}
    </p>
  );
}

function Age({ since }: { since: number }): JSX.Element {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return <span aria-hidden="true">{Math.max(0, Math.round((now - since) / 1000))} s</span>;
}

/** A list to choose from, or a field to type into where namespaces may not be listed. */
function Namespace({ live }: { live: Live }): JSX.Element {
  const { namespace, namespaces } = live;
  const change = (event: TargetedEvent<HTMLSelectElement | HTMLInputElement>): void => {
    const value = event.currentTarget.value.trim();
    if (value !== "" && value !== namespace) choose(value);
  };
  return (
    <label class="connect-namespace">
      Namespace of what names none{" "}
      {namespaces === undefined ? (
        <input class="field" value={namespace} disabled={isBusy.value} onChange={change} />
      ) : (
        <select class="select" value={namespace} disabled={isBusy.value} onChange={change}>
          {[...new Set([namespace, ...namespaces])].sort().map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      )}
    </label>
  );
}

/** What may not be read, by kind; what it decides is on hold. */
function Unreadable({ live }: { live: Live }): JSX.Element | null {
  const { refusals, missingNamespaces } = live.observed;
  if (refusals.length === 0 && missingNamespaces.length === 0 && live.podsRefusal === "") return null;
  return (
    <ul class="connect-unreadable" aria-label="What is not known">
      {missingNamespaces.map((name) => (
        <li key={name}>
          <b>Namespace {name}</b> does not exist: <code>kubectl create namespace {name}</code> makes it
        </li>
      ))}
      {refusals.map(({ kind, namespace, message }) => (
        <li key={`${kind} ${namespace}`}>
          <b>{kind}</b> may not be read{namespace === "" ? "" : ` in ${namespace}`}: what depends on it is on hold.{" "}
          {visible(message)}
        </li>
      ))}
      {live.podsRefusal !== "" && (
        <li>
          <b>Pod</b> may not be read: nothing depends on it, the map ends at the Deployments. {visible(live.podsRefusal)}
        </li>
      )}
    </ul>
  );
}
