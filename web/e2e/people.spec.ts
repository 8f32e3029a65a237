// Two people with an account each: neither sees, finds, hears of or touches what is the other's. A
// viewer looks and does nothing, and what everybody did is told by name.
import { mends } from "./model";
import { api, card, column, expect, go, handOut, signIn, test } from "./page";

const HERS = "The median of an even number is wrong, says Ada";
const HIS = "The median of an even number is wrong, says Bob";

test("two people with an account each see their own", async ({ page, another, ground, watch }) => {
  watch.allow(/404.*tasks/);
  await ground.model(mends);
  for (const name of ["ada", "bob"]) await ground.tenfold("account", "add", name);
  await signIn(page, await ground.serve());
  // Where somebody may hand out work is for those to say who see all accounts.
  for (const account of ["ada", "bob"]) await handOut(page, ground, `The first one of ${account}`, { account, begin: false });
  for (const name of ["ada", "bob"]) await ground.tenfold("people", "add", name, "--access", "operator", "--account", name);
  const ada = await another();
  const bob = await another();
  await signIn(ada, await ground.link("ada"));
  await signIn(bob, await ground.link("bob"));
  // All that his stream of events tells.
  await bob.evaluate(() => {
    const heard: string[] = [];
    const source = new EventSource("/api/v1/events");
    for (const name of ["task", "progress"]) source.addEventListener(name, (event) => heard.push((event as MessageEvent<string>).data));
    Object.assign(window, { heard });
  });

  const hers = await handOut(ada, ground, HERS, { account: "ada" });
  await expect(column(ada, "To review").getByRole("article")).toContainText(HERS, { timeout: 30_000 });
  const his = await handOut(bob, ground, HIS, { account: "bob" });
  await expect(column(bob, "To review").getByRole("article")).toContainText(HIS, { timeout: 30_000 });

  // The boards, live and read anew, and what is found.
  for (const [who, own, other, of] of [[ada, HERS, HIS, his], [bob, HIS, HERS, hers]] as const) {
    await expect(card(who, other)).toHaveCount(0);
    await who.reload();
    await expect(card(who, own)).toBeVisible();
    await expect(card(who, other)).toHaveCount(0);
    const found = await api(who, "/tasks?q=an%20even%20number");
    expect(found.body.tasks.map(({ text }: { text: string }) => text)).toEqual([own]);
    // The other's task is none, whichever way it is asked for; that it exists is not told either.
    const nothing = await api(who, "/tasks/999");
    expect(nothing.status).toBe(404);
    for (const path of [`/tasks/${of}`, `/tasks/${of}/attempts/1/steps`, `/tasks/${of}/attempts/1/diff`, `/tasks/${of}/attempts/1/output?index=1`, `/tasks/${of}/dial`]) {
      const answer = await api(who, path);
      expect(answer.status, path).toBe(404);
      expect(JSON.stringify(answer.body)).not.toContain(other);
    }
    for (const [verb, body] of [["steer", { text: "x" }], ["stop", {}], ["accept", { how: "branch", name: null }], ["reject", { reason: "x" }], ["fork", { attempt: 1, step: null, text: null }], ["comment", { path: "stats.py", line: 1, text: "x" }]] as const) {
      expect((await api(who, `/tasks/${of}/${verb}`, body)).status, verb).toBe(404);
    }
    const bulk = await api(who, "/bulk", { tasks: [of], verb: "reject", body: { reason: "x" } });
    expect(bulk.status === 200 ? bulk.body[0].problem : bulk.body, JSON.stringify(bulk.body)).not.toBeNull();
    // Nor does money tell.
    const accounts = JSON.stringify((await api(who, "/accounts")).body);
    expect(accounts).not.toContain(who === ada ? '"bob"' : '"ada"');
  }
  expect(JSON.stringify((await api(ada, "/people")).body)).not.toContain("bob");
  expect((await api(ada, "/deeds")).status).toBe(403);
  // Nobody pays with the other's money.
  const paid = await api(ada, "/tasks", { text: "x", workspace: ground.repo, model: ["far"], account: "bob", begin: false });
  expect(paid.status).toBeGreaterThanOrEqual(400);

  // The page says so instead of showing it.
  await isNotShown(bob, hers);

  // Who belongs to the topmost account sees both, and who did what.
  await expect(card(page, HERS)).toBeVisible();
  await expect(card(page, HIS)).toBeVisible();
  await go(page, "/settings/deeds");
  const deeds = page.getByRole("table", { name: "What people did" });
  await expect(deeds.getByRole("row").filter({ hasText: "ada" }).filter({ hasText: "handed out a task" })).not.toHaveCount(0);
  await expect(deeds.getByRole("row").filter({ hasText: "bob" }).filter({ hasText: "handed out a task" })).not.toHaveCount(0);
});

