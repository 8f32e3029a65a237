// What the house is set to: models are got, priced and removed, and what is accepted unseen is told.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { api, expect, go, handOut, signIn, test } from "./page";

const UNSEEN = `version = 1
accept-unseen-over = 0.95
`;

test("a model's file is got, and models are priced and removed", async ({ page, ground }) => {
  // Half of a file comes, and the rest never does.
  const source = createServer((_, answer) => answer.writeHead(200, { "content-length": "4000000" }).write("x".repeat(2_000_000)));
  await new Promise<void>((listens) => source.listen(0, "127.0.0.1", listens));
  const url = `http://127.0.0.1:${(source.address() as AddressInfo).port}/small.gguf`;
  const model = (name: string, from: string) => `[[model]]\nname = "${name}"\nfile = "${name}.gguf"\nbytes = 4_000_000\nsha256 = "${"0".repeat(64)}"\n[[model.source]]\nurl = "${from}"\n`;
  ground.configure("models.toml", model("small", url) + model("gone", "http://127.0.0.1:9/gone.gguf"));
  await ground.model(undefined, { price: ["--price-prompt", "3", "--price-output", "15"] });
  await signIn(page, await ground.serve());
  await go(page, "/settings/models");
  const row = (name: string) => page.getByRole("table", { name: "Models" }).getByRole("row").filter({ hasText: name });

  await page.getByRole("button", { name: "Get small" }).click();
  await expect(row("small").getByRole("meter")).toHaveAttribute("aria-valuetext", "1.9 MiB of 3.8 MiB");
  await page.getByRole("button", { name: "Stop getting small" }).click();
  await expect(page.getByRole("button", { name: "Get small" })).toBeVisible();
  await page.getByRole("button", { name: "Get gone" }).click();
  await expect(row("gone")).toContainText("127.0.0.1:9");

  await page.getByRole("button", { name: "More for far" }).click();
  await page.getByRole("menuitem", { name: "Say its price" }).click();
  const price = page.getByRole("dialog", { name: "The price of far" });
  await price.getByLabel("A million tokens read").fill("7");
  await price.getByLabel("A million tokens written").fill("21");
  await price.getByRole("button", { name: "Say so" }).click();
  await expect(row("far")).toContainText("$7");
  await page.getByRole("button", { name: "More for far" }).click();
  await page.getByRole("menuitem", { name: "Remove" }).click();
  await page.getByRole("dialog", { name: "Remove far" }).getByRole("button", { name: "Remove it" }).click();
  await expect(row("far")).toHaveCount(0);
  await go(page, "/settings/deeds");
  await expect(page.getByRole("table", { name: "What people did" })).toContainText("removed the model far");
  source.closeAllConnections();
  source.close();
});

test("the prices of others are looked at, and what was seen is taken in", async ({ page, ground, watch }) => {
  watch.allow(/409.*prices\/level|40[03].*prices\/import/);
  const row = (cost: string) => `{"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": ${cost}, "output_cost_per_token": 8e-06}`;
  const say = (prompt: string) => ground.configure("list.json", `{"gpt-4o": ${row(prompt)}, "gpt-4o-mini": ${row("1.5e-1")}}`);
  await ground.model();
  await signIn(page, await ground.serve());
  await go(page, "/compute/prices");
  await page.getByRole("button", { name: "Take in prices" }).click();
  const dialog = page.getByRole("dialog", { name: "Take in prices" });
  const look = dialog.getByRole("button", { name: "See what would change" });

  await dialog.getByLabel("Where they are").fill("/nowhere.json");
  await look.click();
  await expect(dialog.getByRole("alert")).toContainText("/nowhere.json");
  say("2e-06");
  await dialog.getByLabel("Where they are").fill(`${ground.dir}/config/list.json`);
  await look.click();
  const changed = dialog.getByRole("table", { name: "What would change" });
  await expect(changed.getByRole("row").nth(1)).toContainText(/openai.gpt-4o.*\$2\.50 →.*\$2/);
  await expect(dialog).toContainText("2 rows: 1 would change, 1 are refused.");
  await dialog.getByText("Refused: 1").click();
  await expect(dialog.getByRole("listitem")).toContainText("openai/gpt-4o-mini");

  // What is there by now is other than what was seen: nothing is taken.
  say("2.1e-06");
  await dialog.getByRole("button", { name: "Take in 1 price" }).click();
  await expect(dialog.getByRole("alert")).toContainText("no longer what you saw");
  await look.click();
  await expect(changed).toContainText("$2.10");
  await dialog.getByRole("button", { name: "Take in 1 price" }).click();
  await expect(dialog).toHaveCount(0);
  await page.getByLabel("Name", { exact: true }).fill("openai gpt-4o");
  const own = page.getByRole("table", { name: "What models cost" }).getByRole("row").filter({ hasText: "yours" });
  await expect(own).toContainText("$2.10");
  await expect(own).toHaveCount(1);
  await go(page, "/settings/deeds");
  await expect(page.getByRole("table", { name: "What people did" })).toContainText(/took in the prices of .*list\.json/);
});

