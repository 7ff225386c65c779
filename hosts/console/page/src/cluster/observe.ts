/**
 * What the component's `requirements` name, read as lists: one for each kind and namespace, in pages, side by side. Items pass
 * through as the bytes that the server sent.
 */

import { type Answer, type Call, type Client, get, type Patience, refused, root, Trouble } from "./call";
import { rawItems, rawMembers } from "./raw";

/** A function of the contract over text: the operation and a JSON request → `{"ok": …}` or `{"failure": …}`. */
export type Ask = (operation: string, request: string) => Promise<string>;

/** A custom resource by kind, namespace and name. */
export interface Reference {
  kind: string;
  namespace: string;
  name: string;
}

/** One list. */
export interface List {
  /** For example `apps/v1`. */
  api: string;
  kind: string;
  /** The plural name in URLs. */
  resource: string;
  /** Empty: cluster-scoped, or of all namespaces. */
  namespace: string;
  /** The names that are wanted; `undefined`: all. */
  names: Set<string> | undefined;
}

/** An object as the server sent it. */
export interface Item {
  namespace: string;
  name: string;
  /** The object as JSON, with its apiVersion and kind. */
  text: string;
}

/** The outcome of a list. */
export interface Read {
  list: List;
  /** What was read; empty where it was refused. */
  items: Item[];
  /** From where a watch goes on; empty where there is nothing to watch. */
  version: string;
  /** Why it may not be read; empty where it may. */
  refusal: string;
}

/** A list that may not be read. */
export interface Refusal {
  kind: string;
  /** Empty: cluster-scoped, or of all namespaces. */
  namespace: string;
  /** What the API server says. */
  message: string;
}

/** What was observed, as `plan` takes it. */
export interface Observed {
  /** The objects as JSON texts. */
  objects: string[];
  /** What could not be read. */
  unreadable: { apiVersion: string; kind: string; namespace: string }[];
  /** The same for people. */
  refusals: Refusal[];
  /** Namespaces that were asked for and are not there. */
  missingNamespaces: string[];
  /** The namespaces that were read as a whole. */
  namespaces: string[];
}

const GROUP = "mlops.internal/v1alpha1";
/** Metacontroller's controllers. Few clusters have them, and few users may see them. */
const CONTROLLER = "CompositeController";
/** The kinds of our custom resources and their names in paths. */
export const RESOURCES: readonly [string, string][] = [
  ["Model", "models"],
  ["EndpointConfig", "endpointconfigs"],
  ["Endpoint", "endpoints"],
];
/** Items of a page. An API server holds a whole page in memory, and so does everything on the way. */
const PAGE = "500";
/** Lists that are read at once: a browser opens six connections to a host, and one stays free. */
const AT_ONCE = 5;
/** How often a list is begun again because its continue token has expired. */
const RESTARTS = 3;

/** Reads what decides about the custom resources in `files` (a JSON text each) and about those of the same namespaces. */
export async function observe(
  client: Client,
  ask: Ask,
  files: string[],
  namespaces: string[],
  patience: Patience,
): Promise<Read[]> {
  const served = await groups(client, patience);
  const asked = await wanted(ask, files, namespaces);
  const read = await lists(client, asked, served, patience);
  const parents = read.filter((one) => isOurs(one.list) && namespaces.includes(one.list.namespace)).flatMap((one) => one.items);
  const all = await wanted(ask, [...files, ...parents.map((item) => item.text)], namespaces);
  const known = new Map(read.map((one) => [target(one.list), one]));
  const more = all.filter((list) => !known.has(target(list)));
  for (const one of await lists(client, more, served, patience)) known.set(target(one.list), one);
  return all.flatMap((list) => {
    const one = known.get(target(list));
    return one === undefined ? [] : [{ ...one, list }];
  });
}

