// What a terminal would show of raw output: text with classes, as data. Colours and weights are
// kept; whatever moves the cursor, asks the terminal something or names a link is dropped.
// `\r` begins its line anew, as progress bars want.

export interface Span {
  text: string;
  /** Classes of `base.css`, or "". */
  look: string;
}

interface Look {
  bold: boolean;
  dim: boolean;
  italic: boolean;
  underline: boolean;
  colour: number | null;
}

// An escape sequence: CSI, or a string (OSC, DCS, …) to its end, or two or three characters.
const ESCAPE =
  /\x1b\[([0-9;:?<=>]*)[ -/]*([@-~])|\x1b[\]PX^_][^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c|$)|\x1b[ -/]*[0-~]?|\x9b[0-?]*[ -/]*[@-~]/g;
const CONTROL = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x9f]/g;

/** Spans of `raw`, in order. */
export function spans(raw: string): Span[] {
  const look: Look = { bold: false, dim: false, italic: false, underline: false, colour: null };
  const found: Span[] = [];
  let past = 0;
  for (const match of raw.matchAll(ESCAPE)) {
    push(found, raw.slice(past, match.index), look);
    past = match.index + match[0].length;
    if (match[2] === "m") change(look, match[1] ?? "");
  }
  push(found, raw.slice(past), look);
  return found;
}

/** `raw` without what only a terminal understands. */
export const plain = (raw: string): string => clean(raw.replace(ESCAPE, ""));

function push(found: Span[], raw: string, look: Look) {
  const text = clean(raw);
  if (text !== "") found.push({ text, look: classes(look) });
}

function clean(raw: string): string {
  const lines = raw.replaceAll("\r\n", "\n");
  const kept = lines.includes("\r") ? lines.replace(/[^\n]*\r(?=[^\n])/g, "").replaceAll("\r", "") : lines;
  return kept.replace(CONTROL, "");
}

function change(look: Look, codes: string) {
  const numbers = codes.split(/[;:]/).map((code) => Number(code || "0"));
  for (let at = 0; at < numbers.length; at += 1) {
    const code = numbers[at] ?? 0;
    if (code === 38 || code === 48) {
      at += numbers[at + 1] === 5 ? 2 : 4;
      if (code === 38) look.colour = numbers[at - 1] === 5 || numbers.length <= 3 ? nearest(numbers[at] ?? 0) : null;
      continue;
    }
    one(look, code);
  }
}

function one(look: Look, code: number) {
  if (code === 0) Object.assign(look, { bold: false, dim: false, italic: false, underline: false, colour: null });
  else if (code === 1) look.bold = true;
  else if (code === 2) look.dim = true;
  else if (code === 3) look.italic = true;
  else if (code === 4) look.underline = true;
  else if (code === 22) look.bold = look.dim = false;
  else if (code === 23) look.italic = false;
  else if (code === 24) look.underline = false;
  else if (code >= 30 && code <= 37) look.colour = code - 30;
  else if (code >= 90 && code <= 97) look.colour = code - 90;
  else if (code === 39) look.colour = null;
}

/** The sixteen named ones of the 256; the others are shown uncoloured. */
const nearest = (of256: number): number | null => (of256 < 16 ? of256 % 8 : null);

function classes(look: Look): string {
  const names = [];
  if (look.bold) names.push("a-bold");
  if (look.dim) names.push("a-dim");
  if (look.italic) names.push("a-italic");
  if (look.underline) names.push("a-under");
  if (look.colour !== null) names.push(`a-${look.colour}`);
  return names.join(" ");
}
