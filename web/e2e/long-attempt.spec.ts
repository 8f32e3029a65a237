// An attempt of thousands of steps: only what can be seen of it is in the page, it is scrolled
// through to its first step, words are found in all of it, and what is new shows as it happens.
import { Gate, mends } from "./model";
import { expect, go, handOut, signIn, test } from "./page";

const STEPS = 5_000;
const PHASES = ["think", "read", "read", "read", "tool", "command"];

/** The step at `index` of a very long attempt: words, three reads, a change, a command. */
function step(index: number) {
  const phase = PHASES[index % PHASES.length]!;
  const says = `I look at part ${index}, and then at what it does with the values that it is given. `.repeat(1 + (index % 4));
  return {
    index, step: index, at_ms: 1_760_000_000_000 + index * 1_000, phase, kind: phase, title: `${phase} ${index} of many`, text: phase === "think" ? says : null,
    detail: phase === "tool" ? `edit ${index}` : null, output: phase === "command" ? `ran ${index}\n`.repeat(20) : null, output_bytes: 140,
    ok: true, cost_nano_usd: 1_000_000, usage: null, wall_ms: 1_200,
  };
}

test("an attempt of thousands of steps", async ({ page, ground }) => {
  test.setTimeout(120_000);
  const gate = new Gate();
  let steps = STEPS;
  const model = await ground.model((asked) => (asked.number === 1 ? { says: "Let me look.", calls: [["read", { path: "stats.py" }]], after: gate } : { ...mends(asked), after: new Gate() }));
  await signIn(page, await ground.serve());
  const task = await handOut(page, ground, "The median of an even number is wrong");
  await model.wasAsked(1);
  // To make as many in earnest would take minutes.
  await page.route(/\/attempts\/1\/steps/, (route) => {
    const query = new URL(route.request().url()).searchParams;
    const from = query.has("past") ? Number(query.get("past")) + 1 : 0;
    const to = Math.min(steps, from + Number(query.get("limit")));
    return route.fulfill({ json: { steps: Array.from({ length: to - from }, (_, at) => step(from + at)), next: to < steps ? to - 1 : null, told: null } });
  });
  await go(page, `/tasks/${task}`);

  // It opens at its end, and few of all are in the page.
  const said = page.getByRole("region", { name: "What was said and done" });
  const rows = said.getByRole("list", { name: "Steps" }).getByRole("listitem");
  await expect(said.getByText("5,000 steps")).toBeVisible();
  await expect(rows.getByText(`read ${STEPS - 1} of many`)).toBeInViewport();
  expect(await rows.count()).toBeLessThan(100);

  // What is unfolded stays so while it is out of sight.
  const reads = said.locator("details.group").last();
  await reads.locator("summary").first().click();
  const inner = rows.getByText("read 4995 of many");
  await expect(inner).toBeVisible();

  // Up to its first step, and back to the last.
  await said.hover();
  await expect(async () => {
    await page.mouse.wheel(0, -20_000);
    await expect(rows.getByText("I look at part 0,")).toBeInViewport({ timeout: 500 });
  }).toPass({ timeout: 60_000 });
  expect(await rows.count()).toBeLessThan(100);
  await expect(inner).toHaveCount(0);
  await page.getByRole("button", { name: "To the latest" }).click();
  await expect(rows.getByText(`read ${STEPS - 1} of many`)).toBeInViewport();
  await expect(inner).toBeVisible();

  // What comes is followed from there, and not while somebody looks at what was before.
  steps += 3;
  gate.open();
  await expect(rows.getByText(`tool ${steps - 1} of many`)).toBeInViewport();
  await said.hover();
  await page.mouse.wheel(0, -3_000);
  await expect(page.getByRole("button", { name: "To the latest" })).toBeVisible();

  await page.locator(".actions").getByRole("button", { name: "Stop" }).click();
  await expect(page.locator(".actions").getByRole("button", { name: "Try again" })).toBeVisible();

  // Words are found in what is out of sight, and from what was found one goes on otherwise.
  await page.keyboard.press("/");
  await page.keyboard.type("edit 2500");
  await expect(said.getByText("1 of 5,003 steps")).toBeVisible();
  await expect(rows).toHaveCount(1);
  await rows.getByText("tool 2500 of many").click();
  await rows.getByRole("button", { name: "Fork from here" }).click();
  await expect(page.getByRole("dialog", { name: "Fork" })).toContainText("tool 2500 of many");
});
