// Signing in at a provider, which is another site: a browser goes there and comes back, with the
// strict cookies that it is sent nowhere else.
import { expect, isLive, test } from "./page";
import { Provider } from "./provider";

test("who a provider names comes in, and who says no or is nobody here does not", async ({ page, ground, watch }) => {
  const provider = await Provider.start();
  const there = provider.issuer.replaceAll(".", "\\.");
  watch.allow(/status of 40[13]/, new RegExp(`^asked ${there}/`));
  ground.configure("sign-in.toml", `[oidc]\nname = "Example"\nissuer = "${provider.issuer}"\nclient-id = "tenfold"\n[oidc.people]\n"ada@example.com" = "ada"\n`);
  await ground.serve();
  await ground.tenfold("people", "add", "ada");
  const enter = async (answer: "Yes" | "No") => {
    await page.getByRole("button", { name: "Sign in with Example" }).click();
    await page.getByRole("link", { name: answer }).click();
  };

  await page.goto(ground.origin);
  await enter("No");
  await expect(page.getByRole("alert")).toContainText("access_denied");
  await expect(page).toHaveURL(/\/sign-in$/);
  provider.email = "eve@example.com";
  await enter("Yes");
  await expect(page.getByRole("alert")).toContainText("you are eve@example.com");
  provider.email = "ada@example.com";
  await enter("Yes");
  await isLive(page);
  await expect(page.locator(".who")).toContainText("ada");
  // What brought them in is gone from the address, and from the way back.
  expect(page.url()).not.toContain("code");
  await page.reload();
  await isLive(page);
  await provider.end();
});
