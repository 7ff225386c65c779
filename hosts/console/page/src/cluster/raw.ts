/**
 * Parts of a JSON text as the text that they are. What a server sent reaches the component, and what the component wrote reaches
 * the server, byte by byte: JavaScript would round large numbers and move keys that look like numbers.
 */

const QUOTE = 34;
const BACKSLASH = 92;
const SPACE = 32;

/** The texts of the members of an object; empty for anything else. The text must be JSON: it has been parsed before. */
export function rawMembers(text: string): Map<string, string> {
  const members = new Map<string, string>();
  let at = begin(text, "{");
  while (at < text.length && text[at] !== "}") {
    const afterName = end(text, at);
    const name: string = JSON.parse(text.slice(at, afterName));
    const value = space(text, space(text, afterName) + 1);
    const afterValue = end(text, value);
    members.set(name, text.slice(value, afterValue));
    at = next(text, afterValue);
  }
  return members;
}

/** The texts of the items of a list; empty for anything else. */
export function rawItems(text: string): string[] {
  const items: string[] = [];
  let at = begin(text, "[");
  while (at < text.length && text[at] !== "]") {
    const after = end(text, at);
    items.push(text.slice(at, after));
    at = next(text, after);
  }
  return items;
}

/** Where the first part begins; the end of the text where it does not open so. */
function begin(text: string, opening: string): number {
  const at = space(text, 0);
  return text[at] === opening ? space(text, at + 1) : text.length;
}

/** Where the next part begins, or the closing sign is. */
function next(text: string, after: number): number {
  const at = space(text, after);
  return text[at] === "," ? space(text, at + 1) : at;
}

function space(text: string, from: number): number {
  let at = from;
  while (at < text.length && text.charCodeAt(at) <= SPACE) at += 1;
  return at;
}

/** The end of the value that begins here. */
function end(text: string, from: number): number {
  const first = text[from];
  if (first === '"') return endOfString(text, from);
  if (first === "{" || first === "[") return endOfNested(text, from);
  let at = from;
  while (at < text.length && !",]}".includes(text[at] ?? "") && text.charCodeAt(at) > SPACE) at += 1;
  return at;
}

function endOfString(text: string, from: number): number {
  let at = text.indexOf('"', from + 1);
  while (at > 0 && isEscaped(text, at)) at = text.indexOf('"', at + 1);
  return at < 0 ? text.length : at + 1;
}

function isEscaped(text: string, quote: number): boolean {
  let slashes = 0;
  while (text.charCodeAt(quote - 1 - slashes) === BACKSLASH) slashes += 1;
  return slashes % 2 === 1;
}

function endOfNested(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = endOfString(text, at) - 1;
    } else if (code === 123 || code === 91) {
      depth += 1;
    } else if (code === 125 || code === 93) {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  return text.length;
}