/** The lists that have to be read, each of one request. Namespaces are read one by one: hardly anybody may list them all. */
export async function wanted(ask: Ask, parents: string[], namespaces: string[]): Promise<List[]> {
  const lists = new Map<string, List>();
  for (const list of namespaces.flatMap(ours)) lists.set(key(list), list);
  for (const selector of await selectors(ask, parents)) {
    const { apiVersion: api, kind, resource, namespace, names } = selector;
    const known = lists.get(key({ api, kind, resource, namespace, names: undefined }));
    const list = known ?? { api, kind, resource, namespace, names: new Set<string>() };
    if (names.length === 0) list.names = undefined;
    for (const name of names) list.names?.add(name);
    lists.set(key(list), list);
  }
  return [...lists.values()]
    .flatMap((list) => (list.kind === "Namespace" ? byName(list) : [list]))
    .sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

interface Selector {
  apiVersion: string;
  kind: string;
  resource: string;
  namespace: string;
  names: string[];
}

/**
 * What the component says about each of them. What is no custom resource with a name needs nothing: the plan says what is wrong
 * with it.
 */
async function selectors(ask: Ask, parents: string[]): Promise<Selector[]> {
  const answers = await Promise.all(parents.map((parent) => ask("requirements", parent)));
  return answers.flatMap((answer) => {
    const found: { ok?: Selector[] } = JSON.parse(answer);
    return found.ok ?? [];
  });
}

function ours(namespace: string): List[] {
  return RESOURCES.map(([kind, resource]) => ({ api: GROUP, kind, resource, namespace, names: undefined }));
}

function isOurs(list: List): boolean {
  return list.api === GROUP;
}

function byName(list: List): List[] {
  return [...(list.names ?? [])].map((name) => ({ ...list, names: new Set([name]) }));
}

/** Which list, whatever names are wanted of it; of Namespaces each is a list of its own. */
function key(list: List): string {
  const name = list.kind === "Namespace" && list.names?.size === 1 ? [...list.names][0] : "";
  return `${list.api}|${list.kind}|${list.namespace}|${name}`;
}

/** The request: two lists with the same one are read once. */
export function target(list: List): string {
  const call = firstPage(list);
  return `${call.path} ${call.query["fieldSelector"] ?? ""}`;
}

function path(list: List): string {
  return list.namespace === ""
    ? `${root(list.api)}/${list.resource}`
    : `${root(list.api)}/namespaces/${list.namespace}/${list.resource}`;
}

/** The request for a list without its pages: whoever may list one object by name may not have to list them all. */
export function selected(list: List): Call {
  const only = list.namespace === "" && list.names?.size === 1 ? [...list.names][0] : undefined;
  return get(path(list), only === undefined ? {} : { fieldSelector: `metadata.name=${only}` });
}

function firstPage(list: List): Call {
  const call = selected(list);
  return { ...call, query: { ...call.query, limit: PAGE } };
}

/** The group versions that the cluster serves; `undefined` where it does not say: then each list is tried. */
async function groups(client: Client, patience: Patience): Promise<Set<string> | undefined> {
  const answer = await client.call(get("/apis"), patience);
  if (answer.code !== 200) return undefined;
  const found: { groups?: { versions?: { groupVersion?: string }[] }[] } = JSON.parse(answer.body);
  return new Set(found.groups?.flatMap((group) => group.versions?.map((version) => version.groupVersion ?? "") ?? []));
}

async function lists(client: Client, wanted: List[], served: Set<string> | undefined, patience: Patience): Promise<Read[]> {
  return atOnce(wanted, AT_ONCE, async (list) => {
    const isServed = served === undefined || !list.api.includes("/") || served.has(list.api);
    return isServed ? readList(client, list, patience) : notServed(list);
  });
}

/** Runs `work` for each, so many at once. The first error ends it. */
export async function atOnce<T, R>(all: T[], most: number, work: (one: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < all.length) {
      const place = next;
      next += 1;
      results[place] = await work(all[place] as T);
    }
  };
  await Promise.all(Array.from({ length: Math.min(most, all.length) }, worker));
  return results;
}

