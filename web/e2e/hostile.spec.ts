// Everything that an agent or a repository can write, written by somebody who means harm: nothing
// of it runs, nothing is asked of anybody else, all of it is shown as text, and the pages hold.
// What is watched in every test (page.ts) is the point of this one.
import type { Page } from "@playwright/test";
import { mends, type Asked, type Reply } from "./model";
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

/** All that the page holds is text that says what it is: nothing was made of it, no code of a
 *  terminal is in it, and no mark that would hide or turn what stands around it. */
async function isInert(page: Page) {
  const found = await page.evaluate((evil) => {
    const marks = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]/;
    const texts: string[] = [];
    const walker = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
    for (let node: Node | null = walker.currentNode; node; node = walker.nextNode()) {
      if (node instanceof Text) texts.push(node.data);
      else if (node instanceof Element) texts.push(...["title", "aria-label", "placeholder"].map((name) => (node as Element).getAttribute(name) ?? ""));
    }
    return {
      marked: texts.filter((text) => marks.test(text)).map((text) => JSON.stringify(text).slice(0, 120)),
      frames: document.querySelectorAll("iframe, object, embed").length,
      pictures: document.querySelectorAll('img:not([src="/mark.svg"]), image').length,
      links: [...document.querySelectorAll("a")].filter(({ href }) => href.startsWith(evil) || href.startsWith("javascript:")).length,
      scripts: [...document.scripts].filter(({ textContent }) => textContent !== "").length,
      handlers: document.querySelectorAll("[onerror], [onload], [onclick]").length,
    };
  }, EVIL);
  expect(found, `at ${page.url()}`).toEqual({ marked: [], frames: 0, pictures: 0, links: 0, scripts: 0, handlers: 0 });
}

/** All parts of a task's page, each open. */
async function lookAtAll(page: Page) {
  await expect(page.locator(".facts")).toBeVisible();
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
    await isInert(page);
  }
}

// The control: on a page that takes it for what it says, all of it runs and asks.
test("a page that makes something of it runs it and asks others", async ({ browser }) => {
  const context = await browser.newContext();
  const page = await context.newPage();
  const said: string[] = [];
  const asked: string[] = [];
  page.on("dialog", (dialog) => { said.push(dialog.message()); void dialog.dismiss(); });
  page.on("request", (request) => asked.push(request.url()));
  await page.route(`${EVIL}/**`, (route) => route.abort());
  await page.setContent(`<body>${MARKUP}</body>`);
  await expect.poll(() => [...said].sort()).toEqual(["1", "2", "3"]);
  expect(asked).toContain(`${EVIL}/i.png`);
  await context.close();
});

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
  await isInert(page);

  // A branch and a reason, and then what is said of them.
  const accepted = await api(page, `/tasks/${review}/accept`, { how: "branch", name: BRANCH, unchecked: true, with_secrets: true });
  expect([200, 400, 403, 409, 422]).toContain(accepted.status);
  await api(page, `/tasks/${accepted.status === 200 ? asks : review}/reject`, { reason: MARKUP });
  await everywhere(page, review, holds);
});

