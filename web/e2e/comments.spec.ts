// Comments on a change before they are sent: edited, withdrawn, kept over a reload, and sent together.
import type { Page } from "@playwright/test";
import { mends, type Asked, type Reply } from "./model";
import { api, expect, go, handOut, signIn, test } from "./page";

function worker(asked: Asked): Reply {
  if (!asked.text.includes("Name the two")) return mends(asked);
  if (asked.text.includes("left, right")) return { calls: [["finish", { summary: "with names" }]] };
  const edits = [{ old: "return (ordered[middle - 1] + ordered[middle]) / 2", new: "left, right = ordered[middle - 1], ordered[middle]\n    return (left + right) / 2" }];
  return { calls: [["edit", { path: "stats.py", edits }]] };
}

/** Says something about the line with these words in it. */
async function comment(page: Page, words: string, text: string) {
  const line = page.getByRole("row").filter({ hasText: words }).last();
  await line.hover();
  await line.getByRole("button", { name: /comment/i }).click();
  await page.getByLabel(/Comment on line/).fill(text);
  await page.getByRole("button", { name: "Comment", exact: true }).click();
}

test("comments are edited and withdrawn before they are sent", async ({ page, ground }) => {
  const model = await ground.model(worker);
  await signIn(page, await ground.serve());
  const task = await handOut(page, ground, "The median of an even number is wrong");
  await go(page, `/tasks/${task}`);
  const file = page.getByRole("region", { name: "stats.py", exact: true });
  await expect(file).toBeVisible({ timeout: 30_000 });
  const said = async () => ((await api(page, `/tasks/${task}`)).body.words as { kind: string; text: string }[]).filter(({ kind }) => kind === "commented").map(({ text }) => text);

  await comment(page, "ordered[middle - 1]", "Nmae them.");
  await comment(page, "len(ordered) % 2", "This, too.");
  await expect(page.getByRole("button", { name: "Send back with 2 comments" })).toBeVisible();
  await expect(file.getByText("Not sent yet")).toHaveCount(2);
  expect(await said()).toEqual([]);

  // They are there after a reload, one is said otherwise, and one not at all.
  await page.reload();
  const first = file.locator(".draft").filter({ hasText: "Nmae them." });
  await first.getByRole("button", { name: "Edit" }).click();
  await expect(page.getByLabel(/Comment on line/)).toHaveValue("Nmae them.");
  await page.getByLabel(/Comment on line/).fill("Name the two values.");
  await page.getByRole("button", { name: "Comment", exact: true }).click();
  await file.locator(".draft").filter({ hasText: "This, too." }).getByRole("button", { name: "Withdraw" }).click();
  await expect(file.getByText("Not sent yet")).toHaveCount(1);
  expect(await said()).toEqual([]);

  // What is left is what it hears.
  await page.getByRole("button", { name: "Send back with 1 comment" }).click();
  await expect(file).toContainText("left, right", { timeout: 30_000 });
  await expect(file.getByText("Not sent yet")).toHaveCount(0);
  expect(await said()).toEqual(["Name the two values."]);
  expect(model.asked.at(-1)?.text).not.toMatch(/Nmae|This, too/);
});
