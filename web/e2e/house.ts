// A house with work in each state, for the tests that look at all pages.
import type { Page } from "@playwright/test";
import type { Ground } from "./ground";
import { Gate, mends, type Asked, type Reply } from "./model";
import { api, expect, go, handOut, signIn } from "./page";

export const TEXTS = {
  asks: "Add a weighted mean",
  leave: "Remove generated files from the repository",
  review: "The median of an even number of values is wrong",
  unverified: "Say in the README how to run the tests",
  accepted: "Name the two values in the middle",
  rejected: "Return None for the mean of nothing",
  gives_up: "Prove that the mean is always right",
  paused: "Split stats.py into two modules",
  works: "Stream large files instead of reading them whole",
};
/** What was done before: enough for a forecast, with what a part of it came to. */
const PAST: [text: string, label: string, turns: number, ends: "accepted" | "rejected" | "given-up"][] = [
  ["Name the argument of mean", "bug", 2, "accepted"],
  ["Say what a median is in its docstring", "docs", 1, "accepted"],
  ["Count values that are missing", "numbers", 5, "given-up"],
  ["Sort only once in median", "bug", 3, "accepted"],
  ["Round a mean to the places of its values", "numbers", 4, "rejected"],
  ["Accept any iterable", "bug", 2, "accepted"],
  ["Give an example for each function", "docs", 2, "accepted"],
  ["Weigh values by how recent they are", "numbers", 6, "given-up"],
  ["Raise on an empty list", "bug", 3, "accepted"],
  ["Move the tests into a folder", "docs", 2, "accepted"],
  ["Tell the median of even counts", "bug", 4, "accepted"],
  ["Keep decimals as decimals", "numbers", 3, "accepted"],
];
export const QUEUED = ["A mode, with a tie going to the smallest value", "Quantiles by linear interpolation", "Speed up the median of a million values"];

/** Whoever wants to remove something has to ask. */
export const POLICY = `version = 1
[[rule]]
name = "removing"
command = "rm *"
decide = "ask"
why = "what is removed is gone"
`;
/** What the model asks for a million tokens. */
const PRICE = ["--price-prompt", "3", "--price-output", "15"];
const NO_MEAN = `"""Nothing."""\n`;

/** What the coworkers of the house do, by the task's text. */
function worker(gates: { works: Gate; paused: Gate }) {
  return (asked: Asked): Reply => {
    const { text } = asked;
    const is = (wish: string) => text.includes(wish);
    const before = PAST.find(([wish]) => is(wish));
    if (before) return past(asked, before[2], before[3] !== "given-up");
    if (is(TEXTS.works)) return { says: "I look for what reads a whole file.", calls: [["read", { path: "stats.py" }]], after: gates.works };
    if (is(TEXTS.paused)) return { says: "Two modules: means and medians.", calls: [["read", { path: "stats.py" }]], after: gates.paused };
    if (is(TEXTS.asks)) return { says: "I need to know one thing first.", calls: [["ask", { question: "Should weights have to sum to one, or are they normalised?" }]] };
    if (is(TEXTS.leave)) return { says: "I remove what is generated.", calls: [["run", { command: "rm -rf build/ dist/" }]] };
    if (is(TEXTS.gives_up)) return { calls: [["finish", { summary: "That can't be proved: floats are not numbers.", solved: false }]] };
    if (is(TEXTS.unverified)) {
      if (is("README.md")) return { calls: [["finish", { summary: "It says how" }]] };
      return { calls: [["write", { path: "README.md", text: `# Stats\n\n    python3 -m unittest -q\n` }]] };
    }
    if (is(TEXTS.rejected)) {
      if (is("none.py")) return mends(asked);
      return { calls: [["write", { path: "none.py", text: NO_MEAN }]] };
    }
    return mends(asked);
  };
}

/** Looks about for some turns, and then mends what is wrong or gives up. */
function past(asked: Asked, turns: number, solves: boolean): Reply {
  const looked = asked.text.split("I look at line ").length - 1;
  if (looked < turns) return { says: `I look at line ${looked + 1}.`, calls: [["read", { path: "stats.py", from: looked + 1, to: looked + 4 }]] };
  if (!solves) return { calls: [["finish", { summary: "I found no way that keeps the tests right.", solved: false }]] };
  return mends(asked);
}

export interface House {
  /** The number of each task, by its place in TEXTS. */
  tasks: Record<keyof typeof TEXTS, number>;
  /** Lets go on what was held back. */
  release: () => void;
}

