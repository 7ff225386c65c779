/** Finding and replacing in an editor; fetched when it is asked for. */

import { highlightSelectionMatches, openSearchPanel, search, searchKeymap } from "@codemirror/search";
import { Compartment, type Extension } from "@codemirror/state";
import { keymap, type EditorView } from "@codemirror/view";

/** Gives an editor the panel, and opens it. */
export function open(view: EditorView, place: Compartment): void {
  const extension: Extension = [search({ top: true }), highlightSelectionMatches(), keymap.of(searchKeymap)];
  view.dispatch({ effects: place.reconfigure(extension) });
  openSearchPanel(view);
}
