/** The relationship map: a drawing and, saying the same, a list. */

import type { JSX } from "preact";
import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { FATES, type Mood, MOODS, type Node, summary } from "./graph";
import { type Edge, HEIGHT, type Layout, layout, openAtFirst, type Placed, type Point, within, WIDTH } from "./layout";
import { clipped, visible } from "../shell/text";
import "./map.css";

/** Rows beyond the visible ones that are drawn, too, so that scrolling shows no gap; in pixels. */
const BEYOND = 400;
/** Characters of a name that fit into a node. */
const FITS = 18;
/** How large it can be drawn; by one step it becomes larger or smaller by a quarter. */
const ZOOM = { least: 0.2, most: 2, step: 1.25 };
/** What does not fit is drawn smaller by itself only as long as it can be read. */
const LEGIBLE = 0.7;

/** What the map needs. */
export interface Props {
  trees: Node[];
  /** Opens the YAML of an object by its id. */
  open: (id: string) => void;
}

/** Draws the trees. */
export function RelationshipMap({ trees, open }: Props): JSX.Element {
  const [isList, setIsList] = useState(() => matchMedia("(max-width: 40rem)").matches);
  // What somebody has opened or closed; the rest follows from how much there is.
  const [turned, setTurned] = useState<ReadonlyMap<string, boolean>>(new Map());
  const opened = useMemo(() => {
    const keys = openAtFirst(trees);
    for (const [key, isOpen] of turned) keys[isOpen ? "add" : "delete"](key);
    return keys;
  }, [trees, turned]);
  const placed = useMemo(() => layout(trees, opened), [trees, opened]);
  const turn = (key: string, isOpen: boolean): void => setTurned(new Map(turned).set(key, isOpen));
  const zoom = useZoom(placed, isList);
  return (
    <section class="map" aria-label="Relationship map">
      <div class="map-bar">
        <Legend />
        <div class="map-tools">
          {!isList && <Zoom zoom={zoom} />}
          <button type="button" class="button" aria-pressed={isList} onClick={() => setIsList(!isList)}>
            List
          </button>
        </div>
      </div>
      {trees.length === 0 && <p class="map-empty">Nothing is wanted, and nothing is there.</p>}
      {isList ? <List nodes={placed.nodes} turn={turn} open={open} /> : <Drawing placed={placed} zoom={zoom} turn={turn} open={open} />}
    </section>
  );
}

/** How large the map is drawn. */
interface Zooming {
  /** 1: a pixel of the layout is a pixel of the page. */
  scale: number;
  /** The element that scrolls. */
  frame: { current: HTMLDivElement | null };
  set: (scale: number) => void;
  fit: () => void;
}

/** Begins with all columns, as long as they can be read; from then on it is what somebody chose. */
function useZoom({ width, height }: Layout, isList: boolean): Zooming {
  const frame = useRef<HTMLDivElement>(null);
  const [chosen, setChosen] = useState<number | null>(null);
  const [room, setRoom] = useState({ width, height });
  useLayoutEffect(() => {
    const element = frame.current;
    if (element === null) return undefined;
    const measure = (): void => setRoom({ width: element.clientWidth, height: element.clientHeight });
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    measure();
    return () => observer.disconnect();
  }, [isList]);
  const clamped = (scale: number, least: number, most: number): number => Math.min(most, Math.max(least, scale));
  return {
    scale: chosen ?? clamped(room.width / width, LEGIBLE, 1),
    frame,
    set: (scale) => setChosen(clamped(scale, ZOOM.least, ZOOM.most)),
    fit: () => setChosen(clamped(Math.min(room.width / width, room.height / height), ZOOM.least, 1)),
  };
}

function Zoom({ zoom }: { zoom: Zooming }): JSX.Element {
  return (
    <div class="map-zoom" role="group" aria-label="Size of the map">
      <button type="button" class="button" aria-label="Smaller" onClick={() => zoom.set(zoom.scale / ZOOM.step)}>
        −
      </button>
      <output class="map-scale">{Math.round(zoom.scale * 100)} %</output>
      <button type="button" class="button" aria-label="Larger" onClick={() => zoom.set(zoom.scale * ZOOM.step)}>
        +
      </button>
      <button type="button" class="button" onClick={zoom.fit}>
        Fit
      </button>
    </div>
  );
}

function Legend(): JSX.Element {
  const words: [string, string][] = [
    ["✓", "as it should be"],
    ["◔", "on its way"],
    ["✗", "failed"],
    ["○", "not there"],
    ["?", "may not be read"],
  ];
  return (
    <p class="map-legend">
      {words.map(([sign, word]) => (
        <span key={word}>
          <span aria-hidden="true">{sign}</span> {word}
        </span>
      ))}
    </p>
  );
}

interface Shown {
  turn: (key: string, isOpen: boolean) => void;
  open: (id: string) => void;
}

