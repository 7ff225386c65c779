/** The connection of the page to a cluster: nothing, being made, failed, or live. */

import { Client, Trouble } from "./call";
import { type Ask, gathered, type Item, type List, observe, type Observed, type Read, target, wanted } from "./observe";
import { namespacesOf, parents, POLICY } from "./request";
import { discover, namespaces, type Session } from "./session";
import { type Health, Watch, withPods } from "./watch";

/** What is known of the cluster. */
export interface Live {
  client: Client;
  session: Session;
  /** The one that was chosen: that of what names none. */
  namespace: string;
  /** Those that one can choose from; `undefined`: they may not be listed. */
  namespaces: string[] | undefined;
  observed: Observed;
  /** Shown, but no part of the observation. */
  pods: Item[];
  /** Where Pods may not be read, why; empty where they may. */
  podsRefusal: string;
  health: Health;
}

/** How it stands with the cluster. */
export type State = { kind: "off" } | { kind: "connecting" } | { kind: "failed"; why: string } | ({ kind: "live" } & Live);

/** How long changes are gathered before they are told. */
const GATHER = 80;
/** How long after a failure it is tried again. */
const AGAIN = 1_500;

/** Keeps an observation of what the wanted custom resources need. */
export class Connection {
  private readonly ask: Ask;
  private readonly told: (state: State) => void;
  private state: State = { kind: "off" };
  private watch: Watch | undefined;
  private resources: string[] = [];
  /** Counts connections and choices: what belongs to an earlier one is dropped. */
  private turn = 0;
  /** The kinds that have changed and were not told yet. */
  private readonly changed = new Set<string>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  /** What was last asked of the cluster, to see when that has to change. */
  private asked = "";
  /** Answers of `requirements`, which depend on the custom resource alone. */
  private readonly requirements = new Map<string, Promise<string>>();

  /** `told` gets every new state. */
  constructor(ask: Ask, told: (state: State) => void) {
    this.ask = ask;
    this.told = told;
  }

  /**
   * Connects, and reads what decides about the wanted custom resources. `namespace` is that of what names none; empty: that of the
   * host.
   */
  async connect(token: string, namespace: string): Promise<void> {
    const turn = this.begin();
    this.tell({ kind: "connecting" });
    await this.guarded(turn, async () => {
      const client = new Client(token);
      const session = await discover(client);
      const all = await namespaces(client);
      const chosen = namespace || session.namespace || "default";
      await this.read(turn, client, session, chosen, all);
    });
  }

  /** The same cluster, another namespace. */
  async choose(namespace: string): Promise<void> {
    const { state } = this;
    if (state.kind !== "live") return;
    const turn = this.begin();
    await this.guarded(turn, () => this.read(turn, state.client, state.session, namespace, state.namespaces));
  }

  /** Nothing is read any more. */
  disconnect(): void {
    this.begin();
    this.tell({ kind: "off" });
  }

  /** The custom resources that are wanted, as JSON texts. What they need is read, too. */
  want(resources: string[]): void {
    if (resources.length === this.resources.length && resources.every((text, place) => text === this.resources[place])) return;
    this.resources = resources;
    this.soon([]);
  }

  /** What a roll-out has just read. */
  take(reads: Read[]): void {
    const pods = this.watch?.reads().filter((read) => read.list.kind === "Pod") ?? [];
    this.watch?.replace([...reads, ...pods]);
    this.publish();
  }

  /** While a roll-out reads by itself, nothing is watched. */
  rest(isBusy: boolean): void {
    this.watch?.rest(isBusy);
  }

  private begin(): number {
    this.watch?.stop();
    this.watch = undefined;
    clearTimeout(this.timer);
    this.timer = undefined;
    this.turn += 1;
    return this.turn;
  }

