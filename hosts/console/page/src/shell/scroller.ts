import { createRef } from "preact";

/** What scrolls in the pane of views. */
export const scroller = createRef<HTMLElement>();
