import { info } from "../state";

/** Name, version, and what is about the whole page. */
export function Header() {
  return (
    <header class="header">
      <h1>Modelwright</h1>
      <span class="faint">{info.value ? `v${info.value.version}` : ""}</span>
    </header>
  );
}
