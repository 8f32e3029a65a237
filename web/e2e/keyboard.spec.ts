// What is done most by keys alone: what has the focus is always seen, and it is never lost.
import type { Page } from "@playwright/test";
import { CHECK } from "./ground";
import { Gate, mends, type Asked, type Reply } from "./model";
import { POLICY } from "./house";
import { card, column, expect, handOut, signIn, test } from "./page";

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

const LEAVE = "Tidy up what is generated";
const MEDIAN = "The median of an even number is wrong";
const SLOW = "Take all the time in the world";
const NAMED = "return (left + right) / 2";

/** Asks leave twice before it mends; heeds a comment; or thinks until it is let. */
function hearer(gates: Gate[]) {
  return (asked: Asked): Reply => {
    const { text } = asked;
    if (text.includes(SLOW)) return { says: "I think.", calls: [["read", { path: "stats.py" }]], after: gates.shift() ?? new Gate() };
    if (text.includes(LEAVE) && !text.includes("rm -rf build")) return { calls: [["run", { command: "rm -rf build" }]] };
    if (text.includes(LEAVE) && !text.includes("rm -rf dist")) return { calls: [["run", { command: "rm -rf dist" }]] };
    if (!text.includes("Name the two")) return mends(asked);
    if (text.includes(NAMED)) return { calls: [["finish", { summary: "with names" }]] };
    const edits = [{ old: "return (ordered[middle - 1] + ordered[middle]) / 2", new: `left, right = ordered[middle - 1], ordered[middle]\n    ${NAMED}` }];
    return { calls: [["edit", { path: "stats.py", edits }]] };
  };
}

/** Opens a task's page from the board, by its card. */
async function openByKeys(page: Page, text: string) {
  const link = card(page, text).getByRole("link");
  for (let cards = 0; cards < 10 && !(await link.evaluate((node) => node === document.activeElement)); cards += 1) {
    await page.keyboard.press("j");
    await isSeen(page);
  }
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1 })).toContainText(text);
}

test("allowed, denied, sent back, rejected, paused and stopped by keys alone", async ({ page, ground }) => {
  test.setTimeout(120_000);
  const gate = new Gate();
  const model = await ground.model(hearer([gate]));
  ground.configure("policy.toml", POLICY);
  await signIn(page, await ground.serve());
  const verbs = page.locator(".actions");

  // Leave is denied with a reason, and given to what is asked for next.
  await handOut(page, ground, LEAVE);
  await expect(column(page, "Needs you").getByRole("article")).toHaveCount(1);
  await openByKeys(page, LEAVE);
  const exactly = page.getByRole("region", { name: "Exactly this" });
  await expect(exactly).toContainText("rm -rf build");
  await page.keyboard.press("e");
  await expect(page.getByLabel("Why not, if you deny it")).toBeFocused();
  await page.keyboard.type("Nothing is built here.");
  await tabTo(page, "Deny");
  await page.keyboard.press("Enter");
  await expect(exactly).toContainText("rm -rf dist");
  await isSeen(page);
  expect(model.asked.at(-1)?.text).toContain("Nothing is built here.");
  await page.keyboard.press("e");
  await tabTo(page, "Allow once");
  await page.keyboard.press("Enter");

  // A line is commented, and the proposal sent back.
  const file = page.getByRole("region", { name: "stats.py", exact: true });
  await expect(file).toBeVisible({ timeout: 30_000 });
  await isSeen(page);
  const line = page.locator("[data-diff-row]:focus").filter({ hasText: "middle - 1" });
  for (let lines = 0; lines < 12 && (await line.count()) === 0; lines += 1) {
    await page.keyboard.press("j");
    await isSeen(page);
  }
  await page.keyboard.press("c");
  await expect(page.getByLabel(/Comment on line/)).toBeFocused();
  await page.keyboard.type("Name the two values.");
  await page.keyboard.press("Control+Enter");
  await expect(file).toContainText("Name the two values.");
  await isSeen(page);
  await tabTo(page, /^Send back with 1 comment/, "button", "Shift+Tab");
  await page.keyboard.press("Enter");
  await expect(file).toContainText(NAMED, { timeout: 30_000 });
  await isSeen(page);

  // Rejected, with a reason.
  await expect(verbs.getByRole("button", { name: "Reject" })).not.toHaveAttribute("aria-disabled");
  await page.keyboard.press("r");
  const dialog = page.getByRole("dialog", { name: "Reject the proposal" });
  await expect(dialog).toBeVisible();
  await tabTo(page, "Why", "textbox");
  await page.keyboard.type("It does not say what it does.");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await expect(dialog.getByRole("button", { name: "Reject" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(dialog).toBeHidden();
  await expect(page.getByText("Rejected.", { exact: true })).toBeVisible();
  await isSeen(page);

  // Paused, gone on with, and stopped.
  await page.keyboard.press("u");
  const before = model.asked.length;
  await handOut(page, ground, SLOW);
  await model.wasAsked(before + 1);
  await expect(column(page, "Working").getByRole("article")).toHaveCount(1);
  await openByKeys(page, SLOW);
  await page.keyboard.press("p");
  gate.open();
  await expect(page.locator(".facts")).toContainText("Paused");
  await isSeen(page);
  await page.keyboard.press("p");
  await expect(verbs.getByRole("button", { name: "Pause" })).toBeVisible();
  await tabTo(page, "Stop");
  await page.keyboard.press("Enter");
  await expect(verbs.getByRole("button", { name: "Try again" })).toBeVisible();
  await isSeen(page);
});

test("many tasks at once by keys alone", async ({ page, ground }) => {
  await ground.model(mends);
  await signIn(page, await ground.serve());
  for (const text of [MEDIAN, `${MEDIAN}, too`]) await handOut(page, ground, text, { begin: false });
  await expect(column(page, "Queued").getByRole("article")).toHaveCount(2);
  const bulk = page.getByRole("toolbar", { name: "For all that are selected" });

  // Both are selected, and begun by a command.
  await page.keyboard.press("j");
  await page.keyboard.press("x");
  await page.keyboard.press("j");
  await page.keyboard.press("X");
  await expect(bulk).toContainText("2 tasks");
  await isSeen(page);
  await page.keyboard.press("Control+k");
  await page.keyboard.type("begin: all");
  await page.keyboard.press("Enter");
  await expect(column(page, "To review").getByRole("article")).toHaveCount(2, { timeout: 30_000 });
  await isSeen(page);

  // They are rejected by the button that is there for all, and taken back by a key.
  await page.keyboard.press("k");
  await page.keyboard.press("x");
  await page.keyboard.press("j");
  await page.keyboard.press("X");
  await expect(bulk).toContainText("2 tasks");
  await tabTo(page, "Reject");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("dialog", { name: "Reject 2 proposals" })).toBeVisible();
  await tabTo(page, "Why", "textbox");
  await page.keyboard.type("Not on a Friday.");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await expect(column(page, "Done").getByRole("article")).toHaveCount(2);
  await expect(page.getByText("Rejected: 2 tasks.")).toBeVisible();
  await isSeen(page);
  await page.keyboard.press("z");
  await expect(column(page, "To review").getByRole("article")).toHaveCount(2);
  await isSeen(page);
});
