/** What the page knows. Texts → (worker) → answer; everything shown is computed from these signals. */

import { batch, effect, signal } from "@preact/signals";
import { ask, plan } from "./planner/client";
import type { Answer, Info, Live, PlanOutline, Question } from "./planner/types";

/** The views beside the editor. On a narrow screen the editor is one of them. */
export const VIEWS = ["edit", "plan", "forecast", "objects", "map", "act"] as const;
export type View = (typeof VIEWS)[number];

/** The custom resources, as typed. */
export const resourcesText = signal("");
/** Observed objects, as pasted or dropped. Not asked while a cluster is connected. */
export const observedText = signal("");
/** What a connected cluster holds; null: not connected. `src/cluster` fills it. */
export const live = signal<Live | null>(null);
/** Whether a replace may lose data. */
export const allowDataLoss = signal(false);

/** The view that is shown. */
export const view = signal<View>("plan");
/** The object that is looked at: `apps/v1|Deployment|namespace|name`; empty: none. */
export const selected = signal("");

/** The planner's last answer, and the question that it is about. */
export const answer = signal<Answer | null>(null);
export const answered = signal<Question | null>(null);
/** The last plan that there was: it stays while the text has mistakes. */
export const lastPlan = signal<PlanOutline | null>(null);
/** Counts answers: what was asked of an older one is stale. */
export const revision = signal(0);
/** Whether a newer question is with the planner. */
export const planning = signal(false);
/** Why there is no planner; empty: there is one. */
export const broken = signal("");
/** Version of the planner; null: not loaded yet. */
export const info = signal<Info | null>(null);
/** What a screen reader is told next. */
export const announcement = signal("");

/** Says something to those who do not see it. */
export function announce(text: string): void {
  announcement.value = text;
}

/** Shows an object in the view of objects. */
export function show(id: string): void {
  batch(() => {
    selected.value = id;
    view.value = "objects";
  });
}

/** Starts to plan after every change. */
export function start(): void {
  effect(() => {
    void ask("observe", live.value).catch(fail);
  });
  effect(() => {
    const question = {
      resources: resourcesText.value,
      observed: observedText.value,
      allowDataLoss: allowDataLoss.value,
    };
    void live.value;
    planning.value = true;
    plan(question, done, fail);
  });
  void ask("info", null).then((value) => (info.value = value), fail);
}

function done(value: Answer, question: Question): void {
  batch(() => {
    answer.value = value;
    answered.value = question;
    if (value.plan) lastPlan.value = value.plan;
    revision.value += 1;
    planning.value = question.resources !== resourcesText.value || question.observed !== observedText.value;
  });
}

function fail(error: Error): void {
  batch(() => {
    broken.value = error.message;
    planning.value = false;
  });
}
