import { useState } from "preact/hooks";
import { announce } from "../state";

/** A button that copies a text, and says so. `text` is made when it is asked for. */
export function Copy({ label, text, title }: { label: string; text(): string | Promise<string>; title?: string }) {
  const [said, say] = useState("");
  const copy = async () => {
    let done = "Copied";
    try {
      await navigator.clipboard.writeText(await text());
    } catch (error) {
      done = error instanceof RangeError ? error.message : "Not allowed by the browser";
    }
    say(done);
    announce(`${label}: ${done}`);
    setTimeout(() => say(""), 1800);
  };
  return (
    <button class="button" type="button" title={title} onClick={() => void copy()}>
      <span class={said === "" ? "" : "strong"}>{said === "" ? label : `✓ ${said}`}</span>
    </button>
  );
}
