// Marks that turn the direction of text make a command, a name or a line of code look like another
// one. They are shown by their numbers instead of being obeyed; letters of right-to-left scripts
// need none of them.
const MARKS = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

export const unmarked = (text: string): string =>
  text.replace(MARKS, (mark) => `⟨U+${(mark.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}⟩`);
