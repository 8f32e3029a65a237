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
  // Numbers that come meanwhile take nothing out of the hand.
  await page.mouse.move(box.x + box.width * 0.6, box.y + 40, { steps: 2 });
  const again = page.waitForResponse(/\/dial/);
  await api(page, `/tasks/${task}/budget`, { money: 1_000_000_000, time: 5_400_000, attempts: 5 });
  await again;
  await page.mouse.move(box.x + box.width * 0.4, box.y + 40, { steps: 2 });
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
  await page.getByText("What things are worth").click();
  await page.getByLabel("By label").fill("numbers=twenty");
  await expect(page.getByText("Write them as in")).toBeVisible();
  const asked = page.waitForRequest(/plan\?.*labels=numbers%3D500/);
  await page.getByLabel("By label").fill("numbers=500");
  await asked;

  // A backlog, before any of it is recorded: what each task and all of them are likely to come to.
  await page.goto(new URL("/new?by=backlog", page.url()).href);
  await page.getByLabel("Budget").fill("0.25");
  await page.getByLabel("Or paste it").fill("- [ ] Count values that are not finite\n- [ ] Name the argument of median");
  const preview = page.getByRole("region", { name: "Preview" });
  await expect(preview).toContainText("are likely to be solved by one attempt each, of 2 tasks");
  await expect(preview).toContainText("At most $0.50 in all");
  await expect(preview.getByRole("listitem").first()).toContainText(/\d+ %/);

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
