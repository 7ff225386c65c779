/** The page: header, the editor on the left, the views on the right. On a narrow screen the editor is one of the views. */

import { useLayoutEffect, useState } from "preact/hooks";
import { Edit } from "../edit/edit";
import { Plan } from "../plan/plan";
import { announcement, answer, broken, planning, revision, view, type View } from "../state";
import { Header } from "./header";
import { lazy } from "./lazy";
import { scroller } from "./scroller";
import { Tabs } from "./tabs";

const Act = lazy(async () => (await import("../act/act")).Act);
const Forecast = lazy(async () => (await import("../forecast/forecast")).Forecast);
const Map = lazy(async () => (await import("../map/map")).Map);
const Objects = lazy(async () => (await import("../see/objects")).Objects);

const NARROW = matchMedia("(max-width: 899px)");

/** Everything. */
export function Console() {
  const narrow = useNarrow();
  const shown = view.value === "edit" && !narrow ? "plan" : view.value;
  return (
    <>
      <a class="skip" href="#view" onClick={skip}>
        Skip to the plan
      </a>
      <Header />
      <main class="panes" data-view={shown}>
        <div class="pane-tabs">
          <Tabs
            label="Views"
            prefix="tab"
            panel={shown === "edit" ? "edit" : "view"}
            tabs={views()}
            selected={shown}
            select={select}
          />
          <Busy />
        </div>
        <section class="pane-edit" id="edit" aria-label="Editor">
          <Edit />
        </section>
        <section
          ref={scroller}
          id="view"
          class="view"
          role="tabpanel"
          tabIndex={0}
          aria-labelledby={`tab-${shown}`}
          data-revision={revision.value}
        >
          {broken.value === "" ? <Shown view={shown} /> : <p class="banner alarm">{broken}</p>}
        </section>
      </main>
      <div class="unseen" role="status" aria-live="polite">
        {announcement}
      </div>
    </>
  );
}

function views(): { name: View; label: string; count?: number | undefined }[] {
  const plan = answer.value?.plan;
  return [
    { name: "edit", label: "Edit" },
    { name: "plan", label: "Plan", count: plan?.actions },
    { name: "forecast", label: "Forecast" },
    { name: "objects", label: "Objects" },
    { name: "map", label: "Map" },
    { name: "act", label: "Act" },
  ];
}

function select(name: View): void {
  view.value = name;
  if (scroller.current) scroller.current.scrollTop = 0;
}

function Shown({ view }: { view: View }) {
  switch (view) {
    case "forecast":
      return <Forecast />;
    case "objects":
      return <Objects />;
    case "map":
      return <Map />;
    case "act":
      return <Act />;
    default:
      return <Plan />;
  }
}

/** How long the last plan took; that a newer one is on its way. */
function Busy() {
  const time = answer.value?.milliseconds;
  if (planning.value && (time === undefined || time > 200)) return <span class="busy">planning …</span>;
  return <span class="busy">{time === undefined ? "" : `${time < 10 ? time.toFixed(1) : Math.round(time)} ms`}</span>;
}

function useNarrow(): boolean {
  const [narrow, set] = useState(NARROW.matches);
  useLayoutEffect(() => {
    const listen = () => set(NARROW.matches);
    NARROW.addEventListener("change", listen);
    return () => NARROW.removeEventListener("change", listen);
  }, []);
  return narrow;
}

function skip(event: Event): void {
  event.preventDefault();
  if (view.value === "edit") view.value = "plan";
  requestAnimationFrame(() => document.getElementById("view")?.focus());
}
