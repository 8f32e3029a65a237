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
export const QUEUED = ["A mode, with a tie going to the smallest value", "Quantiles by linear interpolation", "Speed up the median of a million values"];

const POLICY = `version = 1
[[rule]]
name = "removing"
command = "rm *"
decide = "ask"
why = "what is removed is gone"
`;
const NO_MEAN = `"""Nothing."""\n`;

/** What the coworkers of the house do, by the task's text. */
function worker(gates: { works: Gate; paused: Gate }) {
  return (asked: Asked): Reply => {
    const { text } = asked;
    const is = (wish: string) => text.includes(wish);
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

  await ground.model(worker(gates));
  ground.configure("policy.toml", POLICY);
  await signIn(page, await ground.serve());
  for (const text of QUEUED) await handOut(page, ground, text, { begin: false, value_nano_usd: 20e9, labels: ["numbers"] });
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

/** Goes to an address and waits until all of it is read. */
export async function look(page: Page, at: string, shows: string | RegExp) {
  await go(page, at);
  await expect(page.getByRole("main")).toContainText(shows);
  await expect(page.locator("main [aria-busy=true]")).toHaveCount(0);
  await expect(page.locator("main .skeleton")).toHaveCount(0);
}
