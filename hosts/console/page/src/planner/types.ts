/** What the worker answers: plans reduced to what lists show, details when they are asked for. The rest is the package's own. */

import type { Action, Charge, Diagnostic, Drift, Forecast, ForecastEnd, Info, ObjectPlan, Path, Summary, Waiting } from "modelwright";
import type { Node } from "../map/graph";

export type { Action, Change, Forecast, Info, Path, PathStep, Plan, Request, Round, Traffic, Waiting } from "modelwright";

/** A Kubernetes object as JSON; nothing in it is trusted to have any shape. */
export type KubeObject = { [field: string]: unknown };

/** How much a finding matters. */
export type Severity = Diagnostic["severity"];

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
export interface Finding extends Diagnostic {
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

/** One object of a plan, without its changes. */
export interface PlannedObject extends Pick<ObjectPlan, "id" | "role" | "verb" | "reason" | "unchangedFields" | "readiness"> {
  /** How many changes and conflicts there are. */
  changes: number;
  conflicts: number;
  /** What nobody may overlook about its action; empty where there is none. */
  alarms: string[];
  /** Whether the plan acts on it now. */
  acted: boolean;
  waiting: Waiting[];
  /** There in small plans; of large ones it is asked for. */
  detail: Detail | null;
}

/** A plan, without changes and requests. */
export interface PlanOutline {
  summary: Summary;
  objects: PlannedObject[];
  /** What waits and is no object above. */
  waitingElsewhere: Waiting[];
  drift: Drift[];
  carriedOutBy: Charge[];
  /** How many actions there are. */
  actions: number;
}

/** Changes and request of one object. */
export interface Detail extends Pick<ObjectPlan, "changes" | "conflicts" | "unchangedFields"> {
  unknownAfter: Path[];
  replacePaths: Path[];
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

/** The rounds until nothing changes. */
export interface Rounds extends Pick<Forecast, "rounds"> {
  /** `reason` may be the code of a failure, too. */
  end: Omit<ForecastEnd, "reason"> & { reason: string };
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
  forecast: [null, Rounds];
  /** The custom resources of the last question as JSON texts; empty where the text has mistakes. */
  resources: [null, string[]];
  /** What hangs together in the last question, with these Pods. */
  map: [KubeObject[], Node[]];
  schemas: [null, KubeObject[]];
  info: [null, Info | null];
  /** The raw contract: `text.call`. */
  call: [{ operation: string; request: string }, string];
}
