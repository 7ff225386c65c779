/**
 * Which objects hang together, how each is, and what the plan does with it: Endpoint → Gateway and EndpointConfig → VirtualService
 * → Models by their weights → their dependants → Pods. Works from what is wanted alone, from what is there alone, and from both.
 */

import type { Plan as Whole } from "modelwright";

/** An object as JSON has it. */
export type Json = { [name: string]: unknown };

/** How an object is. */
export type Mood = "good" | "busy" | "bad" | "absent" | "unknown";

/** What the plan does with an object; `waiting`: something, but not now. */
export type Fate = "create" | "update" | "replace" | "delete" | "conflict" | "waiting" | "unchanged";

/** An object, or many of a kind in one. */
export interface Node {
  /** `apps/v1|Deployment|namespace|name`, as in a plan. */
  id: string;
  kind: string;
  namespace: string;
  name: string;
  mood: Mood;
  /** The mood in a word or a fact: `available`, `2 of 2 ready`, `not there`. */
  state: string;
  fate: Fate;
  /** Why the plan does that, or what it waits for; may be empty. */
  why: string;
  /** On the edge to it: the share of the requests. */
  share: string;
  children: Node[];
  /** It hangs on something else, too, where it is drawn: here is only the edge. */
  isElsewhere: boolean;
}

/** The parts of a plan that are drawn. */
export type Plan = Pick<Whole, "objects" | "waiting" | "statuses">;

/** What is drawn. */
export interface World {
  /** The custom resources that are wanted. */
  desired: Json[];
  /** What was observed, Pods among it. */
  live: Json[];
  plan: Plan;
  /** Those that were read as a whole; of others only what is related was. Empty: everything was. */
  namespaces: Set<string>;
  /** Kinds that may not be read. */
  unreadable: Set<string>;
}

const GROUP = "mlops.internal/v1alpha1";
const APIS: Record<string, string> = {
  Model: GROUP,
  EndpointConfig: GROUP,
  Endpoint: GROUP,
  Gateway: "networking.istio.io/v1",
  VirtualService: "networking.istio.io/v1",
  Deployment: "apps/v1",
};

/** The trees: those of the Endpoints first, then what no Endpoint reaches. */
export function forest(world: World): Node[] {
  const draw = new Draw(world);
  return ["Endpoint", "EndpointConfig", "Model"].flatMap((kind) => draw.roots(kind));
}

class Draw {
  private readonly world: World;
  private readonly desired: Map<string, Json>;
  private readonly live: Map<string, Json>;
  private readonly planned: Map<string, Plan["objects"][number]>;
  private readonly waiting: Map<string, Plan["waiting"][number]>;
  private readonly statuses: Map<string, Json>;
  private readonly pods: Map<string, Json[]>;
  private readonly drawn = new Set<string>();

  constructor(world: World) {
    const byId = (objects: Json[]): Map<string, Json> => new Map(objects.map((object) => [idOf(object), object]));
    this.world = world;
    this.desired = byId(world.desired);
    this.live = byId(world.live);
    this.planned = new Map(world.plan.objects.map((object) => [object.id, object]));
    this.waiting = new Map(world.plan.waiting.map((one) => [one.object, one]));
    this.statuses = new Map(world.plan.statuses.map((one) => [one.object, one.status as Json]));
    this.pods = grouped(world.live.filter((object) => object["kind"] === "Pod"));
  }

  /** Every object of a kind that is wanted or there and does not hang on one that is drawn. */
  roots(kind: string): Node[] {
    const ids = new Set([...this.desired.keys(), ...this.live.keys()].filter((id) => id.startsWith(`${GROUP}|${kind}|`)));
    const { namespaces } = this.world;
    return [...ids].sort().flatMap((id) => {
      const [, , namespace = "", name = ""] = id.split("|");
      const isMeant = this.desired.has(id) || namespaces.size === 0 || namespaces.has(namespace);
      return isMeant && !this.drawn.has(id) ? [this.resource(kind, namespace, name)] : [];
    });
  }

  private resource(kind: string, namespace: string, name: string): Node {
    const node = this.node(kind, namespace, name);
    const status = this.status(node.id);
    const state = text(status, "state");
    if (node.mood !== "absent" && state !== "") [node.mood, node.state] = [moodOf(state), state];
    if (this.drawn.has(node.id)) return { ...node, isElsewhere: true };
    this.drawn.add(node.id);
    const spec = member(this.desired.get(node.id) ?? this.live.get(node.id), "spec");
    if (kind === "Endpoint") node.children = this.ofEndpoint(node, spec);
    if (kind === "EndpointConfig") node.children = this.ofConfig(node, spec, status);
    if (kind === "Model") node.children = this.ofModel(node, spec);
    return node;
  }

