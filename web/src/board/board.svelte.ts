// The board's cards as they are known here: read once, then kept by the stream of events. Counts
// of a column are the server's, corrected by what is seen to move.
import { asProblem, get, type Problem, type Query } from "../lib/api";
import { events, type Happened } from "../lib/events.svelte";
import type { Board, Card, Column, TaskList } from "../lib/types";

export const COLUMNS: { column: Column; title: string; empty: string }[] = [
  { column: "queued", title: "Queued", empty: "Nothing waits to be begun." },
  { column: "working", title: "Working", empty: "Nobody is at work." },
  { column: "needs-you", title: "Needs you", empty: "Nobody asks you anything." },
  { column: "to-review", title: "To review", empty: "No proposals to look at." },
  { column: "done", title: "Done", empty: "Nothing accepted or rejected yet." },
];

export interface Filters {
  q: string;
  account: string;
  role: string;
  label: string;
  workspace: string;
}

interface Lane {
  cards: Card[];
  count: number;
  next: number | null;
}

const PAGE = 60;
const AGAIN_AFTER_MS = 600;
/** Counts alone may wait: with a thousand at work there is always something to count anew. */
const COUNT_AFTER_MS = 5_000;
const nothing = (): Record<Column, Lane> =>
  Object.fromEntries(COLUMNS.map(({ column }) => [column, { cards: [], count: 0, next: null }])) as unknown as Record<Column, Lane>;

export class BoardState {
  lanes = $state.raw(nothing());
  problem = $state.raw<Problem | null>(null);
  /** Whether anything was ever read. */
  read_once = $state(false);
  loading = $state(false);
  /** What the coworkers of a task do just now, in words; lossy. */
  doing = $state.raw<Record<number, string>>({});

  /** Whose board it is: nobody is shown what somebody else was shown here. */
  private person: number | null = null;
  private filters: Filters = { q: "", account: "", role: "", label: "", workspace: "" };
  private turn = 0;
  private changed = new Map<number, Card>();
  private said = new Map<number, string>();
  private frame = 0;
  private again: { timer: ReturnType<typeof setTimeout>; at_ms: number; keeps: boolean } | null = null;
  private reading_more = new Set<Column>();

  /** Reads the board anew under `filters`. With `keeps`, nothing was missed meanwhile: of a column
      that was read further than its first page, what comes after that stays. */
  async read(filters: Filters = this.filters, keeps = false) {
    this.filters = filters;
    const turn = (this.turn += 1);
    this.loading = true;
    try {
      const board = await get<Board>("/board", { ...filters, limit: PAGE } satisfies Query);
      if (turn !== this.turn) return;
      const lanes = nothing();
      for (const { column, tasks, count, next } of board.columns) {
        const before = this.lanes[column];
        const last = tasks.at(-1)?.task ?? 0;
        const more = keeps && next !== null ? before.cards.filter(({ task }) => task < last) : [];
        lanes[column] = more.length > 0 ? { cards: [...tasks, ...more], count, next: before.next } : { cards: tasks, count, next };
      }
      this.lanes = lanes;
      this.problem = null;
      this.read_once = true;
    } catch (thrown) {
      if (turn === this.turn) this.problem = asProblem(thrown);
    } finally {
      if (turn === this.turn) this.loading = false;
    }
  }

  /** Makes it the board of `person`. */
  belongsTo(person: number | null) {
    if (person === this.person) return;
    this.person = person;
    this.turn += 1;
    this.lanes = nothing();
    this.read_once = false;
    this.doing = {};
  }

