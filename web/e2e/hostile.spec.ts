// Everything that an agent or a repository can write, written by somebody who means harm: nothing
// of it runs, nothing is asked of anybody else, all of it is shown as text, and the pages hold.
// What is watched in every test (page.ts) is the point of this one.
import type { Page } from "@playwright/test";
import type { Asked, Reply } from "./model";
import { CHECK } from "./ground";
import { addresses, TEXTS } from "./house";
import { api, expect, go, handOut, holds, signIn, test } from "./page";

const EVIL = "https://evil.invalid";
const MARKUP = `<img src="${EVIL}/i.png" onerror="alert(1)"><script>alert(2)</script><svg onload=alert(3)><style>*{display:none}</style><iframe src="${EVIL}"></iframe><a href="javascript:alert(4)">x</a>{@html 5}{{6}}`;
const SPOOF = "safe\u202Egnp.exe\u2066\u200F";
const ANSI = "\\033]8;;https://evil.invalid/osc\\033\\\\link\\033]8;;\\033\\\\ \\033]0;title\\007\\033[31mred\\033[2J\\033[1;1H\\033]52;c;ZXZpbA==\\007";
const LONG = "W".repeat(1_000_000);
const WISH = `${MARKUP} ${SPOOF} ${"long".repeat(300)}`;
const BRANCH = "x<img-src=x-onerror=alert(1)>&quot";

const FILES: Record<string, string> = {
  "evil.html": `<!doctype html><script src="${EVIL}/a.js"></script><body onload="alert(1)">${MARKUP}`,
  "evil.svg": `<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><image href="${EVIL}/b.png"/><script>alert(2)</script></svg>`,
  "evil.md": `# ${MARKUP}\n\n![x](${EVIL}/c.png) [y](javascript:alert(1))`,
  "<img src=x onerror=alert(1)>.txt": MARKUP,
  [`${SPOOF}.txt`]: `${SPOOF}\n`,
};

/** Says, does, asks and proposes nothing but harm. */
function worker({ text }: Asked): Reply {
  if (text.includes("ASK-ME")) return { says: MARKUP, calls: [["ask", { question: `${MARKUP} ${SPOOF} ${"q".repeat(3000)}` }]] };
  if (text.includes("LEAVE-ME")) return { says: MARKUP, calls: [["run", { command: `rm -rf '${MARKUP}' # ${SPOOF} ${"c".repeat(2000)}` }]] };
  if (text.includes("THE-END")) return { says: `${MARKUP} ${LONG.slice(0, 20_000)}`, calls: [["finish", { summary: `${MARKUP} ${SPOOF}` }]] };
  if (text.includes("evil.html")) return { says: `THE-END is near ${MARKUP}`, calls: [["run", { command: `printf '${ANSI}'; printf '%s' '${MARKUP.replaceAll("'", "")}'; head -c 1000000 /dev/zero | tr '\\0' W; echo; sed -i 's/middle + 1\\]/middle - 1]/; s/(ordered\\[middle\\]/(ordered[middle]/' stats.py; head -c 1000000 /dev/zero | tr '\\0' L > long.txt; echo >> long.txt` }]] };
  return { says: `\`\`\`html\n${MARKUP}\n\`\`\` ![x](${EVIL}/d.png)`, calls: Object.entries(FILES).map(([path, words]): [string, unknown] => ["write", { path, text: `${words}\n` }]) };
}

const POLICY = `version = 1
[[rule]]
name = "removing ${MARKUP.replaceAll('"', "'")}"
command = "rm *"
decide = "ask"
why = "<b onclick=alert(1)>what is removed is gone</b>"
`;

/** All parts of a task's page, each open. */
async function lookAtAll(page: Page) {
  const work = page.getByRole("tab", { name: "Work" });
  if (await work.isVisible()) await work.click();
  const steps = page.getByRole("region", { name: "What was said and done" }).locator("details > summary");
  await expect(steps.first()).toBeVisible();
  for (const step of await steps.all()) await step.evaluate((node: HTMLElement) => node.click());
  await holds(page);
  for (const name of ["Changes", "Check", "Attempts", "Budget", "Asked"]) {
    const tab = page.getByRole("tab", { name: new RegExp(`^${name}`) });
    await tab.click();
    await expect(tab).toHaveAttribute("aria-selected", "true");
    await holds(page);
  }
}

