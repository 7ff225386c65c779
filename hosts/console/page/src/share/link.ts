/** The state of the page in the fragment of its address: packed, and never sent anywhere. */

import { effect } from "@preact/signals";
import { FIRST } from "../edit/examples";
import { announce, observedText, resourcesText, selected, view, VIEWS, type View } from "../state";

/** Characters of a fragment that browsers and chats still take. */
const LONGEST = 64_000;
/** Characters of a text that a link may unpack to. */
const LARGEST = 16 * 1024 * 1024;
const QUIET_MILLISECONDS = 400;

let timer = 0;

interface State {
  resources: string;
  observed: string;
  view: View;
  selected: string;
}

/** Puts the texts there that the link has, else the first example; later links, too. */
export async function restore(): Promise<void> {
  if (!(await load(location.href))) resourcesText.value = FIRST.resources;
  // The event says which link was followed: the address may have been brought up to date again meanwhile.
  addEventListener("hashchange", (event) => void load(event.newURL));
  effect(() => remember(state()));
}

/** The address of the page as it is now. Too long a one is a `RangeError`. */
export async function link(): Promise<string> {
  const packed = await pack(state());
  if (packed.length > LONGEST) throw new RangeError("Too much for a link");
  return `${location.origin}${location.pathname}${location.search}#state=${packed}`;
}

function state(): State {
  return { resources: resourcesText.value, observed: observedText.value, view: view.value, selected: selected.value };
}

/** Keeps the address up to date, so that going back to it is going back to the work. */
function remember(now: State): void {
  clearTimeout(timer);
  timer = window.setTimeout(() => void write(now), QUIET_MILLISECONDS);
}

async function write(now: State): Promise<void> {
  const untouched = now.resources === FIRST.resources && now.observed === "" && now.view === "plan";
  const packed = untouched || now.resources.length + now.observed.length > LONGEST * 10 ? "" : await pack(now);
  const fragment = packed === "" || packed.length > LONGEST ? "" : `#state=${packed}`;
  if (location.hash !== fragment) history.replaceState(null, "", fragment === "" ? location.pathname + location.search : fragment);
}

async function load(address: string): Promise<boolean> {
  clearTimeout(timer);
  const packed = new URLSearchParams(new URL(address).hash.slice(1)).get("state");
  if (!packed) return false;
  try {
    const found = checked(JSON.parse(await unpack(packed)));
    resourcesText.value = found.resources;
    observedText.value = found.observed;
    view.value = found.view;
    selected.value = found.selected;
    return true;
  } catch {
    announce("The link could not be read");
    return false;
  }
}

/** A link is somebody else's text. */
function checked(value: unknown): State {
  const found = new Map(Object.entries(value as object));
  const text = (name: string) => (typeof found.get(name) === "string" ? (found.get(name) as string) : "");
  return {
    resources: text("resources"),
    observed: text("observed"),
    view: VIEWS.find((name) => name === text("view")) ?? "plan",
    selected: text("selected"),
  };
}

async function pack(value: State): Promise<string> {
  const stream = new Blob([JSON.stringify(value)]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

async function unpack(packed: string): Promise<string> {
  const binary = atob(packed.replaceAll("-", "+").replaceAll("_", "/"));
  const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
  const reader = new Blob([bytes])
    .stream()
    .pipeThrough(new DecompressionStream("deflate-raw"))
    .pipeThrough(new TextDecoderStream())
    .getReader();
  let text = "";
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    text += part.value;
    if (text.length > LARGEST) throw new RangeError("the link unpacks to too much");
  }
  return text;
}
