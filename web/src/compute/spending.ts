// Spending as it is shown: added up by what a person asked for, the most first.
import type { Spend, SpendingRow, SpentBy } from "../lib/house";

export interface Sum {
  name: string;
  spent: Spend;
}

export const NOTHING: Spend = { nano_usd: 0, tokens: 0, requests: 0 };

export const plus = (a: Spend, b: Spend): Spend => ({
  nano_usd: a.nano_usd + b.nano_usd,
  tokens: a.tokens + b.tokens,
  requests: a.requests + b.requests,
});

/** What a row is about, in words; rows that are about nothing of that kind have no name. */
export function nameOf(row: SpendingRow, by: SpentBy): string {
  const value = row[by];
  if (value === null || value === undefined || value === "") return "(none)";
  return by === "task" ? `Task ${value}` : by === "token" ? `Token ${value}` : String(value);
}

/** One sum for each name; days in their order, all else the dearest first. */
export function sums(rows: SpendingRow[], by: SpentBy): Sum[] {
  const found = new Map<string, Spend>();
  for (const row of rows) {
    const name = nameOf(row, by);
    found.set(name, plus(found.get(name) ?? NOTHING, row.spent));
  }
  const all = [...found].map(([name, spent]) => ({ name, spent }));
  if (by === "day") return all.sort((a, b) => (a.name < b.name ? -1 : 1));
  return all.sort((a, b) => b.spent.nano_usd - a.spent.nano_usd);
}

/** The same for each day: the days, and of each name how much on each of them. */
export function byDay(rows: SpendingRow[], by: SpentBy, most: number): { days: string[]; lines: { name: string; nano_usd: number[] }[] } {
  const days = [...new Set(rows.map((row) => nameOf(row, "day")))].sort();
  const place = new Map(days.map((day, at) => [day, at]));
  const named = by === "day" ? ["all"] : sums(rows, by).map((sum) => sum.name);
  const shown = named.length > most ? [...named.slice(0, most - 1), "all others"] : named;
  const lines = new Map(shown.map((name) => [name, days.map(() => 0)]));
  for (const row of rows) {
    const name = by === "day" ? "all" : nameOf(row, by);
    const line = lines.get(name) ?? lines.get("all others");
    const at = place.get(nameOf(row, "day"));
    if (line && at !== undefined) line[at] = (line[at] ?? 0) + row.spent.nano_usd;
  }
  return { days, lines: [...lines].map(([name, nano_usd]) => ({ name, nano_usd })) };
}
