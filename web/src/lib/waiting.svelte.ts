// How many tasks wait for the person, for the title and the navigation of every page.
import { get } from "./api";
import { events } from "./events.svelte";
import type { Board } from "./types";

const PATIENCE_MS = 400;

class Waiting {
  count = $state(0);
  private timer: ReturnType<typeof setTimeout> | null = null;

  /** Keeps the count, until the answer is called. */
  follow(): () => void {
    this.soon();
    return events.on((happened) => {
      if (happened.event === "task" || happened.event === "reset") this.soon();
    });
  }

  /** Many changes at once are one reading. */
  private soon() {
    this.timer ??= setTimeout(() => {
      this.timer = null;
      get<Board>("/board", { limit: 1 }).then(
        (board) => (this.count = board.columns.find(({ column }) => column === "needs-you")?.count ?? 0),
        () => undefined,
      );
    }, PATIENCE_MS);
  }
}

export const waiting = new Waiting();
