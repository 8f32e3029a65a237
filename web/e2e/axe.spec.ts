// Every page, in light and in dark, by axe: nothing that shuts anybody out.
import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { addresses, furnish, look, openings } from "./house";
import { expect, holds, signIn, test } from "./page";

/** What axe finds on the page as it stands, in both themes. */
async function faults(page: Page, name: string, themes: ("light" | "dark")[] = ["light", "dark"]): Promise<string[]> {
  const found: string[] = [];
  for (const colorScheme of themes) {
    await page.emulateMedia({ colorScheme });
    await expect(page.locator("html")).toHaveCSS("color-scheme", new RegExp(colorScheme));
    // There are no frames, so that nothing has to be put together in a page of its own.
    const axe = new AxeBuilder({ page }).setLegacyMode().options({ resultTypes: ["violations"] });
    const { violations } = await axe.analyze();
    for (const { id, help, nodes } of violations) found.push(`${name}, ${colorScheme}: ${id} (${help}) at ${nodes.map((node) => node.target.join(" ")).slice(0, 3).join("; ")}`);
  }
  return found;
}

test("signed out, and with nothing there yet", async ({ page, ground, watch }) => {
  test.setTimeout(180_000);
  const link = await ground.serve();
  watch.allow(/401|403.*session\/link|409.*prices\/level/);
  await page.goto(ground.origin);
  await expect(page.getByRole("heading", { name: "Sign in to Tenfold" })).toBeVisible();
  const found = await faults(page, "sign-in");
  await page.goto(`${ground.origin}/#link=used-up`);
  await expect(page.getByText("That link no longer works")).toBeVisible();
  found.push(...(await faults(page, "used-up link")));
  await expect(page.getByText("tenfold people link")).toBeVisible();
  await signIn(page, link);
  for (const at of ["/", "/new", "/plan", "/compute/accounts", "/compute/spending", "/compute/prices", "/compute/forecasts", "/compute/audit", "/coworkers", "/coworkers/record", "/coworkers/policy", "/settings/models", "/settings/repositories", "/nowhere"]) {
    await look(page, at, /./);
    found.push(...(await faults(page, `empty ${at}`)));
  }
  expect(found).toEqual([]);
});

test("a full house, on each of its pages", async ({ page, ground, watch }) => {
  // Where too little is known for a forecast, that is refused.
  watch.allow(/409.*prices\/level/);
  test.setTimeout(480_000);
  const house = await furnish(page, ground);
  const found: string[] = [];
  for (const { name, at, shows } of addresses(house.tasks)) {
    await look(page, at, shows);
    found.push(...(await faults(page, name)));
  }
  expect(found).toEqual([]);
  // What is behind something to press, and what is laid over a page.
  for (const { name, at, open } of openings(house.tasks)) {
    await look(page, at, /./);
    await open(page);
    found.push(...(await faults(page, name)));
  }
  // On a telephone.
  await page.setViewportSize({ width: 390, height: 844 });
  for (const at of ["/", "/new", "/plan", "/compute/accounts", "/compute/spending", "/coworkers/record", "/settings/models", `/tasks/${house.tasks.review}`, `/tasks/${house.tasks.leave}`]) {
    await look(page, at, /./);
    await holds(page);
    found.push(...(await faults(page, `narrow ${at}`)));
  }
  // Offline.
  watch.allow(/ERR_CONNECTION|ERR_INCOMPLETE|ERR_EMPTY/);
  await look(page, "/", /./);
  await ground.close("SIGKILL");
  await expect(page.getByText("Tenfold does not answer. What")).toBeVisible();
  found.push(...(await faults(page, "offline")));
  expect(found).toEqual([]);
});
