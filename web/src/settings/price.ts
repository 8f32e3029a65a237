// What a model costs, as somebody says it.
import { nanoOf } from "../lib/format";
import type { NewPrice } from "../lib/house";

export interface Priced {
  how: "listed" | "tokens" | "free";
  prompt: string;
  output: string;
}

export const amount = (text: string) => (nanoOf(text.trim()) === null ? "Dollars, as in 2.50." : null);

/** Why the price can't be meant; null where it can. */
export const wrongPrice = ({ how, prompt, output }: Priced) => (how === "tokens" && (amount(prompt) ?? amount(output)) !== null ? "Say both prices." : null);

/** The price; null: as the price book has it. */
export function said({ how, prompt, output }: Priced): NewPrice | null {
  if (how === "listed") return null;
  return how === "free" ? how : { tokens: { prompt: nanoOf(prompt.trim()) ?? 0, output: nanoOf(output.trim()) ?? 0 } };
}
