// What an audit found, in the colours of what it means.

export const verdictWords = (verdict: string): string => verdict.replaceAll("-", " ");

export function toneOf(verdict: string): "good" | "need" | "grey" {
  const said = verdictWords(verdict);
  return said === "supported" ? "good" : said === "not supported" ? "need" : "grey";
}

/** A number with three figures that say something. */
export function figure(number: number): string {
  const size = Math.abs(number);
  if (size !== 0 && (size >= 1e6 || size < 0.001)) return number.toExponential(2).replace("-", "−").replace("+", "");
  return number.toLocaleString("en-US", { maximumSignificantDigits: 3 }).replace("-", "−");
}