  private async guarded(turn: number, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (turn !== this.turn) return;
      this.tell({ kind: "failed", why: sentence(error) });
    }
  }

  private input(): Parameters<typeof namespacesOf>[0] {
    return { resources: this.resources, delete: [], policy: POLICY, allowDataLoss: false, previous: "" };
  }

  private async read(turn: number, client: Client, session: Session, namespace: string, all: string[] | undefined): Promise<void> {
    const input = this.input();
    const spaces = namespacesOf(input, namespace);
    const reads = await observe(client, this.asking, parents(input), spaces, { tries: 2 });
    const withThem = await withPods(client, reads, spaces);
    if (turn !== this.turn) return;
    this.asked = signature(
      reads.map((read) => read.list),
      spaces,
    );
    this.watch?.stop();
    const health = (health: Health): void => {
      if (turn === this.turn && this.state.kind === "live") this.tell({ ...this.state, health });
    };
    this.watch = new Watch(client, { changed: (lists) => turn === this.turn && this.soon(lists), health });
    this.watch.replace(withThem);
    this.watch.start();
    const seen = { observed: gathered([], spaces), pods: [], podsRefusal: "" };
    this.state = { kind: "live", client, session, namespace, namespaces: all, ...seen, health: { state: "live" } };
    this.publish();
  }

  /** Tells what has changed, and reads more where more is needed now. */
  private soon(lists: List[]): void {
    const { turn } = this;
    for (const list of lists) this.changed.add(list.kind);
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      if (turn !== this.turn) return;
      if (this.changed.size > 0) this.publish();
      this.more(turn).catch((error: unknown) => this.isLost(turn, error));
    }, GATHER);
  }

  /** What is known stays; what is needed besides is asked again. */
  private isLost(turn: number, error: unknown): void {
    if (turn !== this.turn || this.state.kind !== "live") return;
    const since = this.state.health.state === "lost" ? this.state.health.since : Date.now();
    this.tell({ ...this.state, health: { state: "lost", why: sentence(error), since } });
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      if (turn === this.turn) this.soon([]);
    }, AGAIN);
  }

  private async more(turn: number): Promise<void> {
    const { state, watch } = this;
    if (state.kind !== "live" || watch === undefined) return;
    const input = this.input();
    const spaces = namespacesOf(input, state.namespace);
    const ours = watch
      .reads()
      .filter((read) => read.list.api.startsWith("mlops.internal/") && spaces.includes(read.list.namespace));
    const all = [...parents(input), ...ours.flatMap((read) => read.items.map((item) => item.text))];
    const lists = await wanted(this.asking, all, spaces);
    if (turn !== this.turn || signature(lists, spaces) === this.asked) return;
    await this.read(turn, state.client, state.session, state.namespace, state.namespaces);
  }

  private publish(): void {
    const { state, watch } = this;
    if (state.kind !== "live" || watch === undefined) return;
    const reads = watch.reads();
    // Pods are no part of an observation: when only they have changed, nothing has to be planned again.
    const isOnlyPods = this.changed.size === 1 && this.changed.has("Pod");
    this.changed.clear();
    const pods = reads.filter((read) => read.list.kind === "Pod");
    const observed = isOnlyPods ? state.observed : this.observation(reads, state.namespace);
    const podsRefusal = pods.find((read) => read.refusal !== "")?.refusal ?? "";
    this.tell({ ...state, observed, pods: pods.flatMap((read) => read.items), podsRefusal });
  }

  private observation(reads: Read[], namespace: string): Observed {
    return gathered(
      reads.filter((read) => read.list.kind !== "Pod"),
      namespacesOf(this.input(), namespace),
    );
  }

  private tell(state: State): void {
    this.state = state;
    this.told(state);
  }

  private readonly asking: Ask = (operation, request) => {
    if (operation !== "requirements") return this.ask(operation, request);
    // A namespace of a thousand Models is asked about after each change of one.
    if (this.requirements.size > 5_000) this.requirements.clear();
    const known = this.requirements.get(request) ?? this.ask(operation, request);
    this.requirements.set(request, known);
    return known;
  };
}

function sentence(error: unknown): string {
  return error instanceof Trouble ? error.message : String(error);
}

function signature(lists: List[], namespaces: string[]): string {
  return JSON.stringify([lists.map((list) => [target(list), ...(list.names ?? [])]), namespaces]);
}
