// The small embedded model itself, from a wish on the page to the end of the work, whatever it
// comes to: that what a real model does is shown as it is.
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { CHECK } from "./ground";
import { expect, signIn, test } from "./page";

const MODEL = "qwen2.5-coder-0.5b";

/** The person's own cache, where setup puts the models. */
function cache(): string {
  const { TENFOLD_CACHE_DIR, XDG_CACHE_HOME } = process.env;
  return TENFOLD_CACHE_DIR ?? (XDG_CACHE_HOME ? join(XDG_CACHE_HOME, "tenfold") : join(homedir(), ".cache/tenfold"));
}

test("the embedded model works on a task that is handed out on the page", async ({ page, ground }) => {
  test.setTimeout(200_000);
  const file = join(cache(), `models/${MODEL}-instruct-q4_k_m.gguf`);
  expect(existsSync(file), `the model is not here, so nothing was tested: \`cargo xtask setup --for test\` brings it (${file})`).toBe(true);
  ground.variables.TENFOLD_CACHE_DIR = cache();
  ground.variables.TENFOLD_MODEL_PROGRAM = "";
  await signIn(page, await ground.serve());
  await page.getByRole("link", { name: "New work" }).first().click();
  await page.getByLabel("What is to be done").fill("The median of an even number of values is wrong");
  await page.getByLabel("Repository or folder").fill(ground.repo);
  await page.getByLabel("Check", { exact: true }).fill(CHECK);
  await page.getByLabel("Model", { exact: true }).selectOption(MODEL);
  await page.getByText("More to say").click();
  await page.getByLabel("Attempts", { exact: true }).fill("1");
  await page.getByLabel("Minutes at most").fill("2");
  await expect(page.getByRole("region", { name: "Quote" })).toContainText(MODEL);
  await page.getByRole("button", { name: "Start now" }).click();
  await expect(page).toHaveURL(/\/tasks\/1$/);
  await expect(page.locator(".facts")).toContainText(/To review|Needs you/, { timeout: 150_000 });
  const steps = page.getByRole("region", { name: "What was said and done" });
  await expect(steps).toContainText("The check, before anything is done");
});
