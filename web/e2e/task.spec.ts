// What is done with one task besides accepting it: it is paused, stopped and gone on with; leave is
// denied; an attempt is forked from a step and both are compared; what is proposed is rejected, and
// the task started over.
import { readFileSync } from "node:fs";
import { POLICY } from "./house";
import { Gate, mends, type Asked, type Reply } from "./model";
import { api, expect, go, handOut, signIn, test } from "./page";

const OTHERWISE = "Without an index that is subtracted from";

/** Wants to remove something first, and mends once that was denied. Of each attempt that begins
 *  with nothing, the first answer waits for a gate. */
function worker(gates: Gate[]) {
  return (asked: Asked): Reply => {
    const gate = asked.text.includes("I look first") ? undefined : gates.shift();
    if (gate) return { says: "I look first.", calls: [["read", { path: "stats.py" }]], after: gate };
    if (!asked.text.includes("rm -rf build")) return { calls: [["run", { command: "rm -rf build" }]] };
    if (asked.text.includes(OTHERWISE) && !asked.text.includes("low, high")) {
      const edits = [{ old: "return (ordered[middle] + ordered[middle + 1]) / 2", new: "low, high = ordered[len(ordered) // 2 - 1:][:2]\n    return (low + high) / 2" }];
      return { says: "Otherwise, then.", calls: [["edit", { path: "stats.py", edits }]] };
    }
    if (asked.text.includes("low, high")) return { calls: [["finish", { summary: "by a slice" }]] };
    return mends(asked);
  };
}

test("a task is paused, denied, forked, compared, rejected and started over", async ({ page, ground, watch }) => {
  watch.allow(/^download: .*\/(patch|export\?format=traj)$/);
  test.setTimeout(120_000);
  const [gate, never] = [new Gate(), new Gate()];
  const model = await ground.model(worker([gate, never]));
  ground.configure("policy.toml", POLICY);
  await signIn(page, await ground.serve());
  const task = await handOut(page, ground, "The median of an even number is wrong", { attempts: 3 });
  await go(page, `/tasks/${task}`);
  await model.wasAsked(1);
  const verbs = page.locator(".actions");
  const facts = page.locator(".facts");

  // Paused in the middle of a step, and gone on with.
  await verbs.getByRole("button", { name: "Pause" }).click();
  gate.open();
  await expect(facts).toContainText("Paused");
  expect(model.asked).toHaveLength(1);
  await verbs.getByRole("button", { name: "Resume" }).click();

  // Leave is denied, with a reason that it reads.
  await expect(page.getByRole("region", { name: "Exactly this" })).toContainText("rm -rf build");
  await page.getByLabel("Why not, if you deny it").fill("Nothing is built here.");
  await page.getByRole("button", { name: "Deny" }).click();
  await expect(verbs.getByRole("button", { name: "Accept" })).toBeVisible({ timeout: 30_000 });
  expect(model.asked.at(-1)?.text).toContain("Nothing is built here.");

  // From one of its steps another attempt goes on, and both are looked at side by side.
  const steps = page.getByRole("region", { name: "What was said and done" });
  const step = steps.locator("details.step").filter({ hasText: "rm -rf build" }).first();
  await step.locator("summary").click();
  await step.getByRole("button", { name: "Fork from here" }).click();
  const dialog = page.getByRole("dialog", { name: "Fork" });
  await dialog.getByLabel("What should it do differently?").fill(OTHERWISE);
  await dialog.getByRole("button", { name: "Fork" }).click();
  await expect(page.getByRole("region", { name: "stats.py", exact: true })).toContainText("low, high", { timeout: 30_000 });
  await page.getByRole("tab", { name: /Attempts/ }).click();
  const compared = page.getByRole("table", { name: "Attempts compared" });
  await expect(compared.getByRole("columnheader")).toHaveCount(2);
  await compared.getByRole("button", { name: "Beside attempt 1" }).click();
  const file = page.getByRole("region", { name: "stats.py", exact: true });
  await expect(file).toContainText("middle - 1");
  await expect(file).toContainText("low, high");

  // Each has its own proof, and its change is to be had as a file.
  await page.getByRole("tab", { name: /Check/ }).click();
  const results = page.getByRole("region", { name: "Results" });
  await expect(results).toContainText("on what attempt 2 proposes");
  await expect(results).toContainText("Passed");
  await page.getByRole("button", { name: /^Attempt 1/ }).click();
  await expect(results).toContainText("on what attempt 1 proposes");
  await page.getByRole("tab", { name: /Changes/ }).click();
  const coming = page.waitForEvent("download");
  await page.getByRole("link", { name: "Patch" }).click();
  const patch = await coming;
  expect(patch.suggestedFilename()).toBe(`tenfold-${task}.1.patch`);
  expect(readFileSync(await patch.path(), "utf8")).toContain("+    return (ordered[middle - 1]");

  // So is all that was done.
  await page.getByRole("tab", { name: "Asked" }).click();
  const saving = page.waitForEvent("download");
  await page.getByRole("link", { name: "Trajectory" }).click();
  const saved = await saving;
  expect(saved.suggestedFilename()).toBe(`tenfold-${task}.traj.json`);
  expect(JSON.parse(readFileSync(await saved.path(), "utf8")).trajectory_format).toBe("mini-swe-agent-1.1");
  await page.getByRole("tab", { name: /Changes/ }).click();

  // Rejected: first the one, and then the other, which is to be reviewed once the first is gone.
  const reject = page.getByRole("dialog", { name: "Reject the proposal" });
  for (const attempt of [2, 1]) {
    await verbs.getByRole("button", { name: "Reject" }).click();
    await expect(reject).toContainText(`It is what attempt ${attempt} proposes`);
    await reject.getByLabel("Why").fill("It does not say what it does.");
    await reject.getByRole("button", { name: "Reject" }).click();
    await expect(reject).toHaveCount(0);
    if (attempt === 2) await expect(verbs.getByRole("button", { name: "Reject" })).not.toHaveAttribute("aria-disabled");
  }
  await expect(facts).toContainText("Rejected");

  // Started over, with nothing of what was before.
  const asked = model.asked.length;
  await verbs.getByRole("button", { name: "More to do" }).click();
  await page.getByRole("menuitem", { name: "Start over" }).click();
  await model.wasAsked(asked + 1);
  expect(model.asked[asked]?.text).not.toContain("Nothing is built here.");
  expect((await api(page, `/tasks/${task}`)).body.attempts).toHaveLength(3);

  // Stopped at once, though the model has yet to answer.
  await verbs.getByRole("button", { name: "Stop" }).click();
  await expect(verbs.getByRole("button", { name: "Try again" })).toBeVisible();
});