test("nothing that an agent or a repository writes runs or leaves the page", async ({ page, ground, watch }) => {
  test.setTimeout(150_000);
  // Where too little is known of prices, a level of them is refused.
  watch.allow(/409.*prices\/level/);
  await ground.model(worker);
  ground.configure("policy.toml", POLICY);
  ground.write("AGENTS.md", `${MARKUP}\n${SPOOF}\n${LONG.slice(0, 5000)}\n`);
  ground.write("tenfold.toml", `[task]\ncheck = "${CHECK} # ${MARKUP.replaceAll('"', "'")}"\n`);
  await ground.commit("hostile");
  await signIn(page, await ground.serve());

  // What the repository wants a say in is shown word for word before it counts.
  await go(page, "/new");
  await page.getByLabel("Repository or folder").fill(ground.repo);
  await page.getByLabel("What is to be done").fill(WISH);
  const wants = page.getByRole("region", { name: "The repository wants a say" });
  await expect(wants).toContainText("<script>alert(2)</script>");
  for (const width of [1280, 390]) {
    await page.setViewportSize({ width, height: 900 });
    await holds(page);
  }

  await page.getByLabel("Go without what the repository asks, this time").check();

  // A backlog, looked at and imported.
  await page.setViewportSize({ width: 1280, height: 900 });
  await page.getByText("Import a backlog").click();
  await page.getByLabel("Or paste it").fill(`# ${MARKUP}\n\n- [ ] ${WISH}\n  more ${MARKUP}\n- [ ] second ${SPOOF}`);
  await expect(page.getByRole("region", { name: "Preview" })).toContainText("2 tasks found");
  await expect(page.getByRole("region", { name: "Preview" })).toContainText("<script>alert(2)</script>");
  await holds(page);
  await page.getByRole("button", { name: "Add 2 tasks" }).click();
  await expect(page).toHaveURL(/\/$/);

  // Work in each state, in which everything is hostile.
  await page.setViewportSize({ width: 1280, height: 900 });
  const more = { no_config: true, labels: [MARKUP.slice(0, 40), SPOOF] };
  const state = async (task: number) => (await api(page, `/tasks/${task}`)).body.card.state as string;
  const review = await handOut(page, ground, WISH, { ...more, check: undefined });
  const asks = await handOut(page, ground, `ASK-ME ${WISH}`, more);
  const leave = await handOut(page, ground, `LEAVE-ME ${WISH}`, more);
  await expect.poll(() => state(review), { timeout: 40_000 }).toBe("to-review");
  await expect.poll(() => state(asks), { timeout: 40_000 }).toBe("needs-you");
  await expect.poll(() => state(leave), { timeout: 40_000 }).toBe("needs-you");
  expect((await api(page, `/tasks/${review}/comment`, { path: "evil.html", line: 1, text: MARKUP })).status).toBe(200);

  for (const width of [1280, 390]) {
    await page.setViewportSize({ width, height: 900 });
    await go(page, "/");
    await expect(page.getByRole("article").filter({ hasText: "ASK-ME" })).toBeVisible();
    await holds(page);
    for (const task of [review, asks, leave]) {
      await go(page, `/tasks/${task}`);
      await expect(page.getByRole("heading", { level: 1 })).toContainText("<script>alert(2)</script>");
      await holds(page);
      await lookAtAll(page);
    }
  }

  // As text, to the letter: what it said, what it asks leave for, what came out, what it changed.
  await page.setViewportSize({ width: 1280, height: 900 });
  await go(page, `/tasks/${leave}`);
  await expect(page.getByRole("region", { name: "Exactly this" })).toContainText("rm -rf '<img src=");
  await expect(page.getByRole("region", { name: "Exactly this" })).toContainText("c".repeat(2000));
  await go(page, `/tasks/${review}`);
  await expect(page.getByRole("region", { name: "evil.svg" })).toContainText("<script>alert(2)</script>");
  await expect(page.getByRole("region", { name: "<img src=x onerror=alert(1)>.txt" })).toBeVisible();
  await expect(page.getByRole("region", { name: "What was said and done" })).toContainText("<iframe src=");
  // No link, picture, frame or script came of any of it.
  await lookAtAll(page);
  const made = await page.evaluate((evil) => ({
    frames: document.querySelectorAll("iframe, object, embed").length,
    pictures: [...document.querySelectorAll("main img")].length,
    links: [...document.querySelectorAll("a")].filter(({ href }) => href.startsWith(evil) || href.startsWith("javascript:")).length,
    scripts: [...document.scripts].filter(({ textContent }) => textContent !== "").length,
    handlers: document.querySelectorAll("[onerror], [onload], [onclick]").length,
  }), EVIL);
  expect(made).toEqual({ frames: 0, pictures: 0, links: 0, scripts: 0, handlers: 0 });

  // A branch and a reason, and then what is said of them.
  const accepted = await api(page, `/tasks/${review}/accept`, { how: "branch", name: BRANCH, unchecked: true, with_secrets: true });
  expect([200, 400, 403, 409, 422]).toContain(accepted.status);
  await api(page, `/tasks/${accepted.status === 200 ? asks : review}/reject`, { reason: MARKUP });
  const all = addresses(Object.fromEntries(Object.keys(TEXTS).map((name) => [name, review])) as never);
  for (const at of new Set(all.map((one) => one.at))) {
    await go(page, at);
    await expect(page.getByRole("main").getByRole("heading").first()).toBeVisible();
    await expect(page.locator("main [aria-busy=true], main .skeleton")).toHaveCount(0);
    for (const width of [1280, 390]) {
      await page.setViewportSize({ width, height: 900 });
      await holds(page);
    }
  }
});
