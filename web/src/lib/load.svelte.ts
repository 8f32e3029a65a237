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
  async read(path: string, query: Query = {}): Promise<T | null> {
    this.abort?.abort();
    this.abort = new AbortController();
    const turn = (this.turn += 1);
    this.loading = true;
    try {
      const value = await get<T>(path, query, this.abort.signal);
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
