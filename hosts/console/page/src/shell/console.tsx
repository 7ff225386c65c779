/** The page: header, the editor on the left, the views on the right. */

import { Act } from "../act/act";
import { Edit } from "../edit/edit";
import { Forecast } from "../forecast/forecast";
import { Map } from "../map/map";
import { Plan } from "../plan/plan";
import { Objects } from "../see/objects";
import { announcement, view, type View } from "../state";
import { Header } from "./header";
import { Tabs } from "./tabs";

/** Everything. */
export function Console() {
  return (
    <>
      <a class="skip" href="#view" onClick={skip}>
        Skip to the plan
      </a>
      <Header />
      <main class="panes" data-view={view.value}>
        <section class="pane pane-edit" aria-label="Editor">
          <Edit />
        </section>
        <section class="pane pane-view" aria-label="Views">
          <Tabs />
          <div id="view" class="view" role="tabpanel" tabIndex={-1} aria-labelledby={`tab-${view.value}`}>
            <Shown view={view.value} />
          </div>
        </section>
      </main>
      <div class="unseen" role="status" aria-live="polite">
        {announcement}
      </div>
    </>
  );
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

function skip(event: Event): void {
  event.preventDefault();
  document.getElementById("view")?.focus();
}
