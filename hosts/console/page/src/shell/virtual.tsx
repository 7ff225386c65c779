/** A list of which only what is seen is in the document. Heights are measured. */

import { elementScroll, observeElementOffset, observeElementRect, Virtualizer } from "@tanstack/virtual-core";
import type { ComponentChildren, RefObject } from "preact";
import { useLayoutEffect, useReducer, useRef, useState } from "preact/hooks";

interface Properties<T> {
  items: T[];
  /** What scrolls. */
  scroller: RefObject<HTMLElement | null>;
  /** Stable name of an item. */
  keyOf(item: T): string;
  /** Height of an item that was never seen, in pixels. */
  estimate: number;
  label: string;
  class?: string;
  render(item: T): ComponentChildren;
}

/** The list. */
export function VirtualList<T>({ items, scroller, keyOf, estimate, label, render, ...rest }: Properties<T>) {
  const list = useRef<HTMLUListElement>(null);
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  const [margin, setMargin] = useState(0);
  const options = {
    count: items.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => estimate,
    getItemKey: (index: number) => (items[index] === undefined ? index : keyOf(items[index])),
    overscan: 6,
    scrollMargin: margin,
    observeElementRect,
    observeElementOffset,
    scrollToFn: elementScroll,
    onChange: redraw as () => void,
  };
  const [virtual] = useState(() => new Virtualizer<HTMLElement, HTMLElement>(options));
  virtual.setOptions(options);
  useLayoutEffect(() => virtual._didMount(), [virtual]);
  useLayoutEffect(() => {
    virtual._willUpdate();
    if (list.current && scroller.current) setMargin(offset(list.current, scroller.current));
  });
  const shown = virtual.getVirtualItems();
  const first = (shown[0]?.start ?? margin) - margin;
  return (
    <ul ref={list} aria-label={label} style={{ height: `${virtual.getTotalSize()}px`, paddingTop: `${first}px` }} {...rest}>
      {shown.map(({ index, key }) => {
        const item = items[index];
        if (item === undefined) return null;
        return (
          <li key={key} data-index={index} ref={virtual.measureElement} aria-setsize={items.length} aria-posinset={index + 1}>
            {render(item)}
          </li>
        );
      })}
    </ul>
  );
}

/** How far below the top of what scrolls the list begins. */
function offset(list: HTMLElement, scroller: HTMLElement): number {
  return Math.round(
    list.getBoundingClientRect().top - scroller.getBoundingClientRect().top + scroller.scrollTop - scroller.clientTop,
  );
}