function Drawing({ placed, zoom, turn, open }: Shown & { placed: Layout; zoom: Zooming }): JSX.Element {
  const { frame, scale } = zoom;
  const [view, setView] = useState({ top: 0, bottom: 2_000 });
  const [current, setCurrent] = useState("");
  const look = (): void => {
    const { scrollTop = 0, clientHeight = 0 } = frame.current ?? {};
    setView({ top: (scrollTop - BEYOND) / scale, bottom: (scrollTop + clientHeight + BEYOND) / scale });
  };
  const focused = placed.nodes.find((one) => one.key === current) ?? placed.nodes[0];
  // The scale that the place of the scroll bar is about.
  const scaled = useRef(scale);
  useLayoutEffect(() => {
    const element = frame.current;
    if (element === null) return;
    const [x, y] = [element.clientWidth / 2, element.clientHeight / 2];
    const ratio = scale / scaled.current;
    element.scrollTo({ left: (element.scrollLeft + x) * ratio - x, top: (element.scrollTop + y) * ratio - y });
    scaled.current = scale;
    if (focused !== undefined && element.contains(document.activeElement)) reveal(element, focused, scale);
    look();
  }, [placed, scale]);
  // What has the focus is always drawn: else it would lose it.
  const { nodes, edges } = within(placed, view.top, view.bottom, focused?.key);
  const go = (to: Placed | undefined): void => {
    if (to === undefined) return;
    setCurrent(to.key);
    if (frame.current !== null) reveal(frame.current, to, scale);
    // What was outside is drawn first.
    requestAnimationFrame(() => requestAnimationFrame(() => elementOf(frame.current, to.key)?.focus()));
  };
  const press = (event: KeyboardEvent, one: Placed): void => {
    // Those are the browser's.
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "+" || event.key === "-") return zoom.set(event.key === "+" ? scale * ZOOM.step : scale / ZOOM.step);
    const to = target(event.key, one, placed.nodes, turn);
    if (to === undefined && event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    if (to === undefined) open(one.node.id);
    else go(to);
  };
  return (
    <div class="map-frame" ref={frame} onScroll={look}>
      <svg
        width={placed.width * scale}
        height={placed.height * scale}
        viewBox={`0 0 ${placed.width} ${placed.height}`}
        role="tree"
        aria-label="Objects; arrow keys move, Enter opens the YAML, plus and minus change the size"
      >
        <g aria-hidden="true">
          {edges.map((edge) => (
            <Line key={`${edge.from.key} ${edge.to.key}`} edge={edge} />
          ))}
        </g>
        {nodes.map((one) => (
          <Box
            key={one.key}
            placed={one}
            isCurrent={one === focused}
            press={(event) => press(event, one)}
            focus={() => setCurrent(one.key)}
            open={() => open(one.node.id)}
            turn={() => turn(one.key, !one.isOpen)}
          />
        ))}
      </svg>
    </div>
  );
}

/** Scrolls a node to the middle, unless it can be seen. */
function reveal(frame: HTMLDivElement, { x, y }: Placed, scale: number): void {
  const [left, top, right, bottom] = [x * scale, y * scale, (x + WIDTH) * scale, (y + HEIGHT) * scale];
  const seen =
    left >= frame.scrollLeft &&
    right <= frame.scrollLeft + frame.clientWidth &&
    top >= frame.scrollTop &&
    bottom <= frame.scrollTop + frame.clientHeight;
  if (!seen) frame.scrollTo({ left: (left + right - frame.clientWidth) / 2, top: (top + bottom - frame.clientHeight) / 2 });
}

function elementOf(frame: HTMLDivElement | null, key: string): SVGGElement | null {
  return frame?.querySelector(`[data-key="${CSS.escape(key)}"]`) ?? null;
}

/** Where a key leads: as in every tree, up and down the visible nodes, right opens and goes in, left closes and goes out. */
function target(key: string, one: Placed, nodes: Placed[], turn: Shown["turn"]): Placed | undefined {
  const place = nodes.indexOf(one);
  const hasChildren = one.node.children.length > 0;
  switch (key) {
    case "ArrowDown":
      return nodes[place + 1];
    case "ArrowUp":
      return nodes[place - 1];
    case "Home":
      return nodes[0];
    case "End":
      return nodes[nodes.length - 1];
    case "ArrowRight":
      if (hasChildren && !one.isOpen) turn(one.key, true);
      return one.isOpen ? nodes.find((other) => other.parent === one.key) : one;
    case "ArrowLeft":
      if (one.isOpen) turn(one.key, false);
      return one.isOpen ? one : nodes.find((other) => other.key === one.parent);
    default:
      return undefined;
  }
}

