// Amounts of money, tokens and requests, and for how long they are: in words and from them.
import { count, money, nanoOf, plural } from "../lib/format";
import type { Measure, Period, Quantity, Terms } from "../lib/house";

export const MEASURES: Measure[] = ["money", "tokens", "requests"];

/** The measure of a quantity, and how much it is. */
export function partsOf(quantity: Quantity): { measure: Measure; amount: number } {
  if ("money" in quantity) return { measure: "money", amount: quantity.money };
  if ("tokens" in quantity) return { measure: "tokens", amount: quantity.tokens };
  return { measure: "requests", amount: quantity.requests };
}

export function amountWords(measure: Measure, amount: number): string {
  if (measure === "money") return money(amount);
  if (measure === "tokens") return `${count(amount)} tokens`;
  return plural(amount, "request");
}

export const quantityWords = (quantity: Quantity): string => {
  const { measure, amount } = partsOf(quantity);
  return amountWords(measure, amount);
};

const EVERY: Record<Period, string> = { hour: "an hour", day: "a day", week: "a week", month: "a month", once: "in all" };

/** The number alone, where the unit follows. */
export const bareAmount = (measure: Measure, amount: number): string => (measure === "money" ? money(amount) : count(amount));

/** "$50.00 a month each, up to 2 periods carried over". */
export function termsWords({ most, per, carry, each }: Terms): string {
  const kept = carry ? `, up to ${plural(carry, "period")} carried over` : "";
  return `${quantityWords(most)} ${EVERY[per]}${each ? " each" : ""}${kept}`;
}

export const everyWords = (per: Period): string => EVERY[per];

/** What a person typed as an amount of that measure; null where it is none. */
export function quantityOf(measure: Measure, text: string): Quantity | null {
  if (measure === "money") {
    const nano_usd = nanoOf(text);
    return nano_usd === null || nano_usd === 0 ? null : { money: nano_usd };
  }
  const match = /^\s*([\d.,]+)\s*([kKmM]?)\s*$/.exec(text);
  const number = Number((match?.[1] ?? "").replaceAll(",", ""));
  const times = { k: 1e3, m: 1e6, "": 1 }[(match?.[2] ?? "").toLowerCase() as "k" | "m" | ""];
  if (!match || !Number.isFinite(number) || number <= 0) return null;
  const amount = Math.round(number * times);
  return measure === "tokens" ? { tokens: amount } : { requests: amount };
}
