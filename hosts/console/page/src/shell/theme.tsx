/** Light or dark: as the system says, until the user says otherwise. */

import { effect, signal } from "@preact/signals";

const THEMES = ["system", "light", "dark"] as const;
const LOOKS = { system: ["◐", "as the system"], light: ["☀", "light"], dark: ["☾", "dark"] } as const;
const KEY = "modelwright.theme";

const theme = signal<(typeof THEMES)[number]>(stored());

effect(() => {
  document.documentElement.dataset["theme"] = theme.value;
});

/** Goes through the three. */
export function ThemeButton() {
  const [icon, word] = LOOKS[theme.value];
  return (
    <button class="button theme" type="button" aria-label={`Colours: ${word}`} title={`Colours: ${word}`} onClick={next}>
      <span aria-hidden="true">{icon}</span>
    </button>
  );
}

function next(): void {
  theme.value = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length] ?? "system";
  try {
    localStorage.setItem(KEY, theme.value);
  } catch {
    // Storage may be switched off: then the choice lasts as long as the page.
  }
}

function stored(): (typeof THEMES)[number] {
  try {
    const found = localStorage.getItem(KEY);
    return THEMES.find((name) => name === found) ?? "system";
  } catch {
    return "system";
  }
}
