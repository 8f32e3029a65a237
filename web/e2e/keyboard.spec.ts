// The main path by keys alone: what has the focus is always seen, and it is never lost.
import type { Page } from "@playwright/test";
import { CHECK } from "./ground";
import { Gate, mends, type Asked, type Reply } from "./model";
import { column, expect, signIn, test } from "./page";

/** What has the focus is on the screen, and is marked. */
async function isSeen(page: Page) {
  const seen = await page.evaluate(() => {
    const at = document.activeElement as HTMLElement | null;
    if (!at || at === document.body) return "nothing has the focus";
    const box = at.getBoundingClientRect();
    if (box.width === 0 || box.height === 0) return `${at.outerHTML.slice(0, 200)} can't be seen`;
    if (box.bottom < 0 || box.top > innerHeight || box.right < 0 || box.left > innerWidth) return `${at.outerHTML.slice(0, 200)} is outside`;
    const marks = [at, ...at.querySelectorAll("*"), at.parentElement, at.nextElementSibling].flatMap((one) => (one ? [getComputedStyle(one), getComputedStyle(one, "::after")] : []));
    const marked = marks.some((style) => style.outlineStyle !== "none" && style.outlineWidth !== "0px") || getComputedStyle(at).boxShadow !== "none" || /^(INPUT|TEXTAREA|SELECT)$/.test(at.tagName);
    return marked || at.tabIndex < 0 ? "" : `${at.outerHTML.slice(0, 200)} has the focus without a mark`;
  });
  expect(seen).toBe("");
}

/** Goes on by Tab until this has the focus; each stop on the way is seen. */
async function tabTo(page: Page, name: string | RegExp, role: "button" | "textbox" | "combobox" | "link" | "radio" = "button", key = "Tab") {
  const wanted = page.getByRole(role, { name, exact: typeof name === "string" }).first();
  await expect(wanted).toBeVisible();
  for (let stops = 0; stops < 80; stops += 1) {
    if (await wanted.evaluate((node) => node === document.activeElement)) return;
    await page.keyboard.press(key);
    await isSeen(page);
  }
  throw new Error(`no Tab leads to ${role} ${name}`);
}

function worker(gate: Gate) {
  return (asked: Asked): Reply => {
    if (asked.number === 1) return { says: "Let me look.", calls: [["read", { path: "stats.py" }]], after: gate };
    if (!asked.text.includes("The answer:")) return { calls: [["ask", { question: "Which median: lower or upper?" }]] };
    return mends(asked);
  };
}

test("the main path by keys alone", async ({ page, ground }) => {
  const gate = new Gate();
  const model = await ground.model(worker(gate));
  await signIn(page, await ground.serve());
  await expect(page.getByText("No work yet")).toBeVisible();

  // The first stop skips to the page.
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Skip to the page" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("main")).toBeFocused();

  // The sheet of keys names those of this page.
  await page.keyboard.press("?");
  const sheet = page.getByRole("dialog", { name: "Keys" });
  await expect(sheet).toContainText("Hand out new work");
  await page.keyboard.press("Escape");
  await expect(sheet).toBeHidden();

  // To new work, by its key, and filled in by Tab.
  await page.keyboard.press("c");
  await expect(page.getByRole("heading", { name: "New work" })).toBeVisible();
  await expect(page.getByRole("main")).toBeFocused();
  await tabTo(page, "What is to be done", "textbox");
  await page.keyboard.type("The median of an even number of values is wrong");
  await tabTo(page, "Repository or folder", "combobox");
  await page.keyboard.press("Control+a");
  await page.keyboard.type(ground.repo);
  await tabTo(page, "Check", "textbox");
  await page.keyboard.type(CHECK);
  await tabTo(page, "Model", "combobox");
  await page.keyboard.type("far");
  await expect(page.getByRole("combobox", { name: "Model" })).toHaveValue("far");
  await tabTo(page, "What is to be done", "textbox", "Shift+Tab");
  await expect(page.getByRole("button", { name: "Start now" })).not.toHaveAttribute("aria-disabled");
  await page.keyboard.press("Control+Enter");
  await expect(page).toHaveURL(/\/tasks\/1$/);
  await model.wasAsked(1);

  // To the board and back: by keys, and by the palette.
  await page.keyboard.press("u");
  await expect(column(page, "Working").getByRole("article")).toHaveCount(1);
  await page.keyboard.press("j");
  await expect(page.getByRole("link", { name: /The median of an even/ })).toBeFocused();
  await isSeen(page);
  await page.keyboard.press("g");
  await page.keyboard.press("p");
  await expect(page).toHaveURL(/\/plan(\?budget=[\d.]+)?$/);
  await page.keyboard.press("Control+k");
  await expect(page.getByRole("combobox", { name: "Find a command or a task" })).toBeFocused();
  await page.keyboard.type("median");
  await expect(page.getByRole("option", { name: /#1 The median/ })).toBeVisible();
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/tasks\/1$/);
  await expect(page.getByRole("region", { name: "What was said and done" })).toBeVisible();

  // Steer, let go on, answer.
  await page.keyboard.press("e");
  await expect(page.getByLabel("Say something to the coworker")).toBeFocused();
  await page.keyboard.type("No new files.");
  await page.keyboard.press("Control+Enter");
  await expect(page.getByText("It hears that before its next step.")).toBeVisible();
  gate.open();
  await expect(page.getByRole("group", { name: "It asks you" })).toBeVisible();
  await isSeen(page);
  await page.keyboard.press("Escape");
  await page.keyboard.press("e");
  await expect(page.getByLabel("Your answer")).toBeFocused();
  await page.keyboard.type("upper");
  await page.keyboard.press("Control+Enter");

  // The change: by lines, with a comment on one that is not sent.
  const file = page.getByRole("region", { name: "stats.py", exact: true });
  await expect(file).toBeVisible({ timeout: 30_000 });
  await page.keyboard.press("Escape");
  await page.keyboard.press("j");
  for (let lines = 0; lines < 12 && !(await page.evaluate(() => document.activeElement?.textContent?.includes("middle - 1"))); lines += 1) {
    await page.keyboard.press("j");
    await isSeen(page);
  }
  await page.keyboard.press("c");
  await expect(page.getByLabel(/Comment on line/)).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(page.getByLabel(/Comment on line/)).toHaveCount(0);
  await isSeen(page);

  // Accepted by keys, and taken back.
  await page.keyboard.press("a");
  const dialog = page.getByRole("dialog", { name: "Accept the proposal" });
  await expect(dialog).toBeVisible();
  await isSeen(page);
  await tabTo(page, "Name of the branch", "textbox");
  await page.keyboard.type("by-keys");
  await page.keyboard.press("Enter");
  await expect(page.getByText("Accepted as the branch by-keys.")).toBeVisible();
  await expect(dialog).toBeHidden();
  await isSeen(page);
  expect(await ground.git("branch", "--list", "by-keys")).toContain("by-keys");
  await expect(page.locator(".actions").getByRole("button", { name: "Undo" })).not.toHaveAttribute("aria-disabled");
  await tabTo(page, "Undo");
  await page.keyboard.press("Enter");
  await expect(page.locator(".facts")).toContainText("To review");
  await isSeen(page);
  expect(await ground.git("branch", "--list", "by-keys")).toBe("");
});
