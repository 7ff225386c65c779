/** The cluster as the page knows it. The planner gets what is observed, so that every view shows the real difference. */

import { batch, signal } from "@preact/signals";
import { ask } from "../planner/client";
import { live } from "../state";
import type { KubeObject } from "../planner/types";
import { Connection, type State } from "./connection";
import type { Item, Read } from "./observe";
import { takeToken } from "./session";

/** How it stands with the cluster. */
export const cluster = signal<State>({ kind: "off" });
/** Pods, for the map. */
export const pods = signal<KubeObject[]>([]);

const token = takeToken(location, history);
const connection = new Connection((operation, request) => ask("call", { operation, request }), told);

/** `modelwright console` opens the page with a token: then there is a cluster. */
export function connectAtOnce(): void {
  if (token !== "") void connection.connect(token, "");
}

/** Connects through whoever serves this page. */
export function connect(): void {
  void connection.connect(token, "");
}

/** Another namespace of the same cluster. */
export function choose(namespace: string): void {
  void connection.choose(namespace);
}

/** Nothing is read any more. */
export function disconnect(): void {
  connection.disconnect();
}

/** The custom resources that are wanted, as JSON texts. */
export function want(resources: string[]): void {
  connection.want(resources);
}

/** What somebody else has just read of the cluster. */
export function take(reads: Read[]): void {
  connection.take(reads);
}

/** Whether somebody else reads the cluster again and again. */
export function leave(isBusy: boolean): void {
  connection.rest(isBusy);
}

function told(state: State): void {
  batch(() => {
    const before = cluster.value;
    cluster.value = state;
    if (state.kind !== "live") {
      live.value = null;
      pods.value = [];
      return;
    }
    // How the connection is says nothing new about the objects.
    if (before.kind === "live" && before.observed === state.observed) return;
    const { unreadable, namespaces } = state.observed;
    live.value = { objects: state.observed.objects.map(parsed), unreadable, namespaces, namespace: state.namespace };
    pods.value = state.pods.map((pod: Item) => parsed(pod.text));
  });
}

function parsed(text: string): KubeObject {
  return JSON.parse(text) as KubeObject;
}