/** Fills the house, opens its page, and signs somebody in on `page` who may do all. */
export async function furnish(page: Page, ground: Ground): Promise<House> {
  const gates = { works: new Gate(), paused: new Gate() };
  const state = async (task: number) => (await api(page, `/tasks/${task}`)).body.card as { state: string; running: number[] };
  const becomes = (task: number, wanted: string) => expect.poll(async () => (await state(task)).state, { timeout: 30_000 }).toBe(wanted);
  const tasks: Record<string, number> = {};
  const hand = async (name: keyof typeof TEXTS, more: object = {}) => (tasks[name] = await handOut(page, ground, TEXTS[name], more));
  const does = async (name: keyof typeof TEXTS, verb: string, body: object) => {
    const { status, body: said } = await api(page, `/tasks/${tasks[name]}/${verb}`, body);
    expect(status, JSON.stringify(said)).toBe(200);
  };

  await ground.model(worker(gates), { price: PRICE });
  ground.configure("policy.toml", POLICY);
  await signIn(page, await ground.serve());
  for (const text of QUEUED) await handOut(page, ground, text, { begin: false, value_nano_usd: 20e9, labels: ["numbers"] });
  for (const [text, label, , ends] of PAST) {
    const task = await handOut(page, ground, text, { labels: [label] });
    await becomes(task, ends === "given-up" ? "needs-you" : "to-review");
    if (ends === "given-up") continue;
    const [verb, body] = ends === "accepted" ? ["accept", { how: "branch", name: null, unchecked: true }] : ["reject", { reason: "Not like this." }];
    expect((await api(page, `/tasks/${task}/${verb}`, body)).status, text).toBe(200);
  }
  await hand("accepted");
  await hand("rejected");
  await becomes(tasks.accepted!, "to-review");
  await becomes(tasks.rejected!, "to-review");
  await does("accepted", "accept", { how: "branch", name: null, unchecked: true });
  await does("rejected", "reject", { reason: "A mean of nothing should be an error." });
  await hand("review", { labels: ["bug"], value_nano_usd: 50e9 });
  await hand("unverified", { check: undefined, labels: ["docs"] });
  await becomes(tasks.review!, "to-review");
  await becomes(tasks.unverified!, "to-review");
  await hand("gives_up");
  await becomes(tasks.gives_up!, "needs-you");
  await hand("leave");
  await hand("asks");
  await becomes(tasks.leave!, "needs-you");
  await becomes(tasks.asks!, "needs-you");
  await hand("paused");
  await expect.poll(async () => (await state(tasks.paused!)).running).not.toEqual([]);
  const pausing = does("paused", "pause", {});
  gates.paused.open();
  await pausing;
  await becomes(tasks.paused!, "paused");
  await hand("works");
  await becomes(tasks.works!, "working");
  return { tasks: tasks as House["tasks"], release: () => gates.works.open() };
}

/** The address of each page of a furnished house, with words that are there once it is shown. */
export function addresses(tasks: House["tasks"]): { name: string; at: string; shows: string | RegExp }[] {
  const task = (Object.keys(TEXTS) as (keyof typeof TEXTS)[]).map((name) => ({ name: `task-${name}`, at: `/tasks/${tasks[name]}`, shows: TEXTS[name] }));
  const place = (at: string, shows: string | RegExp) => ({ name: at.slice(1).replaceAll("/", "-"), at, shows });
  return [
    { name: "board", at: "/", shows: TEXTS.review },
    ...task,
    { name: "task-queued", at: "/tasks/1", shows: QUEUED[0]! },
    place("/new", "What is to be done"),
    place("/plan", QUEUED[0]!),
    place("/compute/accounts", "default"),
    place("/compute/spending", "Spending"),
    place("/compute/prices", "Prices"),
    place("/compute/forecasts", "Forecasts"),
    place("/compute/audit", "Audit"),
    place("/coworkers", "Roles"),
    place("/coworkers/record", "Track record"),
    place("/coworkers/policy", "what is removed is gone"),
    place("/settings/models", "far"),
    place("/settings/repositories", "stats"),
    place("/settings/machine", "Sandbox"),
    place("/settings/people", "admin"),
    place("/settings/deeds", "handed out a task"),
    place("/settings/notifications", "Notifications"),
    place("/settings/you", "You"),
  ];
}

