// What a browser sees of the page, for `cargo xtask bench page`: how soon the first card is there,
// how smoothly a column scrolls, and how soon a change shows.
//   node bench/page.mjs first|scroll|delays ADDRESS COOKIE NUMBER
// It prints one JSON object.
import { readdirSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { chromium } from "@playwright/test";

const [part, address, cookie, number] = process.argv.slice(2);
const [name, value] = cookie.split("=");
const SIZE = { width: 1440, height: 900 };
const CARD = "article.card";

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: [
    ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
    "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
  ],
});

/** A page of a browser that was never here before. */
async function opened(prepare) {
  const context = await browser.newContext({ viewport: SIZE });
  await context.addCookies([{ name, value, url: address }]);
  const page = await context.newPage();
  if (prepare) await page.addInitScript(prepare, CARD);
  return page;
}

/** When the first card was painted, in milliseconds since the page was asked for. */
async function firstCard(page) {
  await page.goto(address);
  await page.waitForFunction(() => window.painted !== undefined, null, { timeout: 60_000 });
  return page.evaluate(() => window.painted);
}
function watchPaint(card) {
  new MutationObserver((_, observer) => {
    if (!document.querySelector(card)) return;
    observer.disconnect();
    // The frame that shows it is over when a message sent within it comes.
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => (window.painted = performance.now());
      port2.postMessage(null);
    });
  }).observe(document, { childList: true, subtree: true });
}

async function first(runs) {
  const millis = [];
  const sizes = new Map();
  for (let run = 0; run < runs; run += 1) {
    const page = await opened(watchPaint);
    const loaded = [];
    page.on("response", (response) => loaded.push(response));
    millis.push(await firstCard(page));
    for (const response of run === 0 ? [...loaded] : []) {
      const path = new URL(response.url()).pathname;
      const kind = path === "/api/v1/board" ? "board" : response.request().resourceType();
      // The stream of events has no end.
      if (!["document", "script", "stylesheet", "board"].includes(kind)) continue;
      const body = await response.body();
      sizes.set(path, { kind, bytes: body.length, gzipped: gzipSync(body).length });
    }
    await page.context().close();
  }
  const built = new URL("../dist/page/assets/", import.meta.url);
  const scripts = readdirSync(built).filter((file) => file.endsWith(".js"));
  const all = scripts.reduce((sum, file) => sum + gzipSync(readFileSync(new URL(file, built))).length, 0);
  const sum = (kind) => [...sizes.values()].filter((size) => size.kind === kind).reduce((all, { gzipped }) => all + gzipped, 0);
  return {
    millis: millis.sort((a, b) => a - b),
    script_gzipped: sum("script"), all_scripts_gzipped: all, style_gzipped: sum("stylesheet"), document_gzipped: sum("document"),
    board_bytes: sizes.get("/api/v1/board")?.bytes ?? 0, files: sizes.size,
  };
}

/** Scrolls the longest column to its `cards`th card, and then up and down over them. */
async function scroll(cards) {
  const page = await opened(watchPaint);
  await firstCard(page);
  return page.evaluate(async (cards) => {
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    const long = [];
    const observer = new PerformanceObserver((list) => long.push(...list.getEntries().map(({ duration }) => duration)));
    observer.observe({ type: "longtask" });
    const boxes = [...document.querySelectorAll("section .box")];
    const count = (box) => Number(box.querySelector("li")?.getAttribute("aria-setsize") ?? 0);
    const box = boxes.sort((a, b) => count(b) - count(a))[0];
    const reached = () => Number([...box.querySelectorAll("li")].at(-1)?.getAttribute("aria-posinset") ?? 0);
    const all = Math.min(cards, count(box));
    async function go(by, until) {
      const frames = [];
      let before = await frame();
      while (!until() && frames.length < 20_000) {
        box.scrollTop += by;
        const now = await frame();
        frames.push(now - before);
        before = now;
      }
      const longest = Math.max(0, ...frames);
      return { frames: frames.length, over_50_ms: frames.filter((ms) => ms > 50).length, longest_ms: longest };
    }
    const down = await go(120, () => reached() >= all);
    const foot = box.scrollTop;
    long.length = 0;
    const up = await go(-120, () => box.scrollTop <= 0);
    const again = await go(120, () => box.scrollTop >= foot - 120);
    return {
      cards: reached(), reading: down,
      scrolling: { frames: up.frames + again.frames, over_50_ms: up.over_50_ms + again.over_50_ms, longest_ms: Math.max(up.longest_ms, again.longest_ms) },
      long_tasks: long.length,
    };
  }, cards);
}

/** When each task with a number in its text was first shown, for so many seconds. */
async function delays(seconds) {
  const page = await opened((card) => {
    window.seen = {};
    window.long = [];
    new PerformanceObserver((list) => window.long.push(...list.getEntries().map(({ duration }) => duration))).observe({ type: "longtask" });
    new MutationObserver(() => {
      const now = Date.now();
      // New ones come first in their column.
      for (const link of document.querySelectorAll(`#column-queued li:nth-child(-n+8) ${card} h3`)) {
        const marker = /^marker (\d+)$/.exec(link.textContent ?? "");
        if (marker) window.seen[marker[1]] ??= now;
      }
    }).observe(document, { childList: true, subtree: true, characterData: true });
  });
  let boards = 0;
  page.on("request", (request) => (boards += request.url().includes("/api/v1/board") ? 1 : 0));
  await page.goto(address);
  await page.waitForSelector(CARD, { timeout: 60_000 });
  // What was asked for before the page was there is not counted.
  await page.waitForTimeout(3_000);
  await page.evaluate(() => { window.since = Date.now(); window.long.length = 0; });
  boards = 0;
  const until = Date.now() + seconds * 1_000;
  await page.waitForTimeout(seconds * 1_000);
  const told = await page.evaluate(() => ({ seen: window.seen, since: window.since, long_tasks: window.long.length, longest_task_ms: Math.max(0, ...window.long) }));
  // The last ones have a moment more to come.
  await page.waitForTimeout(3_000);
  const seen = await page.evaluate(() => window.seen);
  const shown = await page.locator(CARD).count();
  return { ...told, seen, until, boards_read: boards, cards_shown: shown };
}

const parts = { first, scroll, delays };
try {
  process.stdout.write(JSON.stringify(await parts[part](Number(number))) + "\n");
} finally {
  await browser.close();
}
