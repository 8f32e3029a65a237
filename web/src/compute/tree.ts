// Accounts in the order of the tree that they are.
import type { Account } from "../lib/house";

export interface Branch {
  account: Account;
  depth: number;
  below: number;
}

/** The accounts, each before those below it; the ones whose parent is not seen are at the top. */
export function inOrder(accounts: Account[], folded: ReadonlySet<number> = new Set()): Branch[] {
  const known = new Set(accounts.map((one) => one.account));
  const below = new Map<number | null, Account[]>();
  for (const one of accounts) {
    const parent = one.parent !== null && known.has(one.parent) ? one.parent : null;
    below.set(parent, [...(below.get(parent) ?? []), one]);
  }
  const found: Branch[] = [];
  const walk = (parent: number | null, depth: number) => {
    for (const account of below.get(parent) ?? []) {
      found.push({ account, depth, below: below.get(account.account)?.length ?? 0 });
      if (!folded.has(account.account)) walk(account.account, depth + 1);
    }
  };
  walk(null, 0);
  return found;
}

/** Whether an account is below another, at any depth. */
export function isBelow(accounts: Account[], one: Account, other: Account): boolean {
  for (let parent = one.parent; parent !== null; ) {
    if (parent === other.account) return true;
    parent = accounts.find((known) => known.account === parent)?.parent ?? null;
  }
  return false;
}
