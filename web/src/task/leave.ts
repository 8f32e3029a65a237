// The call that waits for leave, as somebody reads it who is to decide: what the server says that
// it is, whole, and nothing that was put together here.
import type { Asked } from "../lib/types";
import { unmarked } from "../lib/marks";

// What nothing shows, and what would hide or move what stands around it; line feeds and tabs stay.
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** The call's arguments to the letter. A command stands without its quotes where nothing else is
    said, which is certain only if writing it anew gives what came. */
export function exactly({ arguments: text }: Asked): string {
  return seen(command(text) ?? text);
}

function command(text: string): string | null {
  try {
    const said = JSON.parse(text) as Record<string, unknown>;
    const is_whole = JSON.stringify({ command: said.command }) === text;
    return is_whole && typeof said.command === "string" ? said.command : null;
  } catch {
    return null;
  }
}

const seen = (text: string): string =>
  unmarked(text).replace(UNSEEN, (mark) => (mark === "\n" || mark === "\t" ? mark : `⟨U+${(mark.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}⟩`));
