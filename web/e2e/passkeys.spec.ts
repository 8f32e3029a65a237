// Passkeys, with an authenticator that the browser plays: added, used, copied, removed.
import type { CDPSession, Page } from "@playwright/test";
import { expect, go, isLive, signIn, test } from "./page";

const OPTIONS = { protocol: "ctap2", ctap2Version: "ctap2_1", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true } as const;

async function leave(page: Page) {
  await page.keyboard.press("Control+k");
  await page.keyboard.type("sign out");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "Sign in to Tenfold" })).toBeVisible();
}

const enter = (page: Page) => page.getByRole("button", { name: "Sign in with a passkey" }).click();

/** Has the one passkey count from here, as a copy of it would that was made earlier. */
async function counts(cdp: CDPSession, authenticatorId: string, signCount: number) {
  const { credentials } = await cdp.send("WebAuthn.getCredentials", { authenticatorId });
  const credential = credentials[0]!;
  await cdp.send("WebAuthn.removeCredential", { authenticatorId, credentialId: credential.credentialId });
  await cdp.send("WebAuthn.addCredential", { authenticatorId, credential: { ...credential, signCount } });
}

test("a passkey signs in until it is removed, and a copy of it does not", async ({ page, ground, watch }) => {
  // What is asked by the number is told from what is asked by the name.
  watch.allow(/status of 40[13]/, /^asked http:\/\/127\.0\.0\.1:/);
  await signIn(page, await ground.serve());
  // A number is no name that a passkey could belong to: the page says where to go.
  await go(page, "/settings/you");
  const passkeys = page.getByRole("region", { name: "Passkeys" });
  await expect(passkeys).toContainText("Browsers tie a passkey to a name");
  await expect(passkeys.getByRole("button", { name: "Add one" })).toHaveAttribute("aria-disabled", "true");
  ground.origin = ground.origin.replace("127.0.0.1", "localhost");
  await expect(passkeys.getByRole("link", { name: ground.origin })).toBeVisible();

  const cdp = await page.context().newCDPSession(page);
  await cdp.send("WebAuthn.enable");
  const { authenticatorId } = await cdp.send("WebAuthn.addVirtualAuthenticator", { options: OPTIONS });
  await signIn(page, (await ground.link()).replace("127.0.0.1", "localhost"));
  await go(page, "/settings/you");
  await passkeys.getByRole("button", { name: "Add one" }).click();
  await page.getByRole("textbox", { name: "Name" }).fill("the blue key");
  await page.getByRole("button", { name: "Make it" }).click();
  const row = passkeys.getByRole("row", { name: /the blue key/ });
  await expect(row).toBeVisible();
  await passkeys.getByRole("button", { name: "Rename the passkey the blue key" }).click();
  await page.getByRole("textbox", { name: "Name" }).fill("the red key");
  await page.getByRole("button", { name: "Rename it" }).click();
  await expect(passkeys.getByRole("row", { name: /the red key/ })).toBeVisible();

  await leave(page);
  await enter(page);
  await isLive(page);
  await leave(page);
  await counts(cdp, authenticatorId, 0);
  await enter(page);
  await expect(page.getByRole("alert")).toContainText("copy of the passkey 'the red key'");
  // Whichever of both counts further: from then on it lets nobody in.
  await counts(cdp, authenticatorId, 100);
  await enter(page);
  await expect(page.getByRole("alert")).toContainText("copy of the passkey 'the red key'");
  await signIn(page, (await ground.link()).replace("127.0.0.1", "localhost"));
  await go(page, "/settings/deeds");
  await expect(page.getByRole("table", { name: "What people did" })).toContainText("signed in by a copy of their passkey");

  await go(page, "/settings/you");
  await expect(passkeys.getByRole("row", { name: /the red key/ })).toContainText("copied");
  await passkeys.getByRole("button", { name: "Remove the passkey the red key" }).click();
  await expect(passkeys.getByRole("row", { name: /the red key/ })).toHaveCount(0);
  await leave(page);
  await enter(page);
  await expect(page.getByRole("alert")).toContainText("lets nobody in here");
});

test("a browser without passkeys is told so, and signs in otherwise", async ({ page, ground, watch }) => {
  watch.allow(/status of 401/);
  await page.addInitScript(() => Reflect.deleteProperty(window, "PublicKeyCredential"));
  const link = (await ground.serve()).replace("127.0.0.1", "localhost");
  ground.origin = ground.origin.replace("127.0.0.1", "localhost");
  await page.goto(ground.origin);
  await expect(page.getByText("This browser has no passkeys")).toBeVisible();
  await expect(page.getByRole("button", { name: "Sign in with a passkey" })).toHaveCount(0);
  await signIn(page, link);
  await go(page, "/settings/you");
  await expect(page.getByRole("region", { name: "Passkeys" })).toContainText("This browser has no passkeys");
});
