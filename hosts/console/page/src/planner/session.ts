/** The operations of the worker. Keeps the last question and its answer, so that details are there when they are asked for. */

import { stringify } from "yaml";
import { forest, type Node } from "../map/graph";
import { redacted, sides } from "./compare";
import { customResources, idOf, Reader, type Located, type Reading } from "./documents";
import type { Diagnostic, Failure } from "modelwright";
import type {
  Action,
  Answer,
  Detail,
  Finding,
  Forecast,
  Info,
  KubeObject,
  Live,
  ObjectTexts,
  Operations,
  Plan,
  PlannedObject,
  PlanOutline,
  Question,
  Rounds,
  Waiting,
} from "./types";

/** What a plan says here. */
type Used = Omit<Plan, "formatVersion" | "component">;

type Said<T> = { ok: T } | { failure: Failure };

/** Whoever looks at a plan here acts with their own rights: the API server decides which volumes they may use. */
const POLICY = { staticVolumes: "any" };
const NO_PLAN: Used = {
  summary: { create: 0, update: 0, replace: 0, delete: 0, unchanged: 0, waiting: 0, conflict: 0, dataLoss: false, text: "" },
  objects: [],
  actions: [],
  waiting: [],
  drift: [],
  statuses: [],
  diagnostics: [],
};

/** Plans of so many objects cross with all their details. */
const SMALL = 40;

/** One planner and what it was asked last. */
export class Session implements Record<keyof Operations, (argument: never) => unknown> {
  #call: (operation: string, request: string) => string;
  #resources = new Reader("resources");
  #pasted = new Reader("observed");
  #pastedText: string | null = null;
  #pastedReading: Reading = { objects: [], findings: [] };
  #live: { view: Live; json: string; objects: KubeObject[] } | null = null;
  #observed = new Map<string, KubeObject>();
  #located: Located[] = [];
  #request = "{}";
  #plan: Used = NO_PLAN;
  #rendered: Map<string, KubeObject> | null = null;

  constructor(call: (operation: string, request: string) => string) {
    this.#call = call;
  }

  observe(view: Live | null): null {
    this.#live = view
      ? { view, json: list(view.objects), objects: view.objects.map((text) => JSON.parse(text) as KubeObject) }
      : null;
    return null;
  }