/** A line from box to box, horizontal where it begins, bends and ends; its label is above it or below. */
function Line({ edge: { from, to, label, bends, middle } }: { edge: Edge }): JSX.Element {
  let last: Point = { x: from.x + WIDTH, y: from.y + HEIGHT / 2 };
  let path = `M${last.x} ${last.y}`;
  for (const point of [...bends, { x: to.x, y: to.y + HEIGHT / 2 }]) {
    const half = (last.x + point.x) / 2;
    path += `C${half} ${last.y} ${half} ${point.y} ${point.x} ${point.y}`;
    last = point;
  }
  // On the side that the line does not come from.
  const beside = from.y + HEIGHT / 2 < middle.y ? 14 : -5;
  return (
    <g>
      <path class="map-edge" d={path} />
      {label !== "" && (
        <text class="map-share" x={middle.x} y={middle.y + beside} text-anchor="middle">
          {label}
        </text>
      )}
    </g>
  );
}

interface BoxProps {
  placed: Placed;
  isCurrent: boolean;
  press: (event: KeyboardEvent) => void;
  focus: () => void;
  open: () => void;
  turn: () => void;
}

function Box({ placed, isCurrent, press, focus, open, turn }: BoxProps): JSX.Element {
  const { node, x, y, key, level, isOpen } = placed;
  const isClosed = node.children.length > 0 && !isOpen;
  const inside = isClosed ? summary(node) : { mood: node.mood, text: "" };
  const line = [isClosed ? inside.text : "", node.state, FATES[node.fate].word].filter((part) => part !== "").join(" · ");
  return (
    <g
      class={`map-node mood-${isClosed ? inside.mood : node.mood} fate-${node.fate}`}
      transform={`translate(${x} ${y})`}
      role="treeitem"
      aria-level={level + 1}
      {...(node.children.length > 0 ? { "aria-expanded": isOpen } : {})}
      tabindex={isCurrent ? 0 : -1}
      data-key={key}
      data-id={node.id}
      onKeyDown={press}
      onFocus={focus}
      onClick={open}
    >
      <title>{spoken(node, placed)}</title>
      <rect class="map-box" width={WIDTH} height={HEIGHT} rx="6" />
      <text aria-hidden="true" class="map-sign" x="10" y="18">
        {MOODS[isClosed ? inside.mood : node.mood]}
      </text>
      <text aria-hidden="true" class="map-name" x="26" y="18">
        {clipped(node.name, FITS)}
      </text>
      <text aria-hidden="true" class="map-kind" x="26" y="34">
        {clipped(`${SHORT[node.kind] ?? node.kind} · ${line}`, FITS + 7)}
      </text>
      {FATES[node.fate].sign !== "" && (
        <text aria-hidden="true" class="map-fate" x={WIDTH - 8} y="18" text-anchor="end">
          {FATES[node.fate].sign}
        </text>
      )}
      {node.children.length > 0 && (
        <g
          aria-hidden="true"
          class="map-turn"
          transform={`translate(${WIDTH} ${HEIGHT / 2})`}
          onClick={(event) => {
            event.stopPropagation();
            turn();
          }}
        >
          <circle r="8" />
          <text y="4" text-anchor="middle">
            {isOpen ? "−" : "+"}
          </text>
        </g>
      )}
    </g>
  );
}

const SHORT: Record<string, string> = {
  PersistentVolumeClaim: "Claim",
  PersistentVolume: "Volume",
  EndpointConfig: "Config",
  VirtualService: "Routes",
};

function spoken(node: Node, placed: Placed): string {
  const fate = FATES[node.fate].word;
  const below = placed.isOpen || placed.below === 0 ? "" : `${placed.below} below: ${summary(node).text || "nothing to do"}`;
  return [`${node.kind} ${node.name}`, node.share, node.state, fate, node.why, below]
    .filter((part) => part !== "")
    .map(visible)
    .join(", ");
}

function List({ nodes, turn, open }: Shown & { nodes: Placed[] }): JSX.Element {
  return (
    <ul class="map-list" aria-label="Objects">
      {nodes.map((placed) => (
        <Row key={placed.key} placed={placed} turn={() => turn(placed.key, !placed.isOpen)} open={() => open(placed.node.id)} />
      ))}
    </ul>
  );
}

function Row({ placed, turn, open }: { placed: Placed; turn: () => void; open: () => void }): JSX.Element {
  const { node, level, isOpen } = placed;
  const { word, sign } = FATES[node.fate];
  return (
    <li class={`map-row level-${Math.min(level, 6)} mood-${node.mood} fate-${node.fate}`}>
      {node.children.length > 0 ? (
        <button
          type="button"
          class="map-row-turn"
          aria-expanded={isOpen}
          aria-label={`Below ${node.kind} ${visible(node.name)}`}
          onClick={turn}
        >
          {isOpen ? "▾" : "▸"}
        </button>
      ) : (
        <span class="map-row-turn" />
      )}
      <button type="button" class="map-row-open" data-id={node.id} onClick={open}>
        <span class="map-row-mood" aria-hidden="true">
          {MOODS[node.mood as Mood]}
        </span>{" "}
        {node.kind} <b>{visible(node.name)}</b> {node.share !== "" && <span>{node.share} </span>}
        <span class="map-row-state">{visible(node.state)}</span>{" "}
        {word !== "" && (
          <span class="map-row-fate">
            {sign} {word}
          </span>
        )}
      </button>
    </li>
  );
}
