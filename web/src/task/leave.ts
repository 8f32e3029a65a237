// A call that waits for leave, as somebody reads it who is to decide: all of it, and nothing in it
// that hides, moves or looks like a part of its own.
import { unmarked } from "../lib/marks";
import type { WaitingCall } from "../lib/types";

// What nothing shows, and what would hide or move what stands around it; line feeds and tabs stay.
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** A text in which nothing is hidden. */
export const seen = (text: string): string =>
  unmarked(text).replace(UNSEEN, (mark) => (mark === "\n" || mark === "\t" ? mark : `⟨U+${(mark.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}⟩`));

/** A call, whole: its name, and each argument from a line of its own on. Further lines of one are
    set in, so that none looks like another argument. */
export function called({ name, arguments: given }: WaitingCall): string {
  const all = typeof given === "object" && given !== null && !Array.isArray(given) ? Object.entries(given) : [["", given] as const];
  const text = (value: unknown) => seen(typeof value === "string" ? value : JSON.stringify(value, null, 2)).replaceAll("\n", "\n    ");
  return [seen(name), ...all.map(([key, value]) => `  ${key === "" ? "" : `${seen(key).replaceAll("\n", " ")}: `}${text(value)}`)].join("\n");
}