/** All pages of a list. A refusal is a result: the component decides what cannot be decided without it. */
export async function readList(client: Client, list: List, patience: Patience): Promise<Read> {
  for (let restarts = 0; restarts < RESTARTS; restarts += 1) {
    const items: Item[] = [];
    let next = "";
    for (;;) {
      const call = firstPage(list);
      if (next !== "") call.query["continue"] = next;
      const answer = await client.call(call, patience);
      if (answer.code === 410) break;
      if (answer.code === 403) return { list, items: [], version: "", refusal: refused(call, answer).message };
      if (answer.code === 404) return notServed(list);
      if (answer.code !== 200) throw refused(call, answer);
      const page = pageOf(call, answer);
      items.push(...page.items.map((text) => itemOf(text, list)));
      next = page.next;
      if (next === "") return { list, items, version: page.version, refusal: "" };
    }
  }
  throw new Trouble(410, `${list.resource} change faster than they can be read`);
}

function pageOf(call: Call, answer: Answer): { items: string[]; next: string; version: string } {
  try {
    const members = rawMembers(answer.body);
    const metadata: { continue?: string; resourceVersion?: string } = JSON.parse(members.get("metadata") ?? "{}");
    return {
      items: rawItems(members.get("items") ?? "[]"),
      next: metadata.continue ?? "",
      version: metadata.resourceVersion ?? "",
    };
  } catch {
    throw new Trouble(answer.code, `${call.method} ${call.path} is answered by what is no list`);
  }
}

/** An object of a list; items of a list of a built-in kind do not say their kind. */
export function itemOf(text: string, list: List): Item {
  const object: { apiVersion?: string; metadata?: { name?: string; namespace?: string } } = JSON.parse(text);
  const typed = object.apiVersion === undefined ? `{"apiVersion":"${list.api}","kind":"${list.kind}",${text.slice(1)}` : text;
  return { namespace: object.metadata?.namespace ?? "", name: object.metadata?.name ?? "", text: typed };
}

/** Nobody has Metacontroller who does not serve its kinds; the others have to be there. */
function notServed(list: List): Read {
  if (list.kind === CONTROLLER) return { list, items: [], version: "", refusal: "" };
  const what = `the cluster has no ${list.resource} of ${list.api}`;
  const help = isOurs(list)
    ? "install the CustomResourceDefinitions with `modelwright crds | kubectl apply --server-side -f -`"
    : "install Istio, or at least its CustomResourceDefinitions";
  throw new Trouble(404, `${what}: ${help}`);
}

/** What was read, as the component takes it. */
export function gathered(reads: Read[], namespaces: string[]): Observed {
  const observed: Observed = { objects: [], unreadable: [], refusals: [], missingNamespaces: [], namespaces };
  const isEverywhere = (list: List): boolean => list.kind === "Endpoint" && list.namespace === "";
  const hasAllEndpoints = reads.some((read) => isEverywhere(read.list) && read.refusal === "");
  for (const { list, items, refusal } of reads) {
    if (refusal !== "") {
      // The namespace's own are read in any case; who may not see the others is content with those.
      if (isEverywhere(list)) continue;
      observed.unreadable.push({ apiVersion: list.api, kind: list.kind, namespace: list.namespace });
      if (list.kind !== CONTROLLER) observed.refusals.push({ kind: list.kind, namespace: list.namespace, message: refusal });
      continue;
    }
    // They are among those of all namespaces.
    if (list.kind === "Endpoint" && hasAllEndpoints && !isEverywhere(list)) continue;
    const found = items.filter((item) => list.names === undefined || list.names.has(item.name));
    observed.objects.push(...found.map((item) => item.text));
    if (list.kind === "Namespace") {
      const names = new Set(found.map((item) => item.name));
      observed.missingNamespaces.push(...[...(list.names ?? [])].filter((name) => !names.has(name)));
    }
  }
  return observed;
}

/** The Pods of a namespace: shown, never part of an observation. */
export function podsOf(namespace: string): List {
  return { api: "v1", kind: "Pod", resource: "pods", namespace, names: undefined };
}
