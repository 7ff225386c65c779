/**
 * Where each node stands: dagre layers what hangs together from left to right, and the pieces stand below each other. So what is opened
 * changes no other piece.
 */

import { graphlib, layout as dagre } from "@dagrejs/dagre";
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

/** A place, in pixels. */
export interface Point {
  x: number;
  y: number;
}

/** An edge between two places. */
export interface Edge {
  from: Placed;
  to: Placed;
  label: string;
  /** Where it bends, from left to right. */
  bends: Point[];
  /** The middle of its label. */
  middle: Point;
}

/** A drawing. */
export interface Layout {
  /** As a tree is read: parents before their children. */
  nodes: Placed[];
  edges: Edge[];
  width: number;
  height: number;
}

/** Of a node. */
export const WIDTH = 174;
export const HEIGHT = 44;
/** Of a character of a label, and of a label, which is above its line or below. */
const CHARACTER = 6;
const LABEL_HEIGHT = 40;
const MARGIN = 12;
/** Between columns; dagre halves it where an edge has a label. */
const COLUMN_GAP = 36;
const ROW_GAP = 12;
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
  const { nodes, edges } = unplaced(forest, open);
  const whole = new graphlib.Graph();
  for (const { key } of nodes) whole.setNode(key);
  for (const { from, to } of edges) whole.setEdge(from.key, to.key);
  const pieceOf = new Map<string, Layout>();
  const pieces = graphlib.alg.components(whole).map((keys): Layout => {
    const piece: Layout = { nodes: [], edges: [], width: 0, height: 0 };
    for (const key of keys) pieceOf.set(key, piece);
    return piece;
  });
  for (const placed of nodes) pieceOf.get(placed.key)?.nodes.push(placed);
  for (const edge of edges) pieceOf.get(edge.from.key)?.edges.push(edge);
  const drawn = new Map<string, Drawn>();
  let height = MARGIN;
  for (const piece of pieces) {
    arrange(piece, drawn);
    shift(piece, height);
    height += piece.height + ROW_GAP;
  }
  const width = pieces.reduce((most, piece) => Math.max(most, piece.width), 0);
  return { nodes, edges, width: width + 2 * MARGIN, height: height - ROW_GAP + MARGIN };
}

/** The nodes and edges that are drawn, without places. */
function unplaced(forest: Node[], open: Set<string>): { nodes: Placed[]; edges: Edge[] } {
  const nodes: Placed[] = [];
  const edges: Edge[] = [];
  const placeOf = new Map<string, Placed>();
  const elsewhere: { from: Placed; node: Node }[] = [];
  const join = (from: Placed, to: Placed, label: string): number =>
    edges.push({ from, to, label, bends: [], middle: { x: 0, y: 0 } });
  const take = (node: Node, level: number, parent: Placed | undefined): void => {
    const key = `${parent?.key ?? ""}/${node.id}`;
    const isOpen = open.has(key) && node.children.length > 0;
    const placed: Placed = { node, key, level, x: 0, y: 0, parent: parent?.key, isOpen, below: size(node) - 1 };
    nodes.push(placed);
    placeOf.set(node.id, placed);
    if (parent !== undefined) join(parent, placed, node.share);
    for (const child of isOpen ? node.children : []) {
      if (child.isElsewhere) elsewhere.push({ from: placed, node: child });
      else take(child, level + 1, placed);
    }
  };
  for (const root of forest) take(root, 0, undefined);
  for (const { from, node } of elsewhere) {
    const to = placeOf.get(node.id);
    if (to !== undefined) join(from, to, node.share);
  }
  return { nodes, edges };
}

/** What dagre says about a piece: of every node its place, of every edge its bends and the middle of its label. */
interface Drawn {
  nodes: Point[];
  edges: { bends: Point[]; middle: Point }[];
  width: number;
  height: number;
}

/** Places a piece at the origin. Pieces of one shape are one drawing: a thousand Models are two hundred times the same. */
function arrange(piece: Layout, known: Map<string, Drawn>): void {
  const place = new Map(piece.nodes.map(({ key }, index) => [key, index]));
  const ends = piece.edges.map(({ from, to, label }) => ({
    from: place.get(from.key) ?? 0,
    to: place.get(to.key) ?? 0,
    label: label.length * CHARACTER,
  }));
  const shape = JSON.stringify([piece.nodes.length, ends]);
  const drawn = known.get(shape) ?? draw(piece.nodes.length, ends);
  known.set(shape, drawn);
  piece.nodes.forEach((placed, index) => Object.assign(placed, drawn.nodes[index]));
  piece.edges.forEach((edge, index) => Object.assign(edge, structuredClone(drawn.edges[index])));
  [piece.width, piece.height] = [drawn.width, drawn.height];
}

function draw(count: number, ends: { from: number; to: number; label: number }[]): Drawn {
  const graph = new graphlib.Graph({ multigraph: true });
  graph.setGraph({ rankdir: "LR", ranksep: COLUMN_GAP, nodesep: ROW_GAP, edgesep: ROW_GAP });
  for (let index = 0; index < count; index += 1) graph.setNode(String(index), { width: WIDTH, height: HEIGHT });
  ends.forEach(({ from, to, label }, index) => {
    const size = label > 0 ? { width: label, height: LABEL_HEIGHT, labelpos: "c" } : {};
    graph.setEdge(String(from), String(to), size, String(index));
  });
  dagre(graph, { disableOptimalOrderHeuristic: true });
  const nodes = Array.from({ length: count }, (_, index): Point => {
    const { x, y } = graph.node(String(index)) as Point;
    return { x: x - WIDTH / 2, y: y - HEIGHT / 2 };
  });
  const edges = ends.map(({ from, to }, index) => {
    const edge = graph.edge(String(from), String(to), String(index)) as { points: Point[] } & Partial<Point>;
    // The first and the last point are where the line would meet the boxes; ours begins and ends in the middle of their sides.
    return { bends: edge.points.slice(1, -1), middle: { x: edge.x ?? 0, y: edge.y ?? 0 } };
  });
  const { width = 0, height = 0 } = graph.graph() as { width?: number; height?: number };
  return { nodes, edges, width, height };
}

/** Moves a piece down, and away from the left. */
function shift(piece: Layout, down: number): void {
  const move = (point: Point): void => {
    point.x += MARGIN;
    point.y += down;
  };
  piece.nodes.forEach(move);
  for (const { bends, middle } of piece.edges) [...bends, middle].forEach(move);
}

function size(node: Node): number {
  return node.children.reduce((sum, child) => sum + size(child), 1);
}

/** What is between two heights, so that a drawing of a thousand rows is as quick as one of ten; and the node that is kept. */
export function within({ nodes, edges }: Layout, top: number, bottom: number, kept = ""): { nodes: Placed[]; edges: Edge[] } {
  const isNear = (y: number): boolean => y + HEIGHT >= top && y <= bottom;
  const crosses = ({ from, to, bends }: Edge): boolean => {
    const heights = [from.y, to.y, ...bends.map((bend) => bend.y)];
    return Math.max(...heights) + HEIGHT >= top && Math.min(...heights) <= bottom;
  };
  return { nodes: nodes.filter((placed) => isNear(placed.y) || placed.key === kept), edges: edges.filter(crosses) };
}