/** What a page shows only when something is pressed: where, and how it is opened. */
export function openings(tasks: House["tasks"]): { name: string; at: string; open: (page: Page) => Promise<void> }[] {
  const task = `/tasks/${tasks.review}`;
  const button = (name: string | RegExp) => (page: Page) => page.getByRole("button", { name, ...(typeof name === "string" ? { exact: true } : {}) }).first().click();
  const dialog = (what: string | RegExp, title: string | RegExp) => async (page: Page) => {
    await button(what)(page);
    await expect(page.getByRole("dialog", { name: title })).toBeVisible();
  };
  const item = (menu: string | RegExp, name: string, title: string | RegExp) => async (page: Page) => {
    await button(menu)(page);
    await page.getByRole("menuitem", { name, exact: true }).click();
    await expect(page.getByRole("dialog", { name: title })).toBeVisible();
  };
  const tab = (name: string) => async (page: Page) => {
    await page.getByRole("tab", { name: new RegExp(`^${name}`) }).click();
    await expect(page.locator("main [aria-busy=true]")).toHaveCount(0);
    await expect(page.locator("main .skeleton")).toHaveCount(0);
  };
  const key = (press: string, title: string) => async (page: Page) => {
    await page.keyboard.press(press);
    await expect(page.getByRole("dialog", { name: title })).toBeVisible();
  };
  const account = (name: string, title: string) => ({ name: `account: ${name}`, at: "/compute/accounts", open: item("What can be done with default", name, new RegExp(`^${title}`)) });
  return [
    { name: "keys", at: "/", open: key("?", "Keys") },
    { name: "commands", at: "/", open: key("Control+k", "Commands") },
    { name: "many selected", at: "/", open: async (page) => page.getByLabel(`Select task ${tasks.review}`).check({ force: true }) },
    { name: "accepting", at: task, open: dialog("Accept", "Accept the proposal") },
    { name: "rejecting", at: task, open: dialog("Reject", "Reject the proposal") },
    { name: "forking", at: task, open: item("More to do", "Fork the attempt", "Fork") },
    { name: "more to do", at: task, open: button("More to do") },
    { name: "check", at: task, open: tab("Check") },
    { name: "attempts", at: task, open: tab("Attempts") },
    { name: "dial", at: `/tasks/${tasks.gives_up}`, open: tab("Budget") },
    { name: "dial as a table", at: `/tasks/${tasks.gives_up}`, open: async (page) => { await tab("Budget")(page); await button(/^Show as a table/)(page); } },
    { name: "asked", at: `/tasks/${tasks.rejected}`, open: tab("Asked") },
    { name: "side by side", at: task, open: button("Side by side") },
    { name: "comment", at: task, open: async (page) => { await page.getByRole("row").filter({ hasText: "middle - 1" }).hover(); await button(/^Comment line/)(page); await expect(page.getByLabel(/Comment on line/)).toBeVisible(); } },
    { name: "a step", at: task, open: async (page) => { const work = page.getByRole("tab", { name: "Work" }); if (await work.isVisible()) await work.click(); await page.locator("details.step summary").last().click(); } },
    { name: "an issue", at: "/new", open: async (page) => page.getByText("Paste an issue").click() },
    { name: "a backlog", at: "/new", open: async (page) => page.getByText("Import a backlog").click() },
    { name: "more to say", at: "/new", open: async (page) => page.getByText("More to say").click() },
    { name: "a quote", at: "/new", open: async (page) => { await page.getByLabel("What is to be done").fill("A mode"); await expect(page.getByRole("region", { name: "Quote" })).toContainText("Works with"); } },
    { name: "working the backlog", at: "/plan", open: dialog("Work the backlog", /backlog/i) },
    { name: "what things are worth", at: "/plan", open: async (page) => page.getByText("What things are worth").click() },
    account("Open an account below", "Open an account"), account("Set a limit", "Set a limit"), account("Give", "Give"), account("Models it may ask", "Models it may ask"), account("Rename", "Rename"),
    { name: "history", at: "/compute/accounts", open: item("What can be done with default", "What was decided of it", /./) },
    { name: "a finding", at: "/compute/audit", open: async (page) => page.getByText("Has the price of our level fallen").click() },
    { name: "a token", at: "/compute/accounts", open: dialog("Make one", "Make an access token") },
    { name: "policy as written", at: "/coworkers/policy", open: button("As it is written") },
    { name: "policy edited", at: "/coworkers/policy", open: dialog("Edit yours", "Your policy") },
    { name: "a model", at: "/settings/models", open: dialog("Add a model", "Add a model") },
    { name: "a person", at: "/settings/people", open: dialog("Add somebody", /./) },
    { name: "a hook", at: "/settings/notifications", open: dialog("Add one", "Add a web hook") },
  ];
}

/** Goes to an address and waits until all of it is read. */
export async function look(page: Page, at: string, shows: string | RegExp) {
  await go(page, at);
  await expect(page.getByRole("main")).toContainText(shows);
  await expect(page.locator("main [aria-busy=true]")).toHaveCount(0);
  await expect(page.locator("main .skeleton")).toHaveCount(0);
}
