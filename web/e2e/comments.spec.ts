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

test("a removed line and a whole file are commented, inline and side by side, and by keys", async ({ page, ground }) => {
  const model = await ground.model(worker);
  await signIn(page, await ground.serve());
  const task = await handOut(page, ground, "The median of an even number is wrong");
  await go(page, `/tasks/${task}`);
  const file = page.getByRole("region", { name: "stats.py", exact: true });
  await expect(file).toBeVisible({ timeout: 30_000 });

  // Inline a removed line is a row of its own.
  const removed = "ordered[middle] + ordered[middle + 1]";
  const line = file.getByRole("row").filter({ hasText: removed });
  await line.hover();
  await line.getByRole("button", { name: "Comment removed line 15" }).click();
  await page.getByLabel("Comment on removed line 15").fill("Say why it was wrong.");
  await page.getByRole("button", { name: "Comment", exact: true }).click();
  await expect(file.locator(".draft")).toContainText("Say why it was wrong.");

  // Beside it stands what comes instead, and each of them is written about by a key of its own.
  await page.keyboard.press("s");
  const both = file.getByRole("row").filter({ hasText: removed });
  await expect(both).toContainText("middle - 1");
  await expect(file.locator(".draft")).toContainText("Not sent yet, on the removed line");
  await both.focus();
  await page.keyboard.press("C");
  await expect(page.getByLabel("Comment on removed line 15")).toHaveValue("Say why it was wrong.");
  await page.keyboard.press("Escape");
  await expect(both).toBeFocused();
  await page.keyboard.press("c");
  await expect(page.getByLabel("Comment on line 15")).toHaveValue("");
  await page.keyboard.press("Escape");
  await page.keyboard.press("f");
  await page.getByLabel("Comment on stats.py").fill("Name the two values.");
  await page.keyboard.press("Control+Enter");
  await expect(file.getByRole("button", { name: "Comment stats.py" })).toBeFocused();
  await page.keyboard.press("s");

  await page.reload();
  await expect(file.locator(".draft")).toHaveText([/Name the two values\./, /Say why it was wrong\./]);
  await page.getByRole("button", { name: "Send back with 2 comments" }).click();
  await expect(file).toContainText("left, right", { timeout: 30_000 });
  await expect(file.locator(".draft")).toHaveCount(0);
  const heard = model.asked.at(-1)?.text;
  expect(heard).toContain(`About line 15 of stats.py as it was, which your proposal removes (\`return (${removed}) / 2\`): Say why it was wrong.`);
  expect(heard).toContain("About your change of stats.py as a whole: Name the two values.");
  const places = ((await api(page, `/tasks/${task}`)).body.words as { place: unknown }[]).map(({ place }) => place).filter((place) => place !== null);
  expect(places).toEqual([{ path: "stats.py", line: 15, side: "before" }, { path: "stats.py", line: null, side: "proposed" }]);

  // What the change does not show can't be commented.
  const { status, body } = await api(page, `/tasks/${task}/comment`, { path: "stats.py", line: 1, text: "x" });
  expect([status, body.what]).toEqual([404, expect.stringContaining("shows no line 1 of stats.py")]);
});
