// How the page speaks with the server: one typed function for each method, one kind of error.
import type { ProblemKind } from "./types";
import { session } from "./session.svelte";

const BASE = "/api/v1";
const PATIENCE_MS = 30_000;

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
  return call<T>("GET", withQuery(path, query), undefined, signal);
}

/** Changes something; it is done once however often the network makes it be said. */
export function post<T>(path: string, body: unknown = {}): Promise<T> {
  return call<T>("POST", path, body);
}

export function del<T>(path: string): Promise<T> {
  return call<T>("DELETE", path, {});
}

async function call<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const headers: Record<string, string> = { accept: "application/json" };
  if (method !== "GET") {
    headers["content-type"] = "application/json";
    headers["idempotency-key"] = key();
  }
  const patience = AbortSignal.timeout(PATIENCE_MS);
  let answer: Response;
  try {
    answer = await fetch(BASE + path, {
      method,
      headers,
      body: body === undefined ? null : JSON.stringify(body),
      credentials: "same-origin",
      signal: signal ? AbortSignal.any([signal, patience]) : patience,
    });
  } catch (thrown) {
    if (signal?.aborted) throw thrown;
    throw new Problem("offline", "Tenfold does not answer.", "Is `tenfold serve` still running?");
  }
  return read<T>(answer, path);
}

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
