// A call that waits for leave, as somebody reads it who is to decide: all of it, and nothing in it
// that hides, moves or looks like a part of its own.
import { named } from "./marks";
import type { WaitingCall } from "./types";

// What nothing shows, and what would hide or move what stands around it; line feeds and tabs stay.
const UNSEEN = /(?![\n\t])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** A text in which nothing is hidden. */
export const seen = (text: string): string => text.replace(UNSEEN, named);

const given = ({ arguments: all }: WaitingCall): [string, unknown][] => (typeof all === "object" && all !== null && !Array.isArray(all) ? Object.entries(all) : [["", all]]);
const text = (value: unknown, indent?: number): string => seen(typeof value === "string" ? value : JSON.stringify(value, null, indent));

/** A call in one line: its name, and what it is given. It may be cut off; who decides reads all. */
export const glimpse = (call: WaitingCall): string => [seen(call.name), ...given(call).map(([, value]) => text(value))].join(" ");

/** A call, whole: its name, and each argument from a line of its own on. Further lines of one are
    set in, so that none looks like another argument. */
export function called(call: WaitingCall): string {
  const whole = (value: unknown) => text(value, 2).replaceAll("\n", "\n    ");
  return [seen(call.name), ...given(call).map(([key, value]) => `  ${key === "" ? "" : `${seen(key).replaceAll("\n", " ")}: `}${whole(value)}`)].join("\n");
}
