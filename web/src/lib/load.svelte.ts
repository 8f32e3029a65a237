// Something read from the server, with what a page needs to show meanwhile: nothing yet, a
// problem, or what was last known while it is read again.
import { asProblem, get, type Problem, type Query } from "./api";

export class Loaded<T> {
  value = $state.raw<T | null>(null);
  problem = $state.raw<Problem | null>(null);
  loading = $state(false);
  private turn = 0;
  private abort: AbortController | null = null;

  /** Reads `path`; an older reading that is still under way is given up. */
  read(path: string, query: Query = {}): Promise<T | null> {
    return this.take((signal) => get<T>(path, query, signal));
  }

  protected async take(ask: (signal: AbortSignal) => Promise<T>): Promise<T | null> {
    this.abort?.abort();
    this.abort = new AbortController();
    const turn = (this.turn += 1);
    this.loading = true;
    try {
      const value = await ask(this.abort.signal);
      if (turn !== this.turn) return null;
      this.value = value;
      this.problem = null;
      return value;
    } catch (thrown) {
      if (turn === this.turn && !(thrown instanceof DOMException)) this.problem = asProblem(thrown);
      return null;
    } finally {
      if (turn === this.turn) this.loading = false;
    }
  }

  clear() {
    this.abort?.abort();
    this.turn += 1;
    this.value = null;
    this.problem = null;
    this.loading = false;
  }
}

const MOST = 1_000;

/** A list that the server tells in parts: the first is read, and the next when it is wanted. */
export class Listed<T> extends Loaded<T[]> {
  /** What the next part is past; none if all is here. */
  next = $state.raw<number | null>(null);
  private query: Query = {};

  /** The list at `path`, whose rows are called as its last word is. */
  constructor(
    private readonly path: string,
    private readonly part = 200,
  ) {
    super();
  }

  /** Reads it anew, as much of it as is here; of another query, its first part. */
  list(query: Query = this.query): Promise<T[] | null> {
    const here = query === this.query ? (this.value?.length ?? 0) : 0;
    this.query = query;
    return this.take((signal) => this.rows({ limit: Math.min(MOST, Math.max(this.part, here)) }, [], signal));
  }

  /** Reads the next part. */
  more(): Promise<T[] | null> {
    const { next, value } = this;
    return this.take((signal) => this.rows({ past: next, limit: this.part }, value ?? [], signal));
  }

  private async rows(part: Query, before: T[], signal: AbortSignal): Promise<T[]> {
    const told = await get<Record<string, T[]> & { next: number | null }>(this.path, { ...this.query, ...part }, signal);
    this.next = told.next;
    return [...before, ...(told[this.path.slice(1)] ?? [])];
  }
}
