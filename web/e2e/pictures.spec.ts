// Pictures of each page for the documentation, in both themes. They are only written, into
// docs/pictures, with UPDATE_PICTURES=1.
import { mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { addresses, furnish, look } from "./house";
import type { Page } from "@playwright/test";
import { expect, test } from "./page";

const PICTURES = join(dirname(fileURLToPath(import.meta.url)), "../../docs/pictures");
const SHOWN = ["board", "task-review", "task-leave", "task-works", "new", "plan", "compute-accounts", "compute-spending", "compute-forecasts", "coworkers", "coworkers-record", "settings-models"];

// Wherever they are taken, they show the same folder.
test.use({ folder: join(tmpdir(), "work") });

test("a picture of each page", async ({ page, ground, watch }) => {
  test.skip(process.env.UPDATE_PICTURES !== "1", "pictures are only written with UPDATE_PICTURES=1");
  test.setTimeout(300_000);
  mkdirSync(PICTURES, { recursive: true });
  watch.allow(/401|409.*prices\/level/);
  const house = await furnish(page, ground);
  for (const { name, at, shows } of addresses(house.tasks).filter((one) => SHOWN.includes(one.name))) {
    await look(page, at, shows);
    if (name === "new") await page.getByLabel("What is to be done").fill("The median of an even number of values is wrong: it should be the mean of the middle two.");
    if (name === "new") await expect(page.getByRole("region", { name: "Quote" })).toContainText("Works with");
    if (name === "plan") await expect(page.getByRole("region", { name: "What it buys" })).not.toContainText("$20.00");
    await both(page, name);
  }
  await page.context().clearCookies();
  await page.goto(ground.origin);
  await expect(page.getByRole("heading", { name: "Sign in to Tenfold" })).toBeVisible();
  await both(page, "sign-in");
});

/** What is shown now, in both themes. */
async function both(page: Page, name: string) {
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    await expect(page.locator("html")).toHaveCSS("color-scheme", new RegExp(colorScheme));
    await page.screenshot({ path: join(PICTURES, `page-${name}-${colorScheme}.png`), animations: "disabled", caret: "hide" });
  }
}
