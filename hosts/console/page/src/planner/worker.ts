/** Runs in a worker: texts → objects → planner → what the page shows. The last answer is kept here, so that little crosses. */

import init, { call } from "modelwright";
import { Session } from "./session";
import type { Operations } from "./types";

const session = init().then(() => new Session(call));

self.addEventListener("message", async ({ data }: MessageEvent<{ id: number; operation: keyof Operations; argument: never }>) => {
  try {
    const ready = await session;
    self.postMessage({ id: data.id, value: ready[data.operation](data.argument) });
  } catch (error) {
    self.postMessage({ id: data.id, error: error instanceof Error ? error.message : String(error) });
  }
});
