// How many tasks wait for the person, for the title and the navigation of every page.
import { get } from "./api";
import { events } from "./events.svelte";
import type { Board } from "./types";

/** Many changes at once are one reading. */
const PATIENCE_MS = 400;
/** With many at work something changes all the time. */
const BETWEEN_MS = 5_000;

class Waiting {
  count = $state(0);
  private timer: ReturnType<typeof setTimeout> | null = null;
  private read_at_ms = -BETWEEN_MS;

  /** Keeps the count, until the answer is called. */
  follow(): () => void {
    this.read_at_ms = -BETWEEN_MS;
    this.soon();
    const off = events.on((happened) => {
      if (happened.event === "task" || happened.event === "reset") this.soon();
    });
    return () => {
      off();
      if (this.timer) clearTimeout(this.timer);
      this.timer = null;
    };
  }

  private soon() {
    const wait_ms = Math.max(PATIENCE_MS, this.read_at_ms + BETWEEN_MS - performance.now());
    this.timer ??= setTimeout(() => void this.read(), wait_ms);
  }

  private async read() {
    this.timer = null;
    this.read_at_ms = performance.now();
    try {
      const board = await get<Board>("/board", { limit: 0 });
      this.count = board.columns.find(({ column }) => column === "needs-you")?.count ?? 0;
    } catch {
      // The next change asks again.
    }
  }
}

export const waiting = new Waiting();