  /** Reads on where a column goes on. */
  async more(column: Column) {
    const { next } = this.lanes[column];
    if (next === null || this.reading_more.has(column)) return;
    this.reading_more.add(column);
    const turn = this.turn;
    try {
      const list = await get<TaskList>("/tasks", { ...this.filters, column, past: next, limit: PAGE });
      if (turn !== this.turn) return;
      const lane = this.lanes[column];
      const known = new Set(lane.cards.map(({ task }) => task));
      const cards = [...lane.cards, ...list.tasks.filter(({ task }) => !known.has(task))];
      this.lanes = { ...this.lanes, [column]: { ...lane, cards, next: list.next } };
    } catch {
      // The end of the column tries again when it is next seen.
    } finally {
      this.reading_more.delete(column);
    }
  }

  /** Follows the events, until the answer is called. */
  follow(): () => void {
    const off = events.on((happened) => this.hear(happened));
    return () => {
      off();
      cancelAnimationFrame(this.frame);
      if (this.again) clearTimeout(this.again.timer);
      this.again = null;
    };
  }

  /** All cards that are here, by task. */
  find(task: number): Card | undefined {
    for (const { column } of COLUMNS) {
      const found = this.lanes[column].cards.find((card) => card.task === task);
      if (found) return found;
    }
    return undefined;
  }

  private hear(happened: Happened) {
    if (happened.event === "task") this.changed.set(happened.card.task, happened.card);
    else if (happened.event === "reset") this.readSoon();
    else if (happened.event === "progress" && happened.progress.progress === "doing") {
      this.said.set(happened.progress.attempt.task, happened.progress.what);
    } else return;
    if (this.frame === 0) this.frame = requestAnimationFrame(() => this.flush());
  }

  /** Whatever came since the last picture, at once. */
  private flush() {
    this.frame = 0;
    if (this.said.size > 0) this.doing = { ...this.doing, ...Object.fromEntries(this.said) };
    this.said.clear();
    if (this.changed.size === 0) return;
    const lanes = { ...this.lanes };
    let strange = false;
    const beyond = [...this.changed.values()].some((card) => !this.find(card.task) && !this.reaches(card));
    for (const { column } of COLUMNS) {
      const lane = lanes[column];
      const kept = lane.cards.filter(({ task }) => !this.changed.has(task));
      const came = [...this.changed.values()].filter((card) => card.column === column && this.reaches(card) && this.fits(card));
      const gone = lane.cards.length - kept.length;
      if (gone === 0 && came.length === 0) continue;
      strange ||= came.some(({ task }) => !this.find(task));
      const cards = [...kept, ...came].sort((a, b) => b.task - a.task);
      lanes[column] = { ...lane, cards, count: Math.max(cards.length, lane.count - gone + came.length) };
    }
    this.changed.clear();
    this.lanes = lanes;
    // A card that was not here may have been counted already: the server knows.
    if (strange) this.readSoon(AGAIN_AFTER_MS, true);
    else if (beyond) this.readSoon(COUNT_AFTER_MS, true);
  }

  /** Whether its column is known down to where the card is. */
  private reaches(card: Card): boolean {
    const { cards, next } = this.lanes[card.column];
    return next === null || card.task >= (cards.at(-1)?.task ?? 0);
  }

  private fits(card: Card): boolean {
    const { q, account, role, label, workspace } = this.filters;
    if (q && !card.text.toLowerCase().includes(q.toLowerCase()) && String(card.task) !== q) return false;
    if (account && String(card.account) !== account) return false;
    if (role && card.role !== role) return false;
    if (label && !card.labels.includes(label)) return false;
    return !workspace || card.workspace === workspace;
  }

  private readSoon(after_ms = AGAIN_AFTER_MS, keeps = false) {
    const soonest_ms = Math.min(this.again?.at_ms ?? Infinity, performance.now() + after_ms);
    if (this.again) clearTimeout(this.again.timer);
    const all_keep = keeps && (this.again?.keeps ?? true);
    const timer = setTimeout(() => {
      this.again = null;
      void this.read(this.filters, all_keep);
    }, soonest_ms - performance.now());
    this.again = { timer, at_ms: soonest_ms, keeps: all_keep };
  }
}

/** Kept while other pages are shown, so that coming back shows it at once. */
export const board = new BoardState();