test.describe("what others name", () => {
  /** Whatever may be called so is: a folder, an account, a token. */
  const NAME = `<img src=x onerror=alert(1)>${SPOOF}`;
  const ESCAPED = "\u001b]8;;https://evil.invalid\u0007link\u001b]8;;\u0007\u001b[31m\u001b[2J\u009b1;1H";
  const SAYS = `${MARKUP} ${SPOOF} ${ESCAPED}`;
  const SHOWN = "safe⟨U+202E⟩gnp.exe";
  test.use({ named: `${NAME} \u001b[31m"&'` });

  /** As JSON, YAML and Python read it. */
  const quoted = (text: string) => JSON.stringify(text).replace(/[\x7f-\uffff]/g, (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, "0")}`);

  /** Passes and fails as the tests do, and says that others failed. */
  const CHECKS = `import subprocess, sys
print("TAP version 13")
print(${quoted(SAYS)})
for name in (${quoted(MARKUP)}, ${quoted(SPOOF)}, ${quoted(`${ESCAPED} end`)}, "L" * 3000, "twice", "twice"):
    print("not ok 1 - " + name + "\\n  ---\\n  ...")
print("W" * 1_000_000)
sys.exit(subprocess.run(["python3", "-m", "unittest", "-q"]).returncode)
`;
  const SERVER = `import json, sys
TOOLS = [{"name": name, "description": ${quoted(SAYS)}, "inputSchema": {"type": "object", "properties": {}}} for name in (${quoted(NAME)}, "plain")]
for line in sys.stdin:
    message = json.loads(line)
    if "id" not in message: continue
    result = {
        "initialize": {"protocolVersion": (message.get("params") or {}).get("protocolVersion"), "capabilities": {"tools": {}}, "serverInfo": {"name": ${quoted(NAME)}, "version": "1"}},
        "tools/list": {"tools": TOOLS},
        "tools/call": {"content": [{"type": "text", "text": ${quoted(SAYS)}}]},
    }[message["method"]]
    print(json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": result}), flush=True)
`;

  /** Is refused by its provider, or calls a tool of the server and mends the median. */
  function worker(asked: Asked): Reply {
    if (asked.text.includes("REFUSED")) return { refuses: SAYS };
    const tool = asked.tools.find((name) => name.startsWith("mcp__"));
    if (tool && !asked.text.includes("answers:")) return { says: SAYS, calls: [[tool, {}]] };
    return mends(asked);
  }

  test("is shown as text, with the marks in it", async ({ page, ground, watch }) => {
    test.setTimeout(200_000);
    watch.allow(/409.*prices\/level|400.*\/people/);
    await ground.model(worker);
    ground.configure("roles/harm.md", `---\nname: harm\ndescription: ${quoted(`${NAME} ${ESCAPED}`)}\nmay-edit: [${quoted(SPOOF)}]\n---\n${SAYS}\n`);
    ground.configure("mcp.toml", `[[server]]\nname = "harm"\ncommand = "python3 server.py"\n`);
    ground.write("check.py", CHECKS);
    ground.write("server.py", SERVER);
    await ground.commit("hostile");
    await signIn(page, await ground.serve());
    const does = async (path: string, body: object) => {
      const { status, body: said } = await api(page, path, body);
      expect(status, JSON.stringify(said)).toBe(200);
      return said;
    };
    const state = async (task: number) => (await api(page, `/tasks/${task}`)).body.card.state as string;

    // Accounts, tokens, hooks and people; the server itself keeps addresses and people's names plain.
    await does("/accounts", { want: "open", parent: 1, name: NAME, kind: "team" });
    const accounts = (await api(page, "/accounts")).body.accounts as { account: number; name: string }[];
    const account = accounts.find(({ name }) => name === NAME)!.account;
    await does("/accounts", { want: "issue", token: 0, account, label: SAYS, hash: "0".repeat(64), by: "" });
    await does("/hooks", { want: "add", address: `${EVIL}/'onerror=alert(1)'`, on: ["needs-you"] });
    await does("/people", { want: "add", name: "<img src=x onerror=alert(1)>", access: "viewer", account });

    // Work of the account, by the role, with the server's tools; and some that its provider refuses.
    const more = { role: "harm", account, check: "python3 check.py", labels: [SPOOF] };
    const review = await handOut(page, ground, `The median is wrong ${ESCAPED}`, { ...more, mcp: ["harm"] });
    const refused = await handOut(page, ground, `REFUSED ${SPOOF}`, more);
    await expect.poll(() => state(review), { timeout: 60_000 }).toBe("to-review");
    await expect.poll(() => state(refused), { timeout: 60_000 }).toBe("needs-you");

    for (const width of [1280, 390]) {
      await page.setViewportSize({ width, height: 900 });
      for (const task of [review, refused]) {
        await go(page, `/tasks/${task}`);
        await lookAtAll(page);
      }
    }
    await page.setViewportSize({ width: 1280, height: 900 });
    await go(page, `/tasks/${refused}`);
    await expect(page.getByRole("main")).toContainText("<script>alert(2)</script>");
    await go(page, `/tasks/${review}`);
    await page.getByRole("tab", { name: "Check" }).click();
    const panel = page.getByRole("tabpanel");
    await expect(panel.getByRole("listitem").filter({ hasText: "<script>alert(2)</script>" })).toBeVisible();
    await expect(panel.getByRole("listitem").filter({ hasText: SHOWN })).toBeVisible();
    await expect(panel.getByRole("region", { name: "What the check said" })).toContainText(SHOWN);
    const told = page.getByRole("region", { name: "What was said and done" });
    await told.getByText("What it was told").click();
    await expect(told).toContainText("mcp__harm__plain");
    await expect(told.locator("details.told li").filter({ hasText: "mcp__harm" }).first()).toContainText("<script>alert(2)</script>");
    await expect(told.locator("details.told pre")).toContainText(SHOWN);
    await isInert(page);

    // What stands on all other pages, and what is opened there.
    await everywhere(page, review, async () => {
      await holds(page);
      await isInert(page);
    });
    await page.setViewportSize({ width: 1280, height: 900 });
    await go(page, "/coworkers");
    await page.getByRole("button", { name: "How it works: harm" }).click();
    await expect(page.getByRole("region", { name: "What harm is told" })).toContainText(SHOWN);
    await isInert(page);
    await go(page, "/compute/accounts");
    await page.getByRole("button", { name: `What can be done with <img src=x onerror=alert(1)>${SHOWN}` }).click();
    await page.getByRole("menuitem", { name: "Rename" }).click();
    await isInert(page);
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Revoke" }).click();
    await expect(page.getByRole("dialog")).toContainText(SHOWN);
    await isInert(page);
    await go(page, "/");
    await expect(page.getByLabel("Account", { exact: true }).locator("option").last()).toContainText(SHOWN);
    await page.keyboard.press("Control+k");
    await page.keyboard.type("REFUSED");
    await expect(page.getByRole("option", { name: /REFUSED/ })).toContainText(SHOWN);
    await isInert(page);

    // A name that nobody may have is refused, and the refusal says so without what is wrong in it.
    await go(page, "/settings/people");
    await page.getByRole("button", { name: "Add somebody" }).click();
    await page.getByLabel("Name").fill(SPOOF);
    await page.getByRole("button", { name: "Add", exact: true }).click();
    await expect(page.getByRole("dialog").getByRole("alert")).toContainText("can't be seen");
    await isInert(page);
  });
});

/** Goes to each page of the house, of the one task that there is, and looks at it in two widths. */
async function everywhere(page: Page, task: number, look: (page: Page) => Promise<void>) {
  const all = addresses(Object.fromEntries(Object.keys(TEXTS).map((name) => [name, task])) as never);
  for (const at of new Set(all.map((one) => one.at))) {
    await go(page, at);
    await expect(page.getByRole("main").getByRole("heading").first()).toBeVisible();
    await expect(page.locator("main [aria-busy=true], main .skeleton")).toHaveCount(0);
    for (const width of [1280, 390]) {
      await page.setViewportSize({ width, height: 900 });
      await look(page);
    }
  }
}
