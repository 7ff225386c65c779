/**
 * Lists that stay as the cluster is. A browser opens six connections to a host, and there are a dozen kinds: so watches take turns,
 * each from the version where it ended before, and nothing is missed in between.
 */

import { type Client, lost, refused, sleep, Trouble } from "./call";
import { type Item, itemOf, type List, podsOf, type Read, readList, selected, target } from "./observe";
import { rawMembers } from "./raw";

/** How the connection is. */
export type Health =
  | { state: "live" }
  /** Nothing is heard; it is tried again. */
  | { state: "lost"; why: string; since: number };

/** What is told. */
export interface Listener {
  /** Something was added, changed or deleted in these lists. */
  changed: (lists: List[]) => void;
  health: (health: Health) => void;
}

/** Watches at once; the other connections are for everything else. */
const SLOTS = 3;
/** Seconds of a turn while things change, and when they have not for some time. */
const QUICK = 1;
const SLOW = 4;
/** How long things are taken to go on changing. */
const BUSY = 20_000;
/** The first pause after the connection was lost; each one after it is twice as long. */
const PAUSE = 500;
const LONGEST = 4_000;
/** How often a list that may not be read is tried again. */
const REFUSED = 60_000;

/** How often a list is read that may be listed but not watched: `modelwright rbac` grants no more. */
const POLL = 5_000;

/** A list that is kept up to date. */
interface Followed {
  list: List;
  items: Map<string, Item>;
  /** From where the watch goes on; empty: it has to be read again. */
  version: string;
  refusal: string;
  /** When it was read. */
  read: number;
}

/** Follows lists until it is stopped. */
export class Watch {
  private readonly client: Client;
  private readonly listener: Listener;
  private readonly followed = new Map<string, Followed>();
  /** Lists that may not be watched. */
  private readonly unwatched = new Set<string>();
  /** Whose turn it is next. */
  private queue: string[] = [];
  private readonly stopped = new AbortController();
  private paused = false;
  private changed = Date.now();
  private health: Health = { state: "live" };
  private pause = PAUSE;

  constructor(client: Client, listener: Listener) {
    this.client = client;
    this.listener = listener;
  }

  /** Begins to follow; `reads` can be replaced at any time. */
  start(): void {
    for (let slot = 0; slot < SLOTS; slot += 1) void this.slot(slot);
  }

  /** Nothing is asked or told any more. */
  stop(): void {
    this.stopped.abort();
  }

  /** While somebody else reads the same lists again and again, nothing has to be watched. */
  rest(paused: boolean): void {
    this.paused = paused;
  }

  /** What was just read takes the place of what was known; other lists are not followed any more. */
  replace(reads: Read[]): void {
    this.followed.clear();
    for (const read of reads) this.take(read);
    this.queue = [...this.followed.keys()];
  }

  /** What is known now. */
  reads(): Read[] {
    return [...this.followed.values()].map(({ list, items, version, refusal }) => ({
      list,
      items: [...items.values()],
      version,
      refusal,
    }));
  }

  private take(read: Read): Followed {
    const items = new Map(read.items.map((item) => [key(item), item]));
    const followed = { list: read.list, items, version: read.version, refusal: read.refusal, read: Date.now() };
    this.followed.set(target(read.list), followed);
    return followed;
  }

  private async slot(number: number): Promise<void> {
    const { signal } = this.stopped;
    while (!signal.aborted) {
      // While nobody answers, one asks whether they do again.
      const place = this.paused || (this.health.state === "lost" && number > 0) ? undefined : this.queue.shift();
      const followed = place === undefined ? undefined : this.followed.get(place);
      if (place === undefined || followed === undefined) {
        await sleep(200, signal);
        continue;
      }
      try {
        const began = Date.now();
        if (await this.turn(followed)) this.isWell();
        // What is not watched, or ends at once, is no reason to hurry.
        if (Date.now() - began < 200) await sleep(200, signal);
      } catch (error) {
        if (!signal.aborted) await this.isLost(error);
      }
      if (this.followed.has(place) && !this.queue.includes(place)) this.queue.push(place);
    }
  }

