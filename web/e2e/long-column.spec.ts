// A column that is longer than one reading of it, while nothing happens on the board.
import { CHECK } from "./ground";
import { column, expect, signIn, test } from "./page";

const TASKS = 150;

test("a column is scrolled down to its first task", async ({ page, ground }) => {
  ground.write("many.md", Array.from({ length: TASKS }, (_, at) => `- [ ] number ${at + 1} of many`).join("\n"));
  await ground.tenfold("import", "many.md", "--check", CHECK);
  await signIn(page, await ground.serve());
  const queued = column(page, "Queued");
  await expect(queued.getByRole("article").first()).toContainText(`number ${TASKS} of many`);
  const first = queued.getByRole("article").filter({ hasText: /number 1 of many/ });
  await queued.getByRole("article").first().hover();
  await expect(async () => {
    await page.mouse.wheel(0, 20_000);
    await expect(first).toBeVisible({ timeout: 500 });
  }).toPass({ timeout: 20_000 });
  await expect(queued.getByRole("article").last()).toContainText("number 1 of many");
});
