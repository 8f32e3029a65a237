// A browser on the page, watched: whatever it asks of any other host, whatever the content policy
// stops, every error in its console and every dialog fails the test.
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { test as base, expect, type BrowserContext, type Locator, type Page } from "@playwright/test";
import { CHECK, Ground } from "./ground";

export { expect };

/** What was seen that nobody should see. */
export class Watch {
  readonly wrong: string[] = [];

  /** `allowed` is what may stand in the console of this test. */
  constructor(context: BrowserContext, origin: () => string, readonly allowed: RegExp[] = []) {
    context.on("request", (request) => {
      const { protocol, origin: to } = new URL(request.url());
      if (protocol !== "data:" && protocol !== "blob:" && to !== origin()) this.wrong.push(`asked ${request.url()}`);
    });
    context.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) this.wrong.push(`console: ${message.text()} (${message.location().url})`);
    });
    context.on("weberror", (error) => this.wrong.push(`threw ${error.error().stack ?? error.error().message}`));
    context.on("dialog", (dialog) => {
      this.wrong.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    context.on("page", (page) => {
      page.on("download", (download) => this.wrong.push(`download: ${download.url()}`));
      page.on("popup", (popup) => this.wrong.push(`popup: ${popup.url()}`));
    });
  }

  /** Lets what is expected stand in the console. */
  allow(...more: RegExp[]) {
    this.allowed.push(...more);
  }

  check() {
    const wrong = this.wrong.filter((what) => !this.allowed.some((one) => one.test(what)));
    expect(wrong, "what the browser should never do or say").toEqual([]);
  }
}

interface Fixtures {
  /** Where the ground is, rather than in a new folder. */
  folder: string | null;
  /** What the folder of its repository is called. */
  named: string;
  ground: Ground;
  watch: Watch;
  /** Another browser, watched as the first one is. */
  another: (options?: Parameters<import("@playwright/test").Browser["newContext"]>[0]) => Promise<Page>;
}

export const test = base.extend<Fixtures>({
  folder: [null, { option: true }],
  named: ["stats", { option: true }],
  ground: async ({ folder, named }, use) => {
    const ground = await Ground.make(folder, named);
    await use(ground);
    await ground.end();
  },
  watch: [
    async ({ context, ground }, use) => {
      const watch = new Watch(context, () => ground.origin);
      await freshly(context, ground);
      await use(watch);
      watch.check();
    },
    { auto: true },
  ],
  another: async ({ browser, contextOptions, ground, watch }, use) => {
    const all: [BrowserContext, Watch][] = [];
    await use(async (options = {}) => {
      const context = await browser.newContext({ ...contextOptions, ...options });
      all.push([context, new Watch(context, () => ground.origin, watch.allowed)]);
      await freshly(context, ground);
      return context.newPage();
    });
    for (const [context, watch] of all) {
      await context.close();
      watch.check();
    }
  },
});

/** With `PAGE_DIR`, the page that was just built there stands in for that in the program, so that
 *  a change of the page is tried without building the program. */
async function freshly(context: BrowserContext, ground: Ground) {
  const dir = process.env.PAGE_DIR && resolve(process.env.PAGE_DIR);
  if (!dir) return;
  await context.route(
    (url) => url.origin === ground.origin && !url.pathname.startsWith("/api/"),
    async (route) => {
      const { pathname } = new URL(route.request().url());
      const file = join(dir, pathname.includes(".") ? pathname : "index.html");
      if (!existsSync(file)) return route.continue();
      const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
      const kinds: Record<string, string> = { html: "text/html", js: "text/javascript", css: "text/css", svg: "image/svg+xml" };
      await route.fulfill({ body: readFileSync(file), contentType: kinds[file.split(".").at(-1) ?? ""] ?? "application/octet-stream", headers: { "content-security-policy": policy } });
    },
  );
}

/** Opens the page by a link, and waits until it is live. */
export async function signIn(page: Page, link: string) {
  await page.goto(link);
  await isLive(page);
  await expect(page).not.toHaveURL(/link=/);
}

/** Goes to an address of the page that is open. */
export async function go(page: Page, at: string) {
  await page.goto(new URL(at, page.url()).href);
}

export async function isLive(page: Page) {
  await expect(page.locator(".line[role=status]")).toContainText("Live");
}

/** The column of the board with this title. */
export const column = (page: Page, title: string): Locator => page.getByRole("region", { name: new RegExp(`^${title}`) });

/** The card of a task on the board. */
export const card = (page: Page, text: string | RegExp): Locator => page.getByRole("article").filter({ hasText: text });

/** What a call of the API answers to whoever is signed in on this page. */
export async function api(page: Page, path: string, body?: unknown): Promise<{ status: number; body: any }> {
  const { origin } = new URL(page.url());
  const options = body === undefined ? {} : { method: "POST", data: body, headers: { "content-type": "application/json", origin, "sec-fetch-site": "same-origin" } };
  const answer = await page.context().request.fetch(`${origin}/api/v1${path}`, options);
  const text = await answer.text();
  return { status: answer.status(), body: text === "" ? null : JSON.parse(text) };
}

/** Hands out a task that is worked on at once, by the API, and says its number. */
export async function handOut(page: Page, ground: Ground, text: string, more: object = {}): Promise<number> {
  const answer = await api(page, "/tasks", { text, workspace: ground.repo, model: ["far"], check: CHECK, attempts: 1, begin: true, ...more });
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return answer.body.task as number;
}

/** Nothing goes over the edge of the window; if something does, what reaches furthest is named. */
export async function holds(page: Page) {
  const over = await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth <= clientWidth) return "";
    const isClipped = (node: Element): boolean => !!node.parentElement && node.parentElement !== document.body && (getComputedStyle(node.parentElement).overflowX !== "visible" || isClipped(node.parentElement));
    const all = [...document.querySelectorAll("body *")].filter((node) => !isClipped(node)).map((node) => ({ node, right: node.getBoundingClientRect().right }));
    const { node } = all.reduce((most, one) => (one.right > most.right ? one : most));
    return `${scrollWidth - clientWidth} px, by ${node.outerHTML.slice(0, 160)}`;
  });
  expect(over, `the page scrolls sideways at ${page.url()}`).toBe("");
}
