// A question for leave, as somebody reads it who is to decide: the server's words to the letter, with
// the whole call in them, and nothing that was put together here.
import { unmarked } from "../lib/marks";

// What nothing shows, and what would hide or move what stands around it; line feeds and tabs stay.
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** A text in which nothing is hidden. */
export const seen = (text: string): string =>
  unmarked(text).replace(UNSEEN, (mark) => (mark === "\n" || mark === "\t" ? mark : `⟨U+${(mark.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}⟩`));
