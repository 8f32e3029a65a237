// From a wish to a branch, all on the page: hand out, watch, steer, answer, allow, look, comment,
// accept, take back.
import { CHECK } from "./ground";
import { Gate, mends, type Asked, type Reply } from "./model";
import { card, column, expect, signIn, test } from "./page";

const COMMAND = "touch notes.txt && echo touched";
const ASKS_ABOUT_TOUCH = `version = 1
[[rule]]
name = "no touching"
command = "touch *"
decide = "ask"
why = "files have a meaning"
`;

/** Thinks until it is let, asks, wants leave for a command, mends, and heeds a comment. */
function worker(first: Gate, second: Gate) {
  return (asked: Asked): Reply => {
    const { text, number } = asked;
    if (number === 1) return { says: "Let me look around.", calls: [["read", { path: "stats.py" }]], after: first };
    if (number === 2) return { says: "And at the tests.", calls: [["read", { path: "test_stats.py" }]], after: second };
    if (text.includes("Name the two")) {
      if (text.includes("left, right")) return { says: "Named.", calls: [["finish", { summary: "with names" }]] };
      const edits = [{ old: "return (ordered[middle - 1] + ordered[middle]) / 2", new: "left, right = ordered[middle - 1], ordered[middle]\n    return (left + right) / 2" }];
      return { calls: [["edit", { path: "stats.py", edits }]] };
    }
    if (!text.includes("The answer:")) return { calls: [["ask", { question: "Which median: lower or upper?" }]] };
    // Allowed without asking: it is not what leave is asked for afterwards.
    if (!text.includes("echo first")) return { calls: [["run", { command: "echo first" }]] };
    if (!text.includes(COMMAND)) return { calls: [["run", { command: COMMAND }]] };
    return mends(asked);
  };
}

test("a wish becomes a branch, and the branch is taken back", async ({ page, ground }) => {
  const [first, second] = [new Gate(), new Gate()];
  const model = await ground.model(worker(first, second));
  ground.configure("policy.toml", ASKS_ABOUT_TOUCH);
  await signIn(page, await ground.serve());

  // Handed out.
  await page.getByRole("link", { name: "Hand out the first task" }).click();
  await page.getByLabel("What is to be done").fill("The median of an even number of values is wrong");
  await page.getByLabel("Repository or folder").fill(ground.repo);
  await page.getByLabel("Check", { exact: true }).fill(CHECK);
  await page.getByLabel("Model", { exact: true }).selectOption("far");
  const quote = page.getByRole("region", { name: "Quote" });
  await expect(quote).toContainText("Works withfar");
  await expect(quote).toContainText(CHECK);
  await page.getByRole("button", { name: "Start now" }).click();
  await expect(page).toHaveURL(/\/tasks\/1$/);
  await model.wasAsked(1);

  // Seen on the board, live, while it thinks.
  await page.getByRole("link", { name: "Board", exact: true }).first().click();
  await expect(column(page, "Working").getByRole("article")).toContainText("The median of an even number");
  first.open();
  await expect(card(page, "The median of an even")).toContainText("thinking, turn 2");
  await card(page, "The median of an even").getByRole("link").click();

  // Steered while it thinks, which it hears before its next step.
  const steps = page.getByRole("region", { name: "What was said and done" });
  await expect(steps).toContainText("The check, before anything is done: failed");
  await expect(steps).toContainText("Let me look around.");
  await page.getByLabel("Say something to the coworker").fill("No new dependencies, please.");
  await page.getByRole("button", { name: "Steer" }).click();
  await expect(page.getByText("It hears that before its next step.")).toBeVisible();
  second.open();

  // Its question, answered.
  const asked = page.getByRole("group", { name: "It asks you" });
  await expect(asked).toContainText("Which median: lower or upper?");
  expect(model.asked[2]?.text).toContain("No new dependencies, please.");
  await expect(steps).toContainText("No new dependencies, please.");
  await expect(page).toHaveTitle(/#1 The median/);
  await page.getByLabel("Your answer").fill("upper");
  await page.getByRole("button", { name: "Answer" }).click();

  // Leave for a command, shown to the letter.
  await expect(asked).toContainText("Asks for your leave");
  await expect(asked).toContainText("files have a meaning");
  await expect(asked.getByRole("region", { name: "Exactly this" })).toContainText(COMMAND);
  await page.getByRole("button", { name: "Allow once" }).click();

  // A proposal, looked at.
  await expect(page.getByRole("button", { name: "Accept" })).toBeEnabled();
  await expect(page.getByRole("banner").getByText("Verified").or(page.locator(".facts").getByText("Verified"))).toBeVisible();
  const file = page.getByRole("region", { name: /stats\.py/ });
  await expect(file).toContainText("ordered[middle - 1] + ordered[middle]");
  await expect(steps).toContainText(COMMAND);

  // A comment on a line, and another attempt.
  const line = file.getByRole("row").filter({ hasText: "ordered[middle - 1]" });
  await line.hover();
  await line.getByRole("button", { name: /comment/i }).click();
  await page.getByLabel(/Comment on line/).fill("Name the two values.");
  await page.getByRole("button", { name: "Comment", exact: true }).click();
  await expect(file).toContainText("Name the two values.");
  await page.getByRole("button", { name: "Send back with 1 comment" }).click();
  await expect(file).toContainText("left, right");
  await expect(page.getByRole("button", { name: /Attempt 2/ })).toHaveAttribute("aria-pressed", "true");

  // Accepted, as a branch, and taken back.
  await page.getByRole("button", { name: "Accept", exact: true }).click();
  const dialog = page.getByRole("dialog", { name: "Accept the proposal" });
  await dialog.getByLabel("Name of the branch").fill("median-fixed");
  await dialog.getByRole("button", { name: "Accept" }).click();
  await expect(page.getByText("Accepted as the branch median-fixed.")).toBeVisible();
  expect(await ground.git("show", "median-fixed:stats.py")).toContain("left, right = ");
  expect(await ground.git("status", "--porcelain")).toBe("");
  await expect(page.locator(".facts")).toContainText("Accepted");
  await page.getByRole("button", { name: "Undo" }).first().click();
  await expect(page.getByText("Taken back.")).toBeVisible();
  await expect(page.locator(".facts")).toContainText("To review");
  expect(await ground.git("branch", "--list", "median-fixed")).toBe("");
});
