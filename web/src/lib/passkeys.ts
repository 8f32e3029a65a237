// Passkeys, as the browser has them: made and shown by `navigator.credentials`, in the form of
// WebAuthn's JSON. Which challenge that answers, and whether it is right, is for the server.
import { asProblem, post, Problem } from "./api";
import type { Session } from "./types";

/** Why this browser, on this page, can't use them; null where it can. `at` is the origin whose
    pages can. */
export function whyNoPasskeys(at: string | null): string | null {
  if (at !== location.origin) return "Browsers tie a passkey to a name and to one address.";
  if (typeof PublicKeyCredential === "undefined" || !PublicKeyCredential.parseRequestOptionsFromJSON) return "This browser has no passkeys, or is too old for them.";
  return null;
}

interface Asked<Options> {
  options: Options;
}

/** Has a passkey made, and adds it by this name. */
export async function addPasskey(name: string): Promise<void> {
  const { options } = await post<Asked<PublicKeyCredentialCreationOptionsJSON>>("/passkeys/begin");
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
  const credential = await shown(navigator.credentials.create({ publicKey }));
  await post("/passkeys", { name, credential });
}

/** Signs in whoever has a passkey. */
export async function enterByPasskey(): Promise<Session> {
  const { options } = await post<Asked<PublicKeyCredentialRequestOptionsJSON>>("/session/passkey/begin");
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
  const credential = await shown(navigator.credentials.get({ publicKey }));
  return post<Session>("/session/passkey", { credential });
}

async function shown(asked: Promise<Credential | null>): Promise<unknown> {
  try {
    return ((await asked) as PublicKeyCredential).toJSON();
  } catch (thrown) {
    const name = thrown instanceof DOMException ? thrown.name : "";
    if (name === "InvalidStateError") throw new Problem("conflict", "There is a passkey of yours on this device already.");
    if (name === "NotAllowedError" || name === "AbortError") throw new Problem("stopped", "No passkey was used: the browser was told not to, or nobody answered.", "Try once more.");
    throw asProblem(thrown);
  }
}
