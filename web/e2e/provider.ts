// A provider of OpenID Connect at a site of its own, where a person says yes to who they are.
import { createHash, generateKeyPairSync, sign, type KeyObject } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

const text = (what: unknown) => Buffer.from(typeof what === "string" ? what : JSON.stringify(what)).toString("base64url");

export class Provider {
  /** Who says yes next. */
  email = "ada@example.com";
  private readonly keys = generateKeyPairSync("ec", { namedCurve: "P-256" });
  private readonly asked = new Map<string, URLSearchParams>();

  private constructor(private readonly server: Server) {
    server.on("request", (request, response) => void this.answer(request, response));
  }

  static async start(): Promise<Provider> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new Provider(server);
  }

  /** By a name that is another site than the page's. */
  get issuer(): string {
    return `http://localhost:${(this.server.address() as AddressInfo).port}`;
  }

  async end() {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async answer(request: IncomingMessage, response: ServerResponse) {
    const url = new URL(request.url ?? "/", this.issuer);
    const say = (said: unknown, kind = "application/json") => response.setHeader("content-type", kind).end(typeof said === "string" ? said : JSON.stringify(said));
    const at = (path: string) => this.issuer + path;
    if (url.pathname === "/.well-known/openid-configuration") {
      return say({ issuer: this.issuer, authorization_endpoint: at("/authorize"), token_endpoint: at("/token"), jwks_uri: at("/keys"), response_types_supported: ["code"], subject_types_supported: ["public"], id_token_signing_alg_values_supported: ["ES256"] });
    }
    if (url.pathname === "/keys") return say({ keys: [{ ...(this.keys.publicKey as KeyObject).export({ format: "jwk" }), kid: "1", alg: "ES256", use: "sig" }] });
    if (url.pathname === "/authorize") return say(this.ask(url.searchParams), "text/html");
    if (url.pathname === "/token") return say(await this.token(request));
    response.writeHead(404).end();
  }

  private ask(asked: URLSearchParams): string {
    const code = `code-${this.asked.size}`;
    this.asked.set(code, asked);
    const back = (answer: string) => `${asked.get("redirect_uri")}?${answer}&amp;state=${asked.get("state")}`;
    return `<!doctype html><title>Provider</title><link rel="icon" href="data:,"><a href="${back(`code=${code}`)}">Yes</a> <a href="${back("error=access_denied")}">No</a>`;
  }

  private async token(request: IncomingMessage) {
    let body = "";
    for await (const part of request) body += String(part);
    const said = new URLSearchParams(body);
    const asked = this.asked.get(said.get("code") ?? "");
    const challenge = createHash("sha256").update(said.get("code_verifier") ?? "").digest("base64url");
    if (asked?.get("code_challenge") !== challenge) return { error: "invalid_grant" };
    const now = Math.floor(Date.now() / 1000);
    const claims = { iss: this.issuer, aud: asked.get("client_id"), sub: this.email, nonce: asked.get("nonce"), iat: now, exp: now + 60, email: this.email, email_verified: true };
    const signed = `${text({ alg: "ES256", kid: "1" })}.${text(claims)}`;
    const signature = sign("sha256", Buffer.from(signed), { key: this.keys.privateKey, dsaEncoding: "ieee-p1363" });
    return { access_token: "x", token_type: "Bearer", id_token: `${signed}.${signature.toString("base64url")}` };
  }
}
