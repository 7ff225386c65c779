/** The page's side of the worker. */

import url from "./worker.ts?worker&url";
import type { Answer, Operations, Question } from "./types";

type Name = keyof Operations;

const worker = start();
const open = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
let last = 0;

/** Asks the worker; questions are answered in order. */
export function ask<N extends Name>(operation: N, argument: Operations[N][0]): Promise<Operations[N][1]> {
  last += 1;
  const id = last;
  worker.postMessage({ id, operation, argument });
  return new Promise((resolve, reject) => open.set(id, { resolve: resolve as (value: unknown) => void, reject }));
}

let busy = false;
let next: Question | null = null;

/** Plans, latest wins: while one question is with the worker, only the newest of the others waits. `done` gets every answer. */
export function plan(question: Question, done: (answer: Answer, question: Question) => void, failed: (error: Error) => void): void {
  if (busy) {
    next = question;
    return;
  }
  busy = true;
  ask("plan", question)
    .then((answer) => done(answer, question), failed)
    .finally(() => {
      busy = false;
      const waiting = next;
      next = null;
      if (waiting) plan(waiting, done, failed);
    });
}

function start(): Worker {
  const worker = new Worker(trusted(url) as string, { type: "module", name: "planner" });
  worker.addEventListener("message", ({ data }: MessageEvent<{ id: number; value?: unknown; error?: string }>) => {
    const asked = open.get(data.id);
    open.delete(data.id);
    if (data.error === undefined) asked?.resolve(data.value);
    else asked?.reject(new Error(data.error));
  });
  worker.addEventListener("error", () => {
    for (const asked of open.values()) asked.reject(new Error("the planner could not be loaded"));
    open.clear();
  });
  return worker;
}

/** The one Trusted Types policy of the page: it lets our own worker through and nothing else. */
function trusted(address: string): unknown {
  const types = (
    globalThis as { trustedTypes?: { createPolicy(name: string, rules: object): { createScriptURL(url: string): unknown } } }
  ).trustedTypes;
  if (!types) return address;
  const rules = {
    createScriptURL: (candidate: string) => {
      if (candidate !== address) throw new TypeError("only the planner is started as a worker");
      return candidate;
    },
  };
  return types.createPolicy("modelwright", rules).createScriptURL(address);
}
