/** The relationship map: a drawing and, saying the same, a list. */

import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { FATES, type Mood, MOODS, type Node, summary } from "./graph";
import { type Edge, HEIGHT, layout, openAtFirst, type Placed, within, WIDTH } from "./layout";
import { clipped, visible } from "../shell/text";
import "./map.css";

/** Rows beyond the visible ones that are drawn, too, so that scrolling shows no gap; in pixels. */
const BEYOND = 400;
/** Characters of a name that fit into a node. */
const FITS = 19;

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
  return (
    <section class="map" aria-label="Relationship map">
      <div class="map-bar">
        <Legend />
        <button type="button" class="button" aria-pressed={isList} onClick={() => setIsList(!isList)}>
          List
        </button>
      </div>
      {trees.length === 0 && <p class="map-empty">Nothing is wanted, and nothing is there.</p>}
      {isList ? <List nodes={placed.nodes} turn={turn} open={open} /> : <Drawing placed={placed} turn={turn} open={open} />}
    </section>
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

function Drawing({ placed, turn, open }: Shown & { placed: ReturnType<typeof layout> }): JSX.Element {
  const frame = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, bottom: 2_000 });
  const [current, setCurrent] = useState("");
  const look = (): void => {
    const { scrollTop = 0, clientHeight = 0 } = frame.current ?? {};
    setView({ top: scrollTop - BEYOND, bottom: scrollTop + clientHeight + BEYOND });
  };
  useEffect(look, [placed.height]);
  const { nodes, edges } = within(placed, view.top, view.bottom);
  const focused = placed.nodes.some((one) => one.key === current) ? current : (placed.nodes[0]?.key ?? "");
  const go = (to: Placed | undefined): void => {
    if (to === undefined) return;
    setCurrent(to.key);
    frame.current?.scrollTo({ top: to.y - frame.current.clientHeight / 2, left: to.x - 40 });
    // What was outside is drawn first.
    requestAnimationFrame(() => requestAnimationFrame(() => elementOf(frame.current, to.key)?.focus()));
  };
  const press = (event: KeyboardEvent, one: Placed): void => {
    const to = target(event.key, one, placed.nodes, turn);
    if (to === undefined && event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    if (to === undefined) open(one.node.id);
    else go(to);
  };
  return (
    <div class="map-frame" ref={frame} onScroll={look}>
      <svg width={placed.width} height={placed.height} role="tree" aria-label="Objects; arrow keys move, Enter opens the YAML">
        <g aria-hidden="true">
          {edges.map((edge) => (
            <Line key={`${edge.from.key} ${edge.to.key}`} edge={edge} />
          ))}
        </g>
        {nodes.map((one) => (
          <Box
            key={one.key}
            placed={one}
            isCurrent={one.key === focused}
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

function elementOf(frame: HTMLDivElement | null, key: string): SVGGElement | null {
  return frame?.querySelector(`[data-key="${CSS.escape(key)}"]`) ?? null;
}

/** Where a key leads: as in every tree, up and down the visible nodes, right opens and goes in, left closes and goes out. */
function target(key: string, one: Placed, nodes: Placed[], turn: Shown["turn"]): Placed | undefined {
  const inOrder = [...nodes].sort((a, b) => a.y - b.y || a.level - b.level);
  const place = inOrder.indexOf(one);
  const hasChildren = one.node.children.length > 0;
  switch (key) {
    case "ArrowDown":
      return inOrder[place + 1];
    case "ArrowUp":
      return inOrder[place - 1];
    case "Home":
      return inOrder[0];
    case "End":
      return inOrder[inOrder.length - 1];
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

function Line({ edge: { from, to, label } }: { edge: Edge }): JSX.Element {
  const [startX, startY, endX, endY] = [from.x + WIDTH, from.y + HEIGHT / 2, to.x, to.y + HEIGHT / 2];
  const middle = (startX + endX) / 2;
  const path =
    to.x > startX
      ? `M${startX} ${startY}C${middle} ${startY} ${middle} ${endY} ${endX} ${endY}`
      : `M${startX} ${startY}L${endX} ${endY}`;
  return (
    <g>
      <path class="map-edge" d={path} />
      {label !== "" && (
        <text class="map-share" x={endX - 4} y={endY - 6} text-anchor="end">
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
        {clipped(`${SHORT[node.kind] ?? node.kind} · ${line}`, FITS + 6)}
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
