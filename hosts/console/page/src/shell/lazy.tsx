import { signal } from "@preact/signals";
import type { FunctionComponent } from "preact";

/** A view that is fetched when it is opened for the first time: the first load has the editor, the planner and the plan. */
export function lazy(load: () => Promise<FunctionComponent>): FunctionComponent {
  const loaded = signal<{ view: FunctionComponent } | null>(null);
  const failed = signal("");
  let asked = false;
  return function Lazy() {
    if (!asked) {
      asked = true;
      load().then(
        (view) => (loaded.value = { view }),
        (error: unknown) => (failed.value = String(error)),
      );
    }
    if (failed.value !== "") return <p class="banner alarm">This view could not be loaded: {failed}. Is the server still there?</p>;
    const View = loaded.value?.view;
    return View ? <View /> : <p class="faint">…</p>;
  };
}
