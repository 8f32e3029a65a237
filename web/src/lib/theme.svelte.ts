// Light, dark, or as the system has it. `public/theme.js` sets it before the first paint.
export type Theme = "system" | "light" | "dark";

const KEY = "tenfold.theme";
const dark = matchMedia("(prefers-color-scheme: dark)");

class ThemeState {
  chosen = $state<Theme>(kept());
  /** What is shown now; charts draw with it. */
  shown = $state<"light" | "dark">("light");

  constructor() {
    this.apply();
    dark.addEventListener("change", () => this.apply());
  }

  choose(theme: Theme) {
    this.chosen = theme;
    localStorage.setItem(KEY, theme);
    this.apply();
  }

  private apply() {
    this.shown = this.chosen === "system" ? (dark.matches ? "dark" : "light") : this.chosen;
    document.documentElement.dataset.theme = this.shown;
  }
}

function kept(): Theme {
  const theme = localStorage.getItem(KEY);
  return theme === "light" || theme === "dark" ? theme : "system";
}

export const theme = new ThemeState();