  private ofEndpoint({ namespace, name }: Node, spec: Json): Node[] {
    const config = text(spec, "config");
    const gateway = this.node("Gateway", namespace, name);
    return config === "" ? [gateway] : [gateway, this.resource("EndpointConfig", namespace, config)];
  }

  private ofConfig({ namespace, name }: Node, spec: Json, status: Json): Node[] {
    const wanted = weights(items(spec, "models"));
    const now = weights(items(status, "routes"));
    const routes = this.node("VirtualService", namespace, name);
    const models = new Set([...wanted.keys(), ...now.keys()]);
    routes.children = [...models]
      .filter((model) => model !== "")
      .map((model) => {
        return {
          ...this.resource("Model", namespace, model),
          share: shares(now.get(model), wanted.get(model), total(now), total(wanted)),
        };
      });
    return [routes];
  }

  private ofModel({ namespace, name }: Node, spec: Json): Node[] {
    const storage = member(spec, "storage");
    const claim = text(storage, "existingClaim") || name;
    const deployment = this.deployment(namespace, name);
    const children = [deployment, this.node("Service", namespace, name)];
    const isOwned = (kind: string, of: string, called: string): boolean => this.isKnown(idFor(kind, of, called));
    if (isOwned("PersistentVolumeClaim", namespace, claim)) children.push(this.node("PersistentVolumeClaim", namespace, claim));
    const volume = `${namespace}.${name}`;
    if (isOwned("PersistentVolume", "", volume)) children.push(this.node("PersistentVolume", "", volume));
    return children;
  }

  private deployment(namespace: string, name: string): Node {
    const node = this.node("Deployment", namespace, name);
    const live = this.live.get(node.id);
    if (live === undefined) return node;
    const wanted = count(member(live, "spec"), "replicas", 1);
    node.state = `${count(member(live, "status"), "readyReplicas", 0)} of ${wanted} ready`;
    const labels = member(member(member(live, "spec"), "selector"), "matchLabels");
    const belongs = (pod: Json): boolean => {
      const own = member(member(pod, "metadata"), "labels");
      return Object.entries(labels).every(([label, value]) => own[label] === value);
    };
    node.children = (this.pods.get(namespace) ?? []).filter(belongs).map((pod) => podNode(pod));
    return node;
  }

  /** Anything: whether it is there, how far it is, and what the plan does with it. */
  private node(kind: string, namespace: string, name: string): Node {
    const id = idFor(kind, namespace, name);
    const planned = this.planned.get(id);
    const live = this.live.get(id);
    const [mood, state] = this.moodFor(kind, live, planned?.readiness.status ?? "");
    const waiting = this.waiting.get(id);
    const fate = waiting === undefined ? fateOf(planned?.verb ?? "") : "waiting";
    const why = waiting === undefined ? (planned?.reason ?? "") : `${waiting.gate}: ${waiting.facts}`;
    return { id, kind, namespace, name, mood, state, fate, why, share: "", children: [], isElsewhere: false };
  }

  private moodFor(kind: string, live: Json | undefined, readiness: string): [Mood, string] {
    if (live === undefined) return this.world.unreadable.has(kind) ? ["unknown", "may not be read"] : ["absent", "not there"];
    if (member(live, "metadata")["deletionTimestamp"] !== undefined) return ["busy", "terminating"];
    switch (readiness) {
      case "Failed":
        return ["bad", "failed"];
      case "InProgress":
        return ["busy", "in progress"];
      case "Terminating":
        return ["busy", "terminating"];
      default:
        return ["good", "there"];
    }
  }

  private isKnown(id: string): boolean {
    return this.planned.has(id) || this.live.has(id) || this.waiting.has(id);
  }

  /** As the component has just found it: the one in the cluster is as old as the last run of a host. */
  private status(id: string): Json {
    return this.statuses.get(id) ?? member(this.live.get(id), "status");
  }
}

function podNode(pod: Json): Node {
  const metadata = member(pod, "metadata");
  const status = member(pod, "status");
  const all = items(member(pod, "spec"), "containers").length;
  const containers = [...items(status, "initContainerStatuses"), ...items(status, "containerStatuses")];
  const ready = items(status, "containerStatuses").filter((container) => container["ready"] === true).length;
  const waiting = containers.map((container) => text(member(member(container, "state"), "waiting"), "reason"));
  const reason = waiting.find((one) => one !== "" && one !== "PodInitializing" && one !== "ContainerCreating") ?? "";
  const phase = metadata["deletionTimestamp"] === undefined ? text(status, "phase") : "Terminating";
  const isBad = phase === "Failed" || /Off|Err/.test(reason);
  const mood: Mood = isBad ? "bad" : phase === "Running" && ready === all ? "good" : "busy";
  const [namespace, name] = [text(metadata, "namespace"), text(metadata, "name")];
  const state = [phase, `${ready}/${all} ready`, reason].filter((part) => part !== "").join(", ");
  return {
    id: `v1|Pod|${namespace}|${name}`,
    kind: "Pod",
    namespace,
    name,
    mood,
    state,
    fate: "unchanged",
    why: "",
    share: "",
    children: [],
    isElsewhere: false,
  };
}