  plan(question: Question): Answer {
    const start = performance.now();
    const reading = customResources(this.#resources.read(question.resources, this.#live?.view.namespace ?? ""));
    const pasted = this.#read(question.observed);
    this.#located = reading.objects;
    const mistakes = [...reading.findings, ...(this.#live ? [] : pasted.findings)];
    const resources = reading.objects.map((object) => object.resource);
    const answer = (findings: Finding[], plan: PlanOutline | null): Answer => ({
      resources,
      observed: [...this.#observed.keys()],
      findings,
      plan,
      milliseconds: performance.now() - start,
    });
    this.#observe(pasted);
    this.#rendered = null;
    if (mistakes.length > 0) {
      this.#plan = NO_PLAN;
      this.#request = "";
      return answer(mistakes, null);
    }
    this.#request = this.#ask(question, reading, pasted);
    const said = this.#say<Used>("plan", this.#request);
    if ("failure" in said) {
      this.#plan = NO_PLAN;
      return answer(this.#placed(said.failure.diagnostics), null);
    }
    this.#plan = said.ok;
    return answer(this.#placed(said.ok.diagnostics), outline(said.ok));
  }

  detail(id: string): Detail {
    return detail(this.#plan, id);
  }

  actions(): Action[] {
    return this.#plan.actions;
  }

  texts(id: string): ObjectTexts {
    const live = this.#observed.get(id);
    const desired = this.#desired(id);
    const shown = desired ? yaml(redacted(desired)) : "";
    if (!live) return { live: "", after: shown, desired: shown };
    const object = this.#plan.objects.find((object) => object.id === id);
    const { before, after } = sides(live, [...(object?.changes ?? []), ...(object?.conflicts ?? [])]);
    return { live: yaml(before), after: object?.verb === "delete" ? "" : yaml(after), desired: shown };
  }

  forecast(): Rounds {
    if (this.#request === "") return { rounds: [], end: { reason: "Invalid", text: "the text has mistakes", waiting: [] } };
    const said = this.#say<Forecast>("forecast", this.#request);
    if ("failure" in said) {
      return { rounds: [], end: { reason: said.failure.code, text: said.failure.diagnostics[0]?.message ?? "", waiting: [] } };
    }
    return { rounds: said.ok.rounds, end: said.ok.end };
  }

  resources(): string[] {
    return this.#request === "" ? [] : this.#located.map((object) => object.json);
  }

  map(pods: KubeObject[]): Node[] {
    const desired = this.#located.map((object) => object.value);
    const unreadable = new Set(this.#live?.view.unreadable.map((one) => String(one["kind"])));
    const namespaces = new Set(this.#live?.view.namespaces);
    return forest({ desired, live: [...this.#observed.values(), ...pods], plan: this.#plan, namespaces, unreadable });
  }

  schemas(): KubeObject[] {
    const said = this.#say<KubeObject[]>("schemas", "");
    return "ok" in said ? said.ok : [];
  }

  info(): Info | null {
    const said = this.#say<Info>("info", "");
    return "ok" in said ? said.ok : null;
  }

  call({ operation, request }: { operation: string; request: string }): string {
    return this.#call(operation, request);
  }

  /** Pasted objects are many and seldom change. */
  #read(text: string): Reading {
    if (text !== this.#pastedText) {
      this.#pastedText = text;
      this.#pastedReading = this.#pasted.read(text, "");
    }
    return this.#pastedReading;
  }

  #observe(pasted: Reading): void {
    const objects = this.#live?.objects ?? pasted.objects.map((object) => object.value);
    this.#observed = new Map(objects.map((object) => [idOf(object), object]));
  }

  #ask(question: Question, reading: Reading, pasted: Reading): string {
    const observed = this.#live?.json ?? list(pasted.objects.map((object) => object.json));
    const rest = {
      unreadable: this.#live?.view.unreadable ?? [],
      ...(this.#live && this.#live.view.namespaces.length > 0 ? { namespaces: this.#live.view.namespaces } : {}),
      policy: POLICY,
      manager: "modelwright",
      allow: { dataLoss: question.allowDataLoss },
    };
    const resources = list(reading.objects.map((object) => object.json));
    return `{"resources":${resources},"observed":${observed},${JSON.stringify(rest).slice(1)}`;
  }

  #say<T>(operation: string, request: string): Said<T> {
    return JSON.parse(this.#call(operation, request)) as Said<T>;
  }

  #placed(findings: Diagnostic[]): Finding[] {
    const objects = new Map(this.#located.map((object) => [object.label, object]));
    return findings.map((finding) => {
      const object = objects.get(finding.object.replace("//", "/"));
      if (!object) return { ...finding, place: null };
      const help = [finding.help, object.hint(finding.path)].filter((part) => part !== "").join("; ");
      return { ...finding, help, place: object.locate(finding.path, finding.code) };
    });
  }

  /** What Modelwright means an object to be, also behind a gate. */
  #desired(id: string): KubeObject | undefined {
    const own = this.#located.find((object) => object.resource.id === id);
    if (own) return own.value;
    if (!this.#rendered) {
      const said = this.#request === "" ? null : this.#say<KubeObject[]>("render", `${this.#request.slice(0, -1)},"all":true}`);
      this.#rendered = new Map(said && "ok" in said ? said.ok.map((object) => [idOf(object), object]) : []);
    }
    return this.#rendered.get(id);
  }
}

function list(items: string[]): string {
  return `[${items.join(",")}]`;
}

function yaml(object: KubeObject): string {
  return stringify(object, { sortMapEntries: true, aliasDuplicateObjects: false, lineWidth: 0, version: "1.1" });
}

function outline(plan: Used): PlanOutline {
  const actions = new Map(plan.actions.map((action) => [action.object, action]));
  const waiting = new Map<string, Waiting[]>();
  for (const one of plan.waiting) waiting.set(one.object, [...(waiting.get(one.object) ?? []), one]);
  const objects = plan.objects.map((object): PlannedObject => {
    const action = actions.get(object.id);
    const { id, role, verb, reason, unchangedFields, readiness } = object;
    return {
      id,
      role,
      verb,
      reason,
      unchangedFields,
      readiness,
      changes: object.changes.length,
      conflicts: object.conflicts.length,
      alarms: action ? alarms(action) : [],
      acted: action !== undefined,
      waiting: waiting.get(id) ?? [],
      detail: plan.objects.length <= SMALL ? detail(plan, id) : null,
    };
  });
  const shown = new Set(objects.filter(isShown).map((object) => object.id));
  return {
    summary: plan.summary,
    objects,
    waitingElsewhere: plan.waiting.filter((waiting) => !shown.has(waiting.object)),
    drift: plan.drift,
    carriedOutBy: plan.carriedOutBy ?? [],
    actions: plan.actions.length,
  };
}

function detail(plan: Used, id: string): Detail {
  const object = plan.objects.find((object) => object.id === id);
  const actions = plan.actions.filter((action) => action.object === id);
  const { changes = [], conflicts = [], unknownAfter = [], replacePaths = [], unchangedFields = 0 } = object ?? {};
  return { changes, conflicts, unknownAfter, replacePaths, unchangedFields, actions };
}

function isShown(object: PlannedObject): boolean {
  return object.verb !== "unchanged" || object.conflicts > 0;
}

function alarms(action: Action): string[] {
  const alarms: [boolean, string][] = [
    [action.dataLoss, "LOSES DATA"],
    [action.disruptive, "disruptive: takes away or interrupts something that serves"],
    [action.destructive, "destructive: the object is deleted"],
  ];
  return alarms.filter(([holds]) => holds).map(([, text]) => text);
}
