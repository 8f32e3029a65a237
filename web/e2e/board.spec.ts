// The board with several tasks: what is shown of it, views that are kept, and verbs for many at
// once, each with its way back.
import { mends, type Asked, type Reply } from "./model";
import { api, card, column, expect, handOut, signIn, test } from "./page";

const [MEDIAN, README, LATER] = ["The median of an even number is wrong", "Say how the tests are run", "A mode of values"];

function worker(asked: Asked): Reply {
  if (!asked.text.includes(README)) return mends(asked);
  if (asked.text.includes("README.md")) return { calls: [["finish", { summary: "It says how" }]] };
  return { calls: [["write", { path: "README.md", text: "# Stats\n" }]] };
}

test("views are kept, and many tasks are begun, accepted and taken back at once", async ({ page, ground }) => {
  await ground.model(worker);
  await signIn(page, await ground.serve());
  const median = await handOut(page, ground, MEDIAN, { begin: false, labels: ["bug"] });
  const readme = await handOut(page, ground, README, { begin: false, labels: ["docs"], check: undefined });
  await handOut(page, ground, LATER, { begin: false, labels: ["numbers"] });
  await expect(column(page, "Queued").getByRole("article")).toHaveCount(3);

  // What waits says why, and what is not known yet why not, in words of the page.
  await expect(card(page, MEDIAN)).toContainText("not begun yet: begin it");
  await card(page, MEDIAN).getByRole("link").click();
  await expect(page.locator(".wait")).toHaveText("Not begun yet: begin it, or work the whole backlog from the plan");
  await page.getByRole("tab", { name: "Budget" }).click();
  await expect(page.getByRole("tabpanel").last()).toContainText("It takes 5 attempts that ended by themselves to foretell anything, of any task. So far there are none");
  await page.keyboard.press("u");

  // A view is a filter with a name, and an address.
  await page.getByLabel("Label", { exact: true }).selectOption("docs");
  await expect(card(page, README)).toBeVisible();
  await expect(card(page, MEDIAN)).toHaveCount(0);
  await page.getByRole("button", { name: "Views" }).click();
  await page.getByRole("menuitem", { name: "Keep this view…" }).click();
  await page.getByLabel("Name of the view").fill("Words only");
  await page.getByRole("button", { name: "Keep", exact: true }).click();
  await page.getByRole("button", { name: "Clear", exact: true }).click();
  await expect(card(page, MEDIAN)).toBeVisible();
  await page.reload();
  await page.getByRole("button", { name: "Views" }).click();
  await page.getByRole("menuitem", { name: "Words only" }).click();
  await expect(page).toHaveURL(/label=docs/);
  await expect(card(page, MEDIAN)).toHaveCount(0);
  await page.getByRole("button", { name: "Clear", exact: true }).click();
  await page.getByRole("searchbox").fill("mode of");
  await expect(card(page, LATER)).toBeVisible();
  await expect(card(page, README)).toHaveCount(0);
  await page.getByRole("button", { name: "Clear", exact: true }).click();

  // Two of them are begun, by the mouse.
  const bulk = page.getByRole("toolbar", { name: "For all that are selected" });
  for (const task of [median, readme]) await page.getByLabel(`Select task ${task}`).check({ force: true });
  await expect(bulk).toContainText("2 tasks");
  await bulk.getByRole("button", { name: "Begin" }).click();
  await expect(column(page, "To review").getByRole("article")).toHaveCount(2, { timeout: 30_000 });
  await expect(column(page, "Queued").getByRole("article")).toHaveCount(1);

  // What is to be reviewed is accepted together, by keys, and comes back.
  await card(page, README).getByRole("link").focus();
  await page.keyboard.press("x");
  await card(page, MEDIAN).getByRole("link").focus();
  await page.keyboard.press("x");
  await expect(bulk).toContainText("2 tasks");
  await expect(bulk.getByRole("button", { name: "Pause" })).toHaveAttribute("aria-disabled", "true");
  const together = page.waitForRequest((request) => request.url().endsWith("/api/v1/accept"));
  await bulk.getByRole("button", { name: "Accept as branches" }).click();
  expect((await together).postDataJSON()).toEqual({ tasks: [median, readme], in_place: false });
  const said = page.locator(".toast").filter({ hasText: "Accepted: 2 tasks." });
  await expect(said).toBeVisible({ timeout: 30_000 });
  await expect(column(page, "Done").getByRole("article")).toHaveCount(2);
  expect((await ground.git("branch", "--list", "tenfold/*")).trim().split("\n")).toHaveLength(2);
  await said.getByRole("button", { name: "Undo" }).click();
  await expect(column(page, "To review").getByRole("article")).toHaveCount(2);
  expect(await ground.git("branch", "--list", "tenfold/*")).toBe("");

  // They are rejected together, with a reason that each is told, and that comes back, too.
  for (const task of [median, readme]) await page.getByLabel(`Select task ${task}`).check({ force: true });
  await bulk.getByRole("button", { name: "Reject" }).click();
  const dialog = page.getByRole("dialog", { name: "Reject 2 proposals" });
  await dialog.getByLabel("Why").fill("Not on a Friday.");
  await dialog.getByRole("button", { name: "Reject" }).click();
  const rejected = page.locator(".toast").filter({ hasText: "Rejected: 2 tasks." });
  await expect(rejected).toBeVisible();
  await expect(column(page, "Done").getByText("Not on a Friday.")).toHaveCount(2);
  await rejected.getByRole("button", { name: "Undo" }).click();
  await expect(column(page, "To review").getByRole("article")).toHaveCount(2);

  // One that was not yet begun asks nobody anything.
  expect((await api(page, "/tasks/3")).body.attempts).toEqual([]);
});

test("a view that is kept in one browser is there in another, and nobody else has it", async ({ page, another, ground }) => {
  await ground.model(worker);
  await signIn(page, await ground.serve());
  await ground.tenfold("people", "add", "ada", "--access", "operator");
  await handOut(page, ground, MEDIAN, { begin: false, labels: ["bug"] });
  await handOut(page, ground, README, { begin: false, labels: ["docs"], check: undefined });
  const [other, ada] = [await another(), await another()];
  await signIn(other, await ground.link("owner"));
  await signIn(ada, await ground.link("ada"));
  await expect(other.getByRole("button", { name: "Views" })).toHaveCount(0);

  await page.getByLabel("Label", { exact: true }).selectOption("docs");
  await page.getByRole("button", { name: "Views" }).click();
  await page.getByRole("menuitem", { name: "Keep this view…" }).click();
  await page.getByLabel("Name of the view").fill("Words only");
  await page.getByRole("button", { name: "Keep", exact: true }).click();
  await other.getByRole("button", { name: "Views" }).click();
  await other.getByRole("menuitem", { name: "Words only" }).click();
  await expect(other).toHaveURL(/label=docs/);
  await expect(card(other, README)).toBeVisible();
  await expect(card(other, MEDIAN)).toHaveCount(0);
  await ada.reload();
  await expect(card(ada, MEDIAN)).toBeVisible();
  await expect(ada.getByRole("button", { name: "Views" })).toHaveCount(0);

  await other.getByRole("button", { name: "Views" }).click();
  await other.getByRole("menuitem", { name: "Forget this view" }).click();
  await page.getByRole("button", { name: "Clear", exact: true }).click();
  await expect(page.getByRole("button", { name: "Views" })).toHaveCount(0);
});
