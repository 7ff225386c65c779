/**
 * Where each node stands: columns by depth, a row for each leaf, a parent in the middle of its children. A general layout of graphs is
 * larger, and moves what has not changed.
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

export const COLUMN = 232;
export const ROW = 56;
/** Of a node. */
export const WIDTH = 180;
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
  let deepest = 0;
  const place = (node: Node, level: number, parent: Placed | undefined): Placed => {
    const key = `${parent?.key ?? ""}/${node.id}`;
    const isOpen = open.has(key) && node.children.length > 0;
    const placed: Placed = {
      node,
      key,
      level,
      x: MARGIN + level * COLUMN,
      y: 0,
      parent: parent?.key,
      isOpen,
      below: size(node) - 1,
    };
    deepest = Math.max(deepest, level);
    nodes.push(placed);
    placeOf.set(node.id, placed);
    const drawn = isOpen ? node.children.filter((child) => !child.isElsewhere) : [];
    const children = drawn.map((child) => place(child, level + 1, placed));
    for (const child of children) edges.push({ from: placed, to: child, label: child.node.share });
    if (isOpen)
      elsewhere.push(...node.children.filter((child) => child.isElsewhere).map((child) => ({ from: placed, node: child })));
    const [first, last] = [children[0], children[children.length - 1]];
    placed.y = first === undefined || last === undefined ? MARGIN + rows++ * ROW : (first.y + last.y) / 2;
    return placed;
  };
  for (const root of forest) place(root, 0, undefined);
  for (const { from, node } of elsewhere) {
    const to = placeOf.get(node.id);
    if (to !== undefined) edges.push({ from, to, label: node.share });
  }
  return { nodes, edges, width: MARGIN * 2 + deepest * COLUMN + WIDTH, height: MARGIN * 2 + rows * ROW };
}

function size(node: Node): number {
  return node.children.reduce((sum, child) => sum + size(child), 1);
}

/** What is between two heights, so that a drawing of a thousand rows is as quick as one of ten. */
export function visible({ nodes, edges }: Layout, top: number, bottom: number): { nodes: Placed[]; edges: Edge[] } {
  const isNear = (y: number): boolean => y + HEIGHT >= top && y <= bottom;
  const crosses = ({ from, to }: Edge): boolean => Math.max(from.y, to.y) + HEIGHT >= top && Math.min(from.y, to.y) <= bottom;
  return { nodes: nodes.filter((placed) => isNear(placed.y)), edges: edges.filter(crosses) };
}
