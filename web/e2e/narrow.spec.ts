// Where there is little room: the narrowest telephone, and a window at twice the size of its
// letters. Each page holds, and whatever can be pressed or written in can be got at.
import type { Page } from "@playwright/test";
import { addresses, furnish, look, openings } from "./house";
import { CHECK } from "./ground";
import { mends, type Asked, type Reply } from "./model";
import { card, expect, holds, test } from "./page";

const SIZES = { "320 px": { width: 320, height: 640 }, "200 %": { width: 720, height: 450 } };

/** What can be used but not got at: it goes over the edge, or lies under something else however the
 *  page is scrolled. While a menu is open it is all that is used. */
async function hidden(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const found: string[] = [];
    const name = (node: Element) => `${node.tagName.toLowerCase()} “${(node.getAttribute("aria-label") ?? node.textContent ?? "").trim().slice(0, 60)}”`;
    /** What is pressed: of a box to tick, its label. */
    const pressed = (node: HTMLElement) => (node instanceof HTMLInputElement && ["radio", "checkbox"].includes(node.type) && node.labels?.[0]) || node;
    /** What lies over it, once it is scrolled to. */
    function over(node: HTMLElement, block: ScrollLogicalPosition): Element | null {
      node.scrollIntoView({ block, inline: "center" });
      // A link may go on over several lines, and be nothing in their middle.
      const { left, right, top, bottom } = [...node.getClientRects()][0] ?? node.getBoundingClientRect();
      if (left < -1 || right > innerWidth + 1) return document.documentElement;
      const there = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
      // A card is a link all over, on which others lie.
      return there && (node.contains(there) || there.contains(node) || (node.matches("article a") && node.closest("article")?.contains(there))) ? null : (there ?? document.documentElement);
    }
    const top = document.querySelector("[role=menu]") ?? [...document.querySelectorAll("dialog[open]")].at(-1) ?? document.body;
    for (const one of top.querySelectorAll<HTMLElement>("a[href]:not([href='#main']), button, input:not([aria-hidden]), select, textarea, summary")) {
      const node = pressed(one);
      if (!node.checkVisibility({ opacityProperty: true, visibilityProperty: true }) || node.getBoundingClientRect().width <= 1) continue;
      const all = (["center", "start", "end"] as const).map((block) => over(node, block));
      if (!all.includes(null)) found.push(`${name(node)} lies under ${name(all[0] ?? node)}`);
    }
    return found;
  });
}

test("each page and what opens on it, with little room", async ({ page, ground, watch }) => {
  test.setTimeout(480_000);
  watch.allow(/409.*prices\/level/);
  const { tasks } = await furnish(page, ground);
  const found: string[] = [];
  const views: { name: string; at: string; shows?: string | RegExp; open?: (page: Page) => Promise<void> }[] = [...addresses(tasks), ...openings(tasks)];
  // Side by side there is no room for.
  for (const { name, at, shows = /./, open } of views.filter((view) => view.name !== "side by side")) {
    for (const [size, viewport] of Object.entries(SIZES)) {
      await page.setViewportSize(viewport);
      await look(page, at, shows);
      await open?.(page);
      await holds(page);
      found.push(...(await hidden(page)).map((what) => `${name}, ${size}: ${what}`));
    }
  }
  expect(found).toEqual([]);
});

test.describe("on a telephone, with whatever moves", () => {
  test.use({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, reducedMotion: "no-preference" });

  /** Asks, and mends once that is answered; heeds a comment. */
  function worker({ text, ...asked }: Asked): Reply {
    if (!text.includes("The answer:")) return { calls: [["ask", { question: "Which median: lower or upper?" }]] };
    if (!text.includes("Name the two")) return mends({ text, ...asked });
    if (text.includes("left, right")) return { calls: [["finish", { summary: "with names" }]] };
    const edits = [{ old: "return (ordered[middle - 1] + ordered[middle]) / 2", new: "left, right = ordered[middle - 1], ordered[middle]\n    return (left + right) / 2" }];
    return { calls: [["edit", { path: "stats.py", edits }]] };
  }

  test("a wish becomes a branch, by touch", async ({ page, ground }) => {
    await ground.model(worker);
    await page.goto(await ground.serve());
    await page.getByRole("link", { name: "Hand out the first task" }).tap();
    await page.getByLabel("What is to be done").fill("The median of an even number of values is wrong");
    await page.getByLabel("Repository or folder").fill(ground.repo);
    await page.getByLabel("Check", { exact: true }).fill(CHECK);
    await page.getByLabel("Model", { exact: true }).selectOption("far");
    await holds(page);
    await page.getByRole("button", { name: "Start now" }).tap();
    await expect(page).toHaveURL(/\/tasks\/1$/);

    // Found on the board in the column that it has come to, and answered.
    await page.getByRole("link", { name: /^Board/ }).last().tap();
    await page.getByRole("navigation", { name: "Columns" }).getByRole("button", { name: /Needs you/ }).tap();
    await expect(card(page, "The median of an even")).toBeInViewport({ ratio: 0.9 });
    await card(page, "The median of an even").getByRole("link").tap();
    await page.getByLabel("Your answer").fill("upper");
    await page.getByRole("button", { name: "Answer" }).tap();

    // The change, a comment on one of its lines, and what came of that.
    const file = page.getByRole("region", { name: "stats.py", exact: true });
    await expect(file).toContainText("ordered[middle - 1]", { timeout: 30_000 });
    await holds(page);
    const line = file.getByRole("row").filter({ hasText: "middle - 1" });
    await line.tap();
    await line.getByRole("button", { name: /comment/i }).tap();
    await page.getByLabel(/Comment on line/).fill("Name the two values.");
    await page.getByRole("button", { name: "Comment", exact: true }).tap();
    await page.getByRole("button", { name: "Send back with 1 comment" }).tap();
    await expect(file).toContainText("left, right", { timeout: 30_000 });
    await holds(page);

    await page.getByRole("button", { name: "Accept", exact: true }).tap();
    const dialog = page.getByRole("dialog", { name: "Accept the proposal" });
    await dialog.getByLabel("Name of the branch").fill("by-touch");
    await dialog.getByRole("button", { name: "Accept" }).tap();
    await expect(page.getByText("Accepted as the branch by-touch.")).toBeVisible();
    expect(await ground.git("show", "by-touch:stats.py")).toContain("left, right = ");
  });
});
