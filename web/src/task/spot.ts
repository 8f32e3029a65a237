// What of a change is written about: a line on one of its sides, or a file as a whole.
import type { DiffLine, Place, Word } from "../lib/types";

export type Spot = Required<Place>;
/** What somebody is about to say. */
export type Draft = Spot & { text: string };

export const whole = (path: string): Spot => ({ path, line: null, side: "proposed" });
export const spotOf = (path: string, { old, new: now }: DiffLine): Spot => (now == null ? { path, line: old ?? null, side: "before" } : { path, line: now, side: "proposed" });
export const same = (one: Place, other: Spot) => one.path === other.path && one.line === other.line && (one.side ?? "proposed") === other.side;
export const about = (words: readonly Word[], spot: Spot) => words.filter(({ place }) => place && same(place, spot));

/** "stats.py:14", "stats.py:14 (removed)" or "stats.py". */
export const named = ({ path, line, side }: Place) => (line === null ? path : `${path}:${line}${side === "before" ? " (removed)" : ""}`);
/** "line 14", "removed line 14" or "stats.py", of what is on the screen beside it. */
export const shortly = ({ path, line, side }: Spot) => (line === null ? path : `${side === "before" ? "removed " : ""}line ${line}`);
