// An admin opens an account on the page, sets it a limit, gives it something, calls it otherwise,
// moves it and closes it; what the page says is what the accounts are.
import type { Page } from "@playwright/test";
import { api, expect, go, signIn, test } from "./page";

interface Seen { path: string; closed: boolean; gifts: { nano_usd: number }; each: unknown[]; allowances: { terms: { most: object } }[] }

test("accounts are opened, limited, moved and closed", async ({ page, ground }) => {
  await ground.tenfold("account", "add", "lab", "--kind", "team");
  await ground.tenfold("account", "add", "shop", "--kind", "team");
  await signIn(page, await ground.serve());
  await go(page, "/compute/accounts");

  await change(page, "lab", "Open an account below", async () => {
    await field(page, "Name").fill("ada");
    await field(page, "Limit (if any)").fill("5");
  });
  expect((await account(page, "ada")).path).toMatch(/lab.ada$/);
  await change(page, "ada", "Set a limit", async () => {
    await field(page, "How much").fill("7.5");
  });
  expect((await account(page, "ada")).allowances.map((one) => one.terms.most)).toContainEqual({ money: 7_500_000_000 });
  await expect(row(page, "ada")).toContainText("$7.50");
  await change(page, "ada", "Give", async () => {
    await field(page, "How much").fill("2");
  });
  expect((await account(page, "ada")).gifts.nano_usd).toBe(2_000_000_000);
  await change(page, "ada", "Rename", async () => {
    await expect(field(page, "Name")).toHaveValue("ada");
    await field(page, "Name").fill("lovelace");
  });
  await change(page, "lovelace", "Move", async () => {
    const below = field(page, "Below");
    // Not below itself.
    await expect(below.getByRole("option", { name: /lovelace/ })).toHaveCount(0);
    await below.selectOption({ label: (await account(page, "shop")).path });
  });
  expect((await account(page, "lovelace")).path).toMatch(/shop.lovelace$/);
  await change(page, "shop", "Close", async () => {
    await expect(page.getByRole("dialog")).toContainText("it can't be opened again");
  });
  await expect(row(page, "lovelace")).toContainText("closed");
  expect((await account(page, "lovelace")).closed).toBe(true);

  // What is closed stays so, and says so; and the topmost of all can't be closed.
  await refused(page, "lovelace", "Rename", "It is closed, for ever.");
  const top = (await api(page, "/accounts")).body.accounts[0].name;
  await refused(page, top, "Close", "All accounts are below this one.");

  // A program that is to look spends nothing.
  await page.getByRole("button", { name: "Make one" }).click();
  await field(page, "What it is for").fill("a screen in the hall");
  await field(page, "Good for").selectOption("looking only");
  await page.getByRole("button", { name: "Make it" }).click();
  const secret = (await page.locator(".secret").textContent())!;
  await page.getByRole("button", { name: "I have it" }).click();
  await expect(page.getByRole("table", { name: "Access tokens" })).toContainText("to look only");
  const ask = (path: string, body?: object) => page.request.fetch(new URL(path, page.url()).href, { method: body ? "POST" : "GET", headers: { authorization: `Bearer ${secret}`, cookie: "" }, ...(body ? { data: body } : {}) });
  expect((await ask("/api/v1/board")).status()).toBe(200);
  expect((await ask("/api/v1/tasks", { text: "x", workspace: ground.repo })).status()).toBe(403);

  // And one may be for some models only.
  await page.getByRole("button", { name: "Make one" }).click();
  await field(page, "What it is for").fill("an editor");
  await field(page, "Models").fill("far, gpt-4o*");
  await page.getByRole("button", { name: "Make it" }).click();
  await page.getByRole("button", { name: "I have it" }).click();
  await expect(page.getByRole("table", { name: "Access tokens" })).toContainText("far, gpt-4o* only");
});

test("more accounts than are told at once are read on, and found by their names", async ({ page, ground }) => {
  await ground.model();
  await signIn(page, await ground.serve());
  for (let number = 100; number < 310; number += 1) {
    const { status } = await api(page, "/accounts", { want: "open", parent: 1, name: `a${number}`, kind: "person" });
    expect(status).toBe(200);
  }
  await go(page, "/compute");
  const rows = page.getByRole("table", { name: /^Accounts/ }).getByRole("row");
  // With the heads.
  await expect(rows).toHaveCount(201);
  await expect(row(page, "a309")).toHaveCount(0);
  await change(page, "a100", "Move", async () => {
    const below = field(page, "Below");
    await expect(below.getByRole("option", { name: /a309/ })).toHaveCount(0);
    await field(page, "Find an account").fill("a309");
    await expect(below.getByRole("option", { name: /a309/ })).toHaveCount(1);
    await below.selectOption((await below.getByRole("option", { name: /a309/ }).getAttribute("value")) ?? "");
  });
  await page.getByRole("button", { name: "Show more" }).click();
  await expect(rows).toHaveCount(212);
  await expect(page.getByRole("button", { name: "Show more" })).toHaveCount(0);
  expect((await api(page, "/accounts?q=a309")).body.accounts.map(({ path }: { path: string }) => path.replace(/^.*(a309)/, "$1"))).toEqual(["a309", "a309/a100"]);
});

const row = (page: Page, name: string) => page.getByRole("table", { name: /^Accounts/ }).getByRole("row").filter({ has: page.getByText(name, { exact: true }) });
const field = (page: Page, label: string) => page.getByRole("dialog").getByLabel(label, { exact: true });

/** Opens what can be done with an account, does it, and waits until it is done. */
async function change(page: Page, name: string, verb: string, fill: () => Promise<void>) {
  await row(page, name).getByRole("button", { name: `What can be done with ${name}` }).click();
  await page.getByRole("menuitem", { name: verb, exact: true }).click();
  await fill();
  await page.getByRole("dialog").locator("footer").getByRole("button").last().click();
  await expect(page.getByRole("dialog")).toHaveCount(0);
}

async function refused(page: Page, name: string, verb: string, why: string) {
  await row(page, name).getByRole("button", { name: `What can be done with ${name}` }).click();
  await page.getByRole("menuitem", { name: verb, exact: true }).click({ force: true });
  await expect(page.locator(".toast").filter({ hasText: why }).first()).toBeVisible();
  await page.keyboard.press("Escape");
}

async function account(page: Page, name: string): Promise<Seen> {
  const all = (await api(page, "/accounts")).body.accounts as (Seen & { name: string })[];
  const found = all.find((one) => one.name === name);
  expect(found, name).toBeDefined();
  return found as Seen;
}