test("what is accepted unseen is told, and how far each kind of work is from it", async ({ page, ground }) => {
  ground.configure("policy.toml", UNSEEN);
  await ground.model();
  await signIn(page, await ground.serve());
  await go(page, "/coworkers/policy");
  const unseen = page.getByRole("region", { name: "Accepted unseen" });
  await expect(unseen).toContainText("Nothing was reviewed yet");
  const task = await handOut(page, ground, "The median of an even number is wrong");
  await expect.poll(async () => (await api(page, `/tasks/${task}`)).body.card.state, { timeout: 30_000 }).toBe("to-review");
  expect((await api(page, `/tasks/${task}/accept`, { how: "branch", name: null, unchecked: true })).status).toBe(200);
  await go(page, "/coworkers/policy");
  await expect(unseen).toContainText("more than 95 %");
  await expect(unseen.getByRole("row").nth(1)).toContainText(/stats.*far.*1.*%.*waits for you/);
});

test("who looks at something else is told by the browser, once and of that alone", async ({ page, ground }) => {
  // The browser of the tests shows no notices: what it would show is kept.
  await page.addInitScript(() => {
    const shown: { title: string; body: string; tag: string; click: () => void }[] = [];
    class Kept {
      static permission = "default";
      static requestPermission = async () => (Kept.permission = "granted");
      onclick = () => {};
      constructor(title: string, { body, tag }: { body: string; tag: string }) {
        shown.push({ title, body, tag, click: () => this.onclick() });
      }
      close() {}
    }
    Object.assign(window, { Notification: Kept, shown, away: false });
    Object.defineProperty(Document.prototype, "hidden", { get: () => (window as unknown as { away: boolean }).away });
  });
  const shown = () => page.evaluate(() => (window as unknown as { shown: { title: string; body: string; tag: string }[] }).shown.map(({ title, body, tag }) => ({ title, body, tag })));
  await ground.model();
  await signIn(page, await ground.serve());
  await go(page, "/settings/notifications");
  await page.getByRole("region", { name: "In this browser" }).getByRole("button").first().click();
  const state = async (task: number) => (await api(page, `/tasks/${task}`)).body.card.state;
  const seen = await handOut(page, ground, "The median of an even number is wrong");
  await expect.poll(() => state(seen), { timeout: 30_000 }).toBe("to-review");
  await page.evaluate(() => Object.assign(window, { away: true }));
  const task = await handOut(page, ground, "So is this\nwith more to say");
  await expect.poll(shown, { timeout: 30_000 }).toEqual([{ title: `Task ${task} is ready to be judged`, body: "So is this", tag: `tenfold-${task}-to-review` }]);
  await page.evaluate(() => (window as unknown as { shown: { click: () => void }[] }).shown[0]!.click());
  await expect(page).toHaveURL(new RegExp(`/tasks/${task}$`));
  expect(await shown()).toHaveLength(1);
});
