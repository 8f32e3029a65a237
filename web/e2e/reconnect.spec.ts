// The line breaks, or the program is started anew, and the page comes back without a gap.
import { Gate, mends } from "./model";
import { api, card, column, expect, go, handOut, isLive, signIn, test } from "./page";

const FIRST = "The median of an even number of values is wrong";
const SECOND = "Another one, which nobody saw begin";

test("what happens while a browser is cut off is there when it comes back", async ({ page, another, ground, watch }) => {
  const gate = new Gate();
  const model = await ground.model((asked) => ({ ...mends(asked), ...(asked.number === 1 ? { after: gate } : {}) }));
  await signIn(page, await ground.serve());
  const task = await handOut(page, ground, FIRST);
  await model.wasAsked(1);
  await expect(column(page, "Working").getByRole("article")).toHaveCount(1);
  await page.getByRole("link", { name: FIRST }).focus();

  watch.allow(/ERR_INTERNET_DISCONNECTED|ERR_CONNECTION|ERR_INCOMPLETE|ERR_EMPTY|ERR_NETWORK/);
  await page.context().setOffline(true);
  await ground.close("SIGKILL");
  await expect(page.getByText("Tenfold does not answer. What")).toBeVisible();
  // Meanwhile it goes on to its end, and another is handed out.
  gate.open();
  await ground.serve();
  const other = await another();
  await signIn(other, await ground.link());
  expect((await api(other, `/tasks/${task}/begin`, {})).status).toBe(200);
  await expect(column(other, "To review").getByRole("article")).toHaveCount(1, { timeout: 30_000 });
  await handOut(other, ground, SECOND, { begin: false });
  await expect(column(other, "Queued").getByRole("article")).toContainText(SECOND);
  await expect(column(page, "Working").getByRole("article")).toHaveCount(1);

  await page.context().setOffline(false);
  await expect(page.getByText("Tenfold does not answer. What")).toBeHidden({ timeout: 30_000 });
  await isLive(page);
  await expect(column(page, "To review").getByRole("article")).toContainText(FIRST);
  await expect(column(page, "Queued").getByRole("article")).toContainText(SECOND);
  await expect(column(page, "Working").getByRole("article")).toHaveCount(0);
  await expect(card(page, FIRST)).toContainText("Verified");
});

test("the program is killed and started anew on the same books", async ({ page, ground, watch }) => {
  const gate = new Gate();
  const model = await ground.model((asked) => ({ ...mends(asked), ...(asked.number === 1 ? { after: gate } : {}) }));
  await signIn(page, await ground.serve());
  const task = await handOut(page, ground, FIRST);
  await model.wasAsked(1);
  await go(page, `/tasks/${task}`);
  await isLive(page);

  watch.allow(/ERR_CONNECTION|ERR_INCOMPLETE|ERR_EMPTY/);
  await ground.close("SIGKILL");
  await expect(page.getByText("Tenfold does not answer. What")).toBeVisible();
  gate.open();
  await ground.serve();
  await isLive(page);
  await expect(page.getByRole("heading", { name: FIRST })).toBeVisible();
  // What was interrupted says so, here and on the board, and goes on where it stood.
  const state = async () => (await api(page, `/tasks/${task}`)).body.card.state as string;
  if ((await state()) !== "to-review") await api(page, `/tasks/${task}/begin`, {});
  await expect(page.locator(".facts")).toContainText("To review", { timeout: 30_000 });
  await page.reload();
  await expect(page.getByRole("region", { name: "What was said and done" })).toContainText("Done.");
  await go(page, "/");
  await expect(column(page, "To review").getByRole("article")).toContainText(FIRST);
});

test("a reload in the middle shows the same, and goes on live", async ({ page, ground }) => {
  const gate = new Gate();
  const model = await ground.model((asked) => ({ ...mends(asked), ...(asked.number === 2 ? { after: gate } : {}) }));
  await signIn(page, await ground.serve());
  const task = await handOut(page, ground, FIRST);
  await model.wasAsked(2);
  await go(page, `/tasks/${task}`);
  const steps = page.getByRole("region", { name: "What was said and done" });
  await expect(steps).toContainText("I read the files first.");
  await page.reload();
  await expect(steps).toContainText("I read the files first.");
  gate.open();
  await expect(steps).toContainText("The index is off by one.");
  await expect(page.locator(".facts")).toContainText("To review");
});
