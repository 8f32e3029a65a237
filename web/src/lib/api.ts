// How the page speaks with the server: one typed function for each method, one kind of error.
import type { ProblemKind } from "./types";
import { session } from "./session.svelte";

const BASE = "/api/v1";
/** How long reading may take. What changes something may take minutes: a check may have to run. */
const PATIENCE_MS = 30_000;
/** After so long it is said again, where the line broke before the answer was here. */
const AGAIN_AFTER_MS = 500;

/** Why something could not be done: in words for people, with what to do where that is known. */
export class Problem extends Error {
  constructor(
    readonly kind: ProblemKind,
    what: string,
    readonly advice: string | null = null,
    readonly status = 0,
  ) {
    super(what);
    this.name = "Problem";
  }
}

/** What was thrown, as a [`Problem`]. */
export function asProblem(thrown: unknown): Problem {
  if (thrown instanceof Problem) return thrown;
  return new Problem("internal", thrown instanceof Error ? thrown.message : String(thrown));
}

export type Query = Record<string, string | number | boolean | null | undefined>;

/** A path with its query; what is null, undefined or empty is left out. */
export function withQuery(path: string, query: Query = {}): string {
  const given = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== "");
  if (given.length === 0) return path;
  const search = new URLSearchParams(given.map(([name, value]) => [name, String(value)]));
  return `${path}?${search}`;
}

/** Reads `path` (under `/api/v1`). */
export function get<T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<T> {
  return call<T>(withQuery(path, query), signal);
}

/** Changes something, however long that takes. If the line breaks before the answer is here, the
    same is said once more with the same key: the server answers what it answered, or waits for
    the first to end, and does it once. It keeps keys in memory and for who is signed in: what was
    under way when the server itself ended may be done twice. */
export function post<T>(path: string, body: unknown = {}): Promise<T> {
  return change<T>("POST", path, body);
}

/** The same, for what ends something. */
export function del<T>(path: string): Promise<T> {
  return change<T>("DELETE", path, {});
}

async function call<T>(path: string, signal?: AbortSignal): Promise<T> {
  const patience = AbortSignal.timeout(PATIENCE_MS);
  const headers = { accept: "application/json" };
  try {
    const answer = await fetch(BASE + path, { headers, credentials: "same-origin", signal: signal ? AbortSignal.any([signal, patience]) : patience });
    return await read<T>(answer, path);
  } catch (thrown) {
    if (signal?.aborted || thrown instanceof Problem) throw thrown;
    throw patience.aborted ? late() : offline();
  }
}

async function change<T>(method: "POST" | "DELETE", path: string, body: unknown): Promise<T> {
  const headers = { accept: "application/json", "content-type": "application/json", "idempotency-key": key() };
  const say = async () => read<T>(await fetch(BASE + path, { method, headers, body: JSON.stringify(body), credentials: "same-origin" }), path);
  try {
    return await say();
  } catch (thrown) {
    if (thrown instanceof Problem) throw thrown;
  }
  await new Promise((resolve) => setTimeout(resolve, AGAIN_AFTER_MS));
  try {
    return await say();
  } catch (thrown) {
    throw thrown instanceof Problem ? thrown : offline();
  }
}

const offline = () => new Problem("offline", "Tenfold does not answer.", "Is `tenfold serve` still running?");
const late = () => new Problem("late", `Tenfold has not answered within ${PATIENCE_MS / 1000} seconds.`, "It is there, and has much to do: try again in a moment.");

async function read<T>(answer: Response, path: string): Promise<T> {
  const text = await answer.text();
  const said: unknown = text === "" ? null : parse(text);
  if (answer.ok) return said as T;
  if (answer.status === 401 && !path.startsWith("/session")) session.lost();
  throw problemOf(said, answer.status);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function problemOf(said: unknown, status: number): Problem {
  const { kind, what, text, to_do, advice } = (said ?? {}) as Record<string, string | undefined>;
  const words = what ?? text ?? `The server answered with ${status}.`;
  const sort = status === 401 ? "signed-out" : ((kind as ProblemKind | undefined) ?? "internal");
  return new Problem(sort, words, to_do ?? advice ?? null, status);
}

/** A fresh idempotency key; `randomUUID` is missing on plain HTTP beyond loopback. */
function key(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