  /** One watch, or the list again where there is nothing to go on from. Whether the server was asked. */
  private async turn(followed: Followed): Promise<boolean> {
    const isPolled = this.unwatched.has(target(followed.list));
    if (isPolled && Date.now() - followed.read < POLL) return false;
    if (followed.version !== "" && !isPolled) {
      await this.watch(followed);
      return true;
    }
    if (followed.refusal !== "" && Date.now() - followed.read < REFUSED) return false;
    if (followed.refusal === "" && followed.read > 0 && !isPolled) return false;
    const read = await readList(this.client, followed.list, { tries: 1 });
    if (this.followed.get(target(followed.list)) !== followed) return true;
    const before = [...followed.items.values()].map((item) => item.text);
    this.take(read);
    const isSame = read.refusal === followed.refusal && before.join() === read.items.map((item) => item.text).join();
    if (!isSame || !isPolled) this.tell(followed.list);
    return true;
  }

  private async watch(followed: Followed): Promise<void> {
    const call = selected(followed.list);
    const seconds = Date.now() - this.changed < BUSY ? QUICK : SLOW;
    const more = { watch: "true", resourceVersion: followed.version, allowWatchBookmarks: "true", timeoutSeconds: String(seconds) };
    call.query = { ...call.query, ...more };
    let response: Response;
    // A turn that hears nothing for so long after its end is a connection that is gone.
    const timeout = AbortSignal.timeout((seconds + 15) * 1000);
    try {
      response = await this.client.open(call, AbortSignal.any([this.stopped.signal, timeout]));
    } catch (error) {
      throw lost(call, error);
    }
    if (!response.ok) {
      const answer = { code: response.status, body: await response.text(), warnings: [] };
      if (answer.code === 403) this.unwatched.add(target(followed.list));
      // Too old, not permitted, not there any more: reading it again says what is left.
      if (answer.code === 410 || answer.code === 403 || answer.code === 404) return this.again(followed);
      throw refused(call, answer);
    }
    let heard = false;
    try {
      for await (const line of lines(response)) {
        if (this.followed.get(target(followed.list)) !== followed) return;
        heard = this.event(followed, line) || heard;
      }
    } finally {
      if (heard) this.tell(followed.list);
    }
  }

  /** One line of a watch. Whether it says something new. */
  private event(followed: Followed, line: string): boolean {
    const members = rawMembers(line);
    const type: string = JSON.parse(members.get("type") ?? '""');
    const text = members.get("object") ?? "{}";
    if (type === "ERROR") {
      this.again(followed);
      return false;
    }
    const object: { metadata?: { resourceVersion?: string } } = JSON.parse(text);
    followed.version = object.metadata?.resourceVersion ?? followed.version;
    if (type === "BOOKMARK") return false;
    const item = itemOf(text, followed.list);
    if (type === "DELETED") followed.items.delete(key(item));
    else followed.items.set(key(item), item);
    return true;
  }

  private again(followed: Followed): void {
    followed.version = "";
    followed.read = 0;
    followed.refusal = "";
  }

  private tell(list: List): void {
    this.changed = Date.now();
    if (!this.stopped.signal.aborted) this.listener.changed([list]);
  }

  private isWell(): void {
    this.pause = PAUSE;
    if (this.health.state === "live" || this.stopped.signal.aborted) return;
    this.health = { state: "live" };
    this.listener.health(this.health);
  }

  private async isLost(error: unknown): Promise<void> {
    const why =
      error instanceof Trouble ? error.message : `the answer broke off: ${error instanceof Error ? error.message : String(error)}`;
    const since = this.health.state === "lost" ? this.health.since : Date.now();
    this.health = { state: "lost", why, since };
    this.listener.health(this.health);
    await sleep(this.pause, this.stopped.signal);
    this.pause = Math.min(this.pause * 2, LONGEST);
  }
}

function key(item: Item): string {
  return `${item.namespace}/${item.name}`;
}

/** The lines of a body as they come. */
async function* lines(response: Response): AsyncGenerator<string> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  if (reader === undefined) return;
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    const parts = (rest + value).split("\n");
    rest = parts.pop() ?? "";
    yield* parts.filter((part) => part !== "");
  }
  if (rest.trim() !== "") yield rest;
}

/** The lists of an observation, and the Pods beside it. */
export async function withPods(client: Client, reads: Read[], namespaces: string[]): Promise<Read[]> {
  const pods = await Promise.all(namespaces.map((namespace) => readList(client, podsOf(namespace), { tries: 1 })));
  return [...reads, ...pods];
}