async function isNotShown(page: import("@playwright/test").Page, task: number) {
  const heard = await page.evaluate(() => (window as unknown as { heard?: string[] }).heard ?? []);
  expect(heard.join()).not.toContain(HERS);
  const answer = page.waitForResponse((response) => response.url().endsWith(`/tasks/${task}`) && response.status() === 404);
  await go(page, `/tasks/${task}`);
  await answer;
  await expect(page.getByRole("main")).not.toContainText(HERS);
  await expect(page.getByRole("main").getByRole("alert")).toBeVisible();
}

test("a viewer looks, and is told why nothing can be done", async ({ page, another, ground }) => {
  await ground.model(mends);
  await signIn(page, await ground.serve());
  const task = await handOut(page, ground, HERS);
  await expect(column(page, "To review").getByRole("article")).toHaveCount(1, { timeout: 30_000 });
  await ground.tenfold("people", "add", "vera", "--access", "viewer");
  const vera = await another();
  await signIn(vera, await ground.link("vera"));

  await expect(card(vera, HERS)).toBeVisible();
  await expect(vera.getByRole("button", { name: "New work" })).toHaveAttribute("aria-disabled", "true");
  await go(vera, `/tasks/${task}`);
  for (const name of ["Accept", "Reject", "Steer"]) {
    const button = vera.getByRole("button", { name, exact: true });
    await expect(button, name).toHaveAttribute("aria-disabled", "true");
    await expect(button, name).toHaveAttribute("title", /viewer|access/);
  }
  // Pressed all the same, it says why, and so does its key.
  await vera.getByRole("button", { name: "Accept", exact: true }).click({ force: true });
  await expect(vera.locator(".toast").first()).toContainText(/viewer|access/);
  await vera.keyboard.press("a");
  await expect(vera.getByRole("dialog")).toHaveCount(0);
  await go(vera, "/settings/people");
  await expect(vera.getByText("This is for admins")).toBeVisible();

  const calls: [string, unknown][] = [
    ["/tasks", { text: "x", workspace: ground.repo }],
    ["/tasks/many", { format: "markdown", text: "- [ ] x", task: { text: "", workspace: ground.repo } }],
    [`/tasks/${task}/accept`, { how: "branch", name: null }],
    [`/tasks/${task}/reject`, { reason: "x" }],
    [`/tasks/${task}/steer`, { text: "x" }],
    [`/tasks/${task}/stop`, {}],
    [`/tasks/${task}/undo`, {}],
    [`/tasks/${task}/comment`, { path: "stats.py", line: 1, text: "x" }],
    ["/keys", { name: "FAR_KEY", value: "x" }],
    ["/people", { want: "add", name: "x", access: "admin", account: 1 }],
    ["/backlog/stop", {}],
  ];
  for (const [path, body] of calls) expect((await api(vera, path, body)).status, path).toBe(403);
  const bulk = await api(vera, "/bulk", { tasks: [task], verb: "accept", body: { how: "branch", name: null } });
  expect([403, 200]).toContain(bulk.status);
  if (bulk.status === 200) expect(bulk.body[0].problem).not.toBeNull();
  expect((await api(page, `/tasks/${task}`)).body.card.state).toBe("to-review");
});
