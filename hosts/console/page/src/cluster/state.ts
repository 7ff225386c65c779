/** The cluster as the page knows it. The planner gets what is observed, so that every view shows the real difference. */

import { batch, effect, signal } from "@preact/signals";
import { ask } from "../planner/client";
import { answered, live } from "../state";
import type { KubeObject } from "../planner/types";
import { Connection, type State } from "./connection";
import type { Item, Read } from "./observe";
import { takeToken } from "./session";

/** How it stands with the cluster. */
export const cluster = signal<State>({ kind: "off" });
/** Whether a run writes: then the connection stays as it is. */
export const isBusy = signal(false);
/** Pods, for the map. */
export const pods = signal<KubeObject[]>([]);

const token = takeToken(location, history);
const connection = new Connection((operation, request) => ask("call", { operation, request }), told);

/** `modelwright console` opens the page with a token: then there is a cluster. */
export function connectAtOnce(): void {
  if (token !== "") connect();
}

/** Connects through whoever serves this page. */
export function connect(): void {
  // What is written decides which namespaces are read.
  const resources = answered.value === null ? Promise.resolve([]) : ask("resources", null);
  void resources.then((texts) => {
    connection.want(texts);
    return connection.connect(token, "");
  });
}

/** Another namespace of the same cluster. */
export function choose(namespace: string): void {
  void connection.choose(namespace);
}

/** Nothing is read any more. */
export function disconnect(): void {
  connection.disconnect();
}

/** What is written decides what has to be read: after every answer of the planner, while there is a cluster. */
effect(() => {
  if (answered.value === null || cluster.value.kind !== "live") return;
  void ask("resources", null).then((resources) => connection.want(resources));
});

/** What somebody else has just read of the cluster. */
export function take(reads: Read[]): void {
  connection.take(reads);
}

/** Whether somebody else reads the cluster again and again. */
export function leave(busy: boolean): void {
  isBusy.value = busy;
  connection.rest(busy);
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
    const { observed } = state;
    const seen = before.kind === "live" ? before : undefined;
    if (seen?.observed !== observed || seen.namespace !== state.namespace) {
      const { unreadable, namespaces } = observed;
      live.value = { objects: observed.objects, unreadable, namespaces, namespace: state.namespace };
    }
    if (seen?.pods !== state.pods) pods.value = state.pods.map((pod: Item) => parsed(pod.text));
  });
}

function parsed(text: string): KubeObject {
  return JSON.parse(text) as KubeObject;
}
