/** What the worker answers: plans reduced to what lists show, details when they are asked for. */

import type { Node } from "../map/graph";

/** A Kubernetes object as JSON; nothing in it is trusted to have any shape. */
export type KubeObject = { [field: string]: unknown };

/** How much a finding matters. */
export type Severity = "error" | "warning" | "info";

/** Which of the two texts. */
export type Text = "resources" | "observed";

/** A place in a text: offsets in UTF-16 units, line and column from 1. */
export interface Place {
  text: Text;
  from: number;
  to: number;
  line: number;
  column: number;
}

/** One finding about an input, the planner's or the parser's. */
export interface Finding {
  severity: Severity;
  code: string;
  /** `Kind/namespace/name`, empty where there is none. */
  object: string;
  /** JSON Pointer into the object. */
  path: string;
  message: string;
  help: string;
  /** Where it is written, if it is. */
  place: Place | null;
}

/** One custom resource of the text. */
export interface Resource {
  /** `mlops.internal/v1alpha1|Model|namespace|name`. */
  id: string;
  kind: string;
  namespace: string;
  name: string;
}

/** A step of a path: a field, an index, or the keys of an item of a list. */
export type Step = string | number | { [key: string]: unknown };

/** One difference. */
export interface Change {
  path: Step[];
  /** The path for people. */
  text: string;
  op: string;
  before: unknown;
  after: unknown;
  owner: string;
  sensitive: boolean;
}

/** The exact API call. */
export interface ApiRequest {
  method: string;
  path: string;
  query: { [name: string]: string };
  contentType: string;
  body: unknown;
}

/** One API call of a plan. */
export interface Action {
  id: string;
  object: string;
  verb: string;
  reason: string;
  /** Ids of actions that come before. */
  after: string[];
  disruptive: boolean;
  destructive: boolean;
  dataLoss: boolean;
  text: string;
  /** Who does it; absent or empty: the host of the plan. */
  by?: string;
  request: ApiRequest;
  /** How the status code of the answer is read. */
  expect: { done: number[]; observeAgain: number[]; gone: number[] };
}

/** What a gate holds back. */
export interface Waiting {
  object: string;
  gate: string;
  waitsFor: string[];
  facts: string;
  text: string;
}

/** Totals. */
export interface Summary {
  create: number;
  update: number;
  replace: number;
  delete: number;
  unchanged: number;
  waiting: number;
  conflict: number;
  dataLoss: boolean;
  text: string;
}

/** One object of a plan, without its changes. */
export interface PlannedObject {
  id: string;
  role: string;
  verb: string;
  reason: string;
  /** How many changes and conflicts there are. */
  changes: number;
  conflicts: number;
  unchangedFields: number;
  /** What nobody may overlook about its action; empty where there is none. */
  alarms: string[];
  /** Whether the plan acts on it now. */
  acted: boolean;
  waiting: Waiting[];
  /** `Current`, `InProgress`, `Failed`, `NotFound` … and why. */
  readiness: { status: string; reason: string };
  /** There in small plans; of large ones it is asked for. */
  detail: Detail | null;
}

/** A plan, without changes and requests. */
export interface PlanOutline {
  summary: Summary;
  objects: PlannedObject[];
  /** What waits and is no object above. */
  waitingElsewhere: Waiting[];
  drift: { object: string; change: Change }[];
  carriedOutBy: { kind: string; host: string; controller: string }[];
  /** How many actions there are. */
  actions: number;
}

/** Changes and request of one object. */
export interface Detail {
  changes: Change[];
  conflicts: Change[];
  unknownAfter: Step[][];
  replacePaths: Step[][];
  unchangedFields: number;
  actions: Action[];
}

/** What is known of one object, as YAML; empty where there is nothing. */
export interface ObjectTexts {
  /** As it is live. */
  live: string;
  /** As the live one would be after the plan; where nothing is live, as it is desired. */
  after: string;
  /** As Modelwright means it: no defaults, no status. */
  desired: string;
}

/** A share of the requests to a host. */
export interface Traffic {
  host: string;
  routes: { model: string; weight: number }[];
}

/** One round of a forecast. */
export interface Round {
  number: number;
  summary: Summary;
  actions: Omit<Action, "request" | "expect" | "after">[];
  waiting: Waiting[];
  events: string[];
  traffic: Traffic[];
}

/** The rounds until nothing changes. */
export interface Forecast {
  rounds: Round[];
  end: { reason: string; text: string; waiting: Waiting[] };
}

/** What a connected cluster holds; filled by `src/cluster`. */
export interface Live {
  /** The objects as the server sent them: JSON texts. */
  objects: string[];
  unreadable: KubeObject[];
  /** Namespaces that were read as a whole. */
  namespaces: string[];
  /** Of what names none; empty: there is none. */
  namespace: string;
}

/** What the planner is asked. */
export interface Question {
  resources: string;
  observed: string;
  allowDataLoss: boolean;
}

/** What the planner says about a question. */
export interface Answer {
  resources: Resource[];
  /** Ids of the observed objects. */
  observed: string[];
  findings: Finding[];
  /** Null where nothing could be decided; `findings` say why. */
  plan: PlanOutline | null;
  /** Time that the worker took, in milliseconds. */
  milliseconds: number;
}

/** Version of the planner. */
export interface Info {
  version: string;
  contract: string;
}

/** The operations of the worker: argument and result. */
export interface Operations {
  /** What the cluster holds; null: not connected. Counts for every later question. */
  observe: [Live | null, null];
  plan: [Question, Answer];
  /** The last plan's changes and requests for one object. */
  detail: [string, Detail];
  /** The last plan's actions, in order. */
  actions: [null, Action[]];
  /** YAML of one object. */
  texts: [string, ObjectTexts];
  /** Of the last question. */
  forecast: [null, Forecast];
  /** The custom resources of the last question as JSON texts; empty where the text has mistakes. */
  resources: [null, string[]];
  /** What hangs together in the last question, with these Pods. */
  map: [KubeObject[], Node[]];
  schemas: [null, KubeObject[]];
  info: [null, Info];
  /** The raw contract: `text.call`. */
  call: [{ operation: string; request: string }, string];
}
