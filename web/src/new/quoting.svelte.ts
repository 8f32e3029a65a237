// The quote beside the form: asked for anew a moment after the form has changed, and only the
// newest answer counts.
import { asProblem, post, type Problem } from "../lib/api";
import type { NewTask, Quote } from "../lib/house";

const WAIT_MS = 350;

export class Quoting {
  quote = $state.raw<Quote | null>(null);
  problem = $state.raw<Problem | null>(null);
  busy = $state(false);
  private turn = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;

  /** Asks for a quote of `task`; none: there is nothing to ask about. */
  ask(task: NewTask | null) {
    clearTimeout(this.timer);
    this.turn += 1;
    if (task === null) {
      this.quote = this.problem = null;
      this.busy = false;
      return;
    }
    this.busy = true;
    const turn = this.turn;
    this.timer = setTimeout(() => void this.read(task, turn), WAIT_MS);
  }

  private async read(task: NewTask, turn: number) {
    try {
      const quote = await post<Quote>("/quote", task);
      if (turn !== this.turn) return;
      this.quote = quote;
      this.problem = null;
    } catch (thrown) {
      if (turn !== this.turn) return;
      this.problem = asProblem(thrown);
      this.quote = null;
    }
    this.busy = false;
  }
}
