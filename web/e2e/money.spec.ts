// Where enough was tried for a forecast: the dial of a task, the plan, and what is told of money,
// each chart with the numbers behind it.
import type { Page } from "@playwright/test";
import { furnish, look, QUEUED } from "./house";
import { api, expect, test } from "./page";

test("budgets are set by what they are likely to buy", async ({ page, ground, watch }) => {
  // Of a level of prices too little is known, and that is refused.
  watch.allow(/409.*prices\/level/);
  test.setTimeout(180_000);
  const house = await furnish(page, ground);
  const task = house.tasks.gives_up;

  // The dial: a line that is dragged, or moved by keys, and a budget that is set by it.
  await look(page, `/tasks/${task}`, "Budget");
  await page.getByRole("tab", { name: "Budget" }).click();
  const slider = page.getByRole("slider", { name: "Budget" });
  await expect(slider).toHaveAttribute("aria-valuetext", /^\$1\.00, done with \d+ %/);
  const plot = page.locator(".u-over");
  const box = (await plot.boundingBox())!;
  await page.mouse.move(box.x + box.width * 0.8, box.y + 40);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.4, box.y + 40, { steps: 4 });
  await page.mouse.up();
  await expect(page.getByLabel("Money, in dollars")).toHaveValue("0.50");
  await slider.focus();
  await page.keyboard.press("ArrowRight");
  await expect(page.getByLabel("Money, in dollars")).toHaveValue("0.51");
  await page.getByRole("button", { name: "Set budget" }).click();
  await expect(page.locator(".toast").filter({ hasText: "The budget is $0.51 now." })).toBeVisible();
  expect((await api(page, `/tasks/${task}`)).body.card.budget_nano_usd).toBe(510_000_000);
  await page.locator(".toast").getByRole("button", { name: "Undo" }).first().click();
  await expect.poll(async () => (await api(page, `/tasks/${task}`)).body.card.budget_nano_usd).toBe(1_000_000_000);
  await hasTable(page, "Odds of being done, by what is spent", /%/);

  // The plan: what all that pays would take, unless somebody says otherwise.
  await look(page, "/plan", QUEUED[0]!);
  const sums = page.getByRole("region", { name: "What it buys" });
  await expect(sums).toContainText("of 3 tasks that get money");
  const usual = Number(new URL(page.url()).searchParams.get("budget"));
  expect(usual).toBeGreaterThan(0);
  expect(usual).toBeLessThan(10);
  await page.getByLabel("In dollars").fill("0.05");
  await expect(page).toHaveURL(/budget=0\.05/);
  await expect(page.getByRole("table", { name: /Tasks that are left out/ })).toBeVisible();
  await expect(sums).not.toContainText("of 3 tasks that get money");
  await page.getByText("Solve most", { exact: true }).click();
  await expect(page).toHaveURL(/goal=solved/);
  await hasTable(page, "Tasks solved by budget", /\d/);

  // What was spent, and what came of what was foretold.
  await look(page, "/compute/spending", "Spending");
  await hasTable(page, "Spent each day", /\$/);
  await look(page, "/compute/forecasts", "Said on average");
  await hasTable(page, "Calibration", /%/);
});

/** A chart is drawn, and there is a table behind it that has its numbers. */
async function hasTable(page: Page, title: string, numbers: RegExp) {
  await expect(page.getByRole("img", { name: new RegExp(`^${title}`) })).toBeVisible();
  await page.getByRole("button", { name: `Show as a table: ${title}` }).click();
  await expect(page.getByRole("table", { name: title, exact: true }).getByRole("cell").nth(1)).toContainText(numbers);
  await page.getByRole("button", { name: `Show the chart: ${title}` }).click();
}
