/**
 * Where each node stands: columns by kind, a row for each leaf, a parent in the row of its first child. A general layout of graphs
 * is larger, and moves what has not changed.
 */

import type { Node } from "./graph";

/** A node with its place, in pixels. */
export interface Placed {
  node: Node;
  /** The way from the root, unique. */
  key: string;
  level: number;
  x: number;
  y: number;
  /** Of the parent; `undefined` for a root. */
  parent: string | undefined;
  /** Whether its children are drawn. */
  isOpen: boolean;
  /** How many nodes hang on it. */
  below: number;
}

/** An edge between two places. */
export interface Edge {
  from: Placed;
  to: Placed;
  label: string;
}

/** A drawing. */
export interface Layout {
  /** From top to bottom, parents before their children. */
  nodes: Placed[];
  edges: Edge[];
  width: number;
  height: number;
}

/** From one column to the next. */
const COLUMN = 204;
/** More before the Models, whose edges have words on them. */
const WORDS = 56;
/** Which column a kind has; the leftmost that is there comes first. */
const COLUMNS: { [kind: string]: number } = { Endpoint: 0, Gateway: 1, EndpointConfig: 1, VirtualService: 2, Model: 3, Pod: 5 };
const DEPENDANT = 4;
export const ROW = 56;
/** Of a node. */
export const WIDTH = 174;
export const HEIGHT = 44;
const MARGIN = 12;
/** More nodes than these are not opened by themselves: first the Models close, then everything. */
const MANY = 150;

/** The nodes that are open at first: everything where that can be surveyed. */
export function openAtFirst(forest: Node[]): Set<string> {
  const open = new Set<string>();
  const walk = (nodes: Node[], path: string, isMeant: (node: Node) => boolean): number => {
    return nodes.reduce((sum, node) => {
      const key = `${path}/${node.id}`;
      if (node.children.length === 0 || !isMeant(node)) return sum + 1;
      open.add(key);
      return sum + 1 + walk(node.children, key, isMeant);
    }, 0);
  };
  for (const isMeant of [(): boolean => true, (node: Node): boolean => node.kind !== "Model"]) {
    open.clear();
    if (walk(forest, "", isMeant) <= MANY) return open;
  }
  return new Set();
}

/** Places what is open. */
export function layout(forest: Node[], open: Set<string>): Layout {
  const nodes: Placed[] = [];
  const edges: Edge[] = [];
  const placeOf = new Map<string, Placed>();
  const elsewhere: { from: Placed; node: Node }[] = [];
  let rows = 0;
  let right = 0;
  const left = x(Math.min(...forest.map(column), DEPENDANT));
  const place = (node: Node, level: number, parent: Placed | undefined): Placed => {
    const key = `${parent?.key ?? ""}/${node.id}`;
    const isOpen = open.has(key) && node.children.length > 0;
    const placed: Placed = {
      node,
      key,
      level,
      x: MARGIN + x(column(node)) - left,
      y: 0,
      parent: parent?.key,
      isOpen,
      below: size(node) - 1,
    };
    right = Math.max(right, placed.x + WIDTH);
    nodes.push(placed);
    placeOf.set(node.id, placed);
    const drawn = isOpen ? node.children.filter((child) => !child.isElsewhere) : [];
    const children = drawn.map((child) => place(child, level + 1, placed));
    for (const child of children) edges.push({ from: placed, to: child, label: child.node.share });
    if (isOpen)
      elsewhere.push(...node.children.filter((child) => child.isElsewhere).map((child) => ({ from: placed, node: child })));
    placed.y = children[0]?.y ?? MARGIN + rows++ * ROW;
    return placed;
  };
  for (const root of forest) place(root, 0, undefined);
  for (const { from, node } of elsewhere) {
    const to = placeOf.get(node.id);
    if (to !== undefined) edges.push({ from, to, label: node.share });
  }
  return { nodes, edges, width: right + MARGIN, height: MARGIN * 2 + rows * ROW };
}

function column(node: Node): number {
  return COLUMNS[node.kind] ?? DEPENDANT;
}

function x(column: number): number {
  return column * COLUMN + (column >= DEPENDANT - 1 ? WORDS : 0);
}

function size(node: Node): number {
  return node.children.reduce((sum, child) => sum + size(child), 1);
}

/** What is between two heights, so that a drawing of a thousand rows is as quick as one of ten. */
export function within({ nodes, edges }: Layout, top: number, bottom: number): { nodes: Placed[]; edges: Edge[] } {
  const isNear = (y: number): boolean => y + HEIGHT >= top && y <= bottom;
  const crosses = ({ from, to }: Edge): boolean => Math.max(from.y, to.y) + HEIGHT >= top && Math.min(from.y, to.y) <= bottom;
  return { nodes: nodes.filter((placed) => isNear(placed.y)), edges: edges.filter(crosses) };
}