function moodOf(state: string): Mood {
  return state === "available" ? "good" : state === "failed" ? "bad" : "busy";
}

function fateOf(verb: string): Fate {
  const known: Fate[] = ["create", "update", "replace", "delete", "conflict"];
  return known.find((fate) => fate === verb) ?? "unchanged";
}

function idFor(kind: string, namespace: string, name: string): string {
  return `${APIS[kind] ?? "v1"}|${kind}|${namespace}|${name}`;
}

function idOf(object: Json): string {
  const metadata = member(object, "metadata");
  return `${text(object, "apiVersion")}|${text(object, "kind")}|${text(metadata, "namespace")}|${text(metadata, "name")}`;
}

function grouped(pods: Json[]): Map<string, Json[]> {
  const groups = new Map<string, Json[]>();
  for (const pod of pods) {
    const namespace = text(member(pod, "metadata"), "namespace");
    groups.set(namespace, [...(groups.get(namespace) ?? []), pod]);
  }
  return groups;
}

/** The weights by Model. */
function weights(entries: Json[]): Map<string, number> {
  return new Map(entries.map((entry) => [text(entry, "model"), count(entry, "weight", 0)]));
}

function total(weights: Map<string, number>): number {
  return [...weights.values()].reduce((sum, weight) => sum + weight, 0);
}

/** `90 %`, or `90 % → 50 %` where it will be another. */
function shares(now: number | undefined, wanted: number | undefined, sumNow: number, sumWanted: number): string {
  const before = now === undefined ? "no traffic yet" : share(now, sumNow);
  const after = wanted === undefined ? "none" : share(wanted, sumWanted);
  return before === after ? after : `${before} → ${after}`;
}

/** A weight as its share of all: `90 %`, `0.5 %`. */
export function share(weight: number, sum: number): string {
  if (sum === 0) return "0 %";
  const tenths = Math.round((weight * 1000) / sum);
  return weight > 0 && tenths === 0 ? "under 0.1 %" : `${tenths / 10} %`;
}

function member(value: unknown, name: string): Json {
  const found = isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
  return isObject(found) ? found : {};
}

function text(value: Json, name: string): string {
  const found = Object.hasOwn(value, name) ? value[name] : undefined;
  return typeof found === "string" ? found : "";
}

function count(value: Json, name: string, otherwise: number): number {
  const found = Object.hasOwn(value, name) ? value[name] : undefined;
  return typeof found === "number" ? found : otherwise;
}

function items(value: Json, name: string): Json[] {
  const found = Object.hasOwn(value, name) ? value[name] : undefined;
  return Array.isArray(found) ? found.filter(isObject) : [];
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What is below a closed node, in words: what the plan does, and what is not well. */
export function summary(node: Node): { mood: Mood; text: string } {
  const moods = new Map<Mood, number>();
  const fates = new Map<Fate, number>();
  const walk = (one: Node): void => {
    moods.set(one.mood, (moods.get(one.mood) ?? 0) + 1);
    fates.set(one.fate, (fates.get(one.fate) ?? 0) + 1);
    one.children.forEach(walk);
  };
  node.children.forEach(walk);
  const worst = (["bad", "busy", "unknown", "absent", "good"] as const).find((mood) => moods.has(mood)) ?? node.mood;
  const told = (["delete", "replace", "conflict", "create", "update", "waiting"] as const).filter((fate) => fates.has(fate));
  const parts = told.map((fate) => `${fates.get(fate)} ${FATES[fate].word}`);
  const bad = moods.get("bad") ?? 0;
  return { mood: worst, text: [...parts, ...(bad > 0 ? [`${bad} failed`] : [])].join(", ") };
}

/** Sign and word of what the plan does. */
export const FATES: Record<Fate, { sign: string; word: string }> = {
  create: { sign: "+", word: "to create" },
  update: { sign: "~", word: "to update" },
  replace: { sign: "-/+", word: "to replace" },
  delete: { sign: "-", word: "to delete" },
  conflict: { sign: "!", word: "in conflict" },
  waiting: { sign: "…", word: "waiting" },
  unchanged: { sign: "", word: "" },
};

/** Sign of how an object is; the state says it in words. */
export const MOODS: Record<Mood, string> = { good: "✓", busy: "◔", bad: "✗", absent: "○", unknown: "?" };
