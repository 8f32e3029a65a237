// The keyboard: every key that does something is declared here by whoever is on the screen, so
// that the sheet behind `?` and the command palette list exactly what works now.

import { untrack } from "svelte";

export interface Command {
  /** What it does, as a person would say it. */
  title: string;
  /** Keys, as `KeyboardEvent.key`; two in sequence are written "g b". None: palette only. */
  keys?: string[];
  group: string;
  run: () => void;
}

class Keys {
  // A plain set, told of by a count: state that is read while an effect ends is that of before.
  private sets = new Set<Command[]>();
  private changes = $state(0);
  /** The sheet or the palette, if one of them is open. */
  open = $state<"sheet" | "palette" | null>(null);
  private before = "";
  private beforeAt = 0;

  get commands(): Command[] {
    void this.changes;
    return [...this.sets].flat();
  }

  /** Declares commands for as long as the calling component lives: call it in an `$effect`. */
  use(commands: Command[]): () => void {
    const told = () => untrack(() => (this.changes += 1));
    this.sets.add(commands);
    told();
    return () => {
      this.sets.delete(commands);
      told();
    };
  }

  /** For `<svelte:window onkeydown>`. */
  pressed(event: KeyboardEvent) {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k" && !event.altKey && !event.shiftKey) {
      event.preventDefault();
      this.open = this.open === "palette" ? null : "palette";
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (isTyping(event.target) || document.querySelector("dialog[open]")) return;
    const pair = event.timeStamp - this.beforeAt < 1_200 ? `${this.before} ${event.key}` : "";
    this.before = event.key;
    this.beforeAt = event.timeStamp;
    const found = this.find(pair) ?? this.find(event.key);
    if (!found) return;
    event.preventDefault();
    this.before = "";
    found.run();
  }

  /** The innermost declaration of a key wins. */
  private find(key: string): Command | undefined {
    return this.commands.findLast((command) => command.keys?.includes(key));
  }
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}

export const keys = new Keys();
