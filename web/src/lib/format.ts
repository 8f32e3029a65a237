// Numbers for people: money, time, odds, sizes. Nothing here knows the page.
import { unmarked } from "./marks";

const NANO = 1_000_000_000;

/** Nano-dollars as dollars: two places, more where there would be nothing to see. */
export function money(nano_usd: number): string {
  return dollars(nano_usd / NANO);
}

export function dollars(usd: number): string {
  const size = Math.abs(usd);
  if (size === 0) return "$0";
  if (size < 0.0001) return usd < 0 ? "−$0.0001" : "<$0.0001";
  const places = size < 0.01 ? 4 : size < 1 ? 3 : size < 1000 ? 2 : 0;
  const text = size.toLocaleString("en-US", { minimumFractionDigits: Math.min(2, places), maximumFractionDigits: places });
  return `${usd < 0 ? "−" : ""}$${text}`;
}

/** Dollars that a person typed, as nano-dollars; null where it is no amount. */
export function nanoOf(text: string): number | null {
  const usd = Number(text.replace(/[$,\s]/g, ""));
  if (text.trim() === "" || !Number.isFinite(usd) || usd < 0) return null;
  return Math.round(usd * NANO);
}

export const usdOf = (nano_usd: number): number => nano_usd / NANO;

/** A share of one as a percentage. */
export function percent(share: number): string {
  const of100 = share * 100;
  if (of100 > 0 && of100 < 1) return "<1 %";
  if (of100 < 100 && of100 > 99) return ">99 %";
  return `${Math.round(of100)} %`;
}

export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const seconds = ms / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min${rest(Math.round(seconds % 60), "s")}`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h${rest(minutes % 60, "min")}`;
  return `${Math.floor(hours / 24)} d${rest(hours % 24, "h")}`;
}

const rest = (count: number, unit: string): string => (count > 0 ? ` ${count} ${unit}` : "");

const CLOCK_TICKS_MS = 6_000;

/** How long ago, or in how long, in few letters. */
export function ago(at_ms: number, now_ms: number): string {
  const away = now_ms - at_ms;
  const size = Math.abs(away);
  // The page's clock ticks seldom: what has just been may be ahead of it.
  if (size < 45_000) return away >= -CLOCK_TICKS_MS ? "just now" : "in a moment";
  const text = short(size);
  return away >= 0 ? `${text} ago` : `in ${text}`;
}

function short(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.round(minutes / 60);
  if (hours < 36) return `${hours} h`;
  const days = Math.round(hours / 24);
  return days < 60 ? `${days} d` : `${Math.round(days / 30.4)} mo`;
}

export function moment(at_ms: number): string {
  return new Date(at_ms).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
}

export const clock = (at_ms: number): string =>
  new Date(at_ms).toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });

export function count(number: number): string {
  if (Math.abs(number) < 10_000) return number.toLocaleString("en-US");
  return number.toLocaleString("en-US", { notation: "compact", maximumFractionDigits: 1 });
}

export function bytes(size: number): string {
  if (size < 1024) return `${size} B`;
  if (size < 1024 * 1024) return `${(size / 1024).toFixed(0)} KiB`;
  if (size < 1024 ** 3) return `${(size / 1024 ** 2).toFixed(1)} MiB`;
  return `${(size / 1024 ** 3).toFixed(1)} GiB`;
}

export const plural = (number: number, one: string, many = `${one}s`): string =>
  `${count(number)} ${number === 1 ? one : many}`;

/** The first line of a text, and no more of it than a heading holds. */
export function firstLine(text: string, letters = 160): string {
  const line = text.trimStart().split("\n", 1)[0] ?? "";
  return unmarked(line.length > letters ? `${line.slice(0, letters - 1)}…` : line);
}

const OUTCOMES: Record<string, string> = {
  finished: "finished",
  "gave-up": "gave up",
  "limit-steps": "used up its steps",
  "limit-time": "used up its time",
  "limit-money": "used up its money",
  "limit-share": "used up its share of the budget",
  "limit-quota": "used up its provider's quota",
  stuck: "got stuck",
  stopped: "was stopped",
  "provider-failed": "its model's provider failed",
  "nothing-to-do": "found nothing to do",
  "check-broken": "its check could not be run",
  "check-flaky": "its check is flaky",
};

/** How an attempt ended, in words. */
export const outcome = (kebab: string): string => OUTCOMES[kebab] ?? words(kebab);

export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** "to-review" → "To review". */
export const sentence = (kebab: string): string => capital(words(kebab));

/** "accepted-as-branch" → "accepted as branch". */
export const words = (kebab: string): string => kebab.replaceAll("-", " ");

/** What stands between commas. */
export const between = (text: string) => text.split(",").map((one) => one.trim()).filter((one) => one !== "");
