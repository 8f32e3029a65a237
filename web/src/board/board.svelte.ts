// The board's cards as they are known here: read once, then kept by the stream of events. Counts
// of a column are the server's, corrected by what is seen to move.
import { SvelteMap } from "svelte/reactivity";
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
/** The most that is asked for at once, of each column. */
const PAGE_MOST = 1_000;
const AGAIN_AFTER_MS = 600;
/** Counts may wait: with a thousand at work there is always something to count anew. */
const COUNT_AFTER_MS = 5_000;
/** So many cards that came since the board was read are told apart by age. */
const NEWER_MOST = 5_000;
/** Of so many tasks it is known what they do just now. */
const DOING_MOST = 2_000;

type Lanes = Record<Column, Lane>;
const nothing = (): Lanes => Object.fromEntries(COLUMNS.map(({ column }) => [column, { cards: [], count: 0, next: null }])) as unknown as Lanes;

export class BoardState {
  lanes = $state.raw(nothing());
  problem = $state.raw<Problem | null>(null);
  /** Whether anything was ever read. */
  read_once = $state(false);
  loading = $state(false);
  /** What the coworkers of a task do just now, in words; lossy. */
  readonly doing = new SvelteMap<number, string>();

  /** Whose board it is: nobody is shown what somebody else was shown here. */
  private person: number | null = null;
  private filters: Filters = { q: "", account: "", role: "", label: "", workspace: "" };
  private turn = 0;
  /** The newest reading of which the answer is here; older ones that come late are left. */
  private taken = 0;
  /** The place in the journal of which the board was read. */
  private base = 0;
  /** Cards of later places, the newest of each task: they are laid on top of whatever is read. */
  private newer = new Map<number, { seq: number; card: Card }>();
  /** Those of them that are not shown yet. */
  private changed = new Map<number, Card>();
  private said = new Map<number, string>();
  private frame = 0;
  private again: ReturnType<typeof setTimeout> | null = null;
  private counting: ReturnType<typeof setTimeout> | null = null;
  private counted_at_ms = -COUNT_AFTER_MS;
  private reading_more = new Set<Column>();

  /** Reads the board under `filters`: of each column its first page, or as much of it as is here
      already if `extent` says so. */
  async read(filters: Filters = this.filters, extent: "first-page" | "as-here" = "first-page") {
    // Answers under other filters are left, too.
    if ((Object.keys(filters) as (keyof Filters)[]).some((part) => filters[part] !== this.filters[part])) this.taken = this.turn;
    this.filters = filters;
    const turn = (this.turn += 1);
    this.loading = true;
    const longest = Math.max(...COLUMNS.map(({ column }) => this.lanes[column].cards.length));
    const limit = extent === "as-here" ? Math.min(PAGE_MOST, Math.max(PAGE, longest)) : PAGE;
    try {
      const board = await get<Board>("/board", { ...filters, limit } satisfies Query);
      if (turn <= this.taken) return;
      this.taken = turn;
      this.take(board);
    } catch (thrown) {
      if (turn === this.turn) this.problem = asProblem(thrown);
    } finally {
      if (turn === this.turn) this.loading = false;
    }
  }

  /** Takes what was read, and lays on top what has come since the place that it was read of. */
  private take(board: Board) {
    const lanes = nothing();
    for (const { column, tasks, count, next } of board.columns) lanes[column] = { cards: tasks, count, next };
    this.base = board.seq;
    for (const [task, { seq }] of this.newer) if (seq <= board.seq) this.newer.delete(task);
    this.changed.clear();
    this.lay(lanes, [...this.newer.values()].map(({ card }) => card));
    this.problem = null;
    this.read_once = true;
  }

  /** Makes it the board of `person`. */
  belongsTo(person: number | null) {
    if (person === this.person) return;
    this.person = person;
    this.taken = this.turn;
    this.lanes = nothing();
    this.read_once = false;
    this.forget();
    this.doing.clear();
  }

  /** Nothing that came tells what is newer any more. */
  private forget() {
    this.base = 0;
    this.newer.clear();
    this.changed.clear();
  }

  /** Reads on where a column goes on. */
  async more(column: Column) {
    const { next } = this.lanes[column];
    if (next === null || this.reading_more.has(column)) return;
    this.reading_more.add(column);
    const { taken } = this;
    try {
      const list = await get<TaskList>("/tasks", { ...this.filters, column, past: next, limit: PAGE });
      if (taken !== this.taken) return;
      const lane = this.lanes[column];
      const known = new Set(COLUMNS.flatMap((one) => this.lanes[one.column].cards.map(({ task }) => task)));
      // Where nothing has happened, this is of the very place that the board was read of.
      const came = list.tasks.filter(({ task }) => !known.has(task) && (this.newer.get(task)?.seq ?? 0) <= list.seq);
      for (const card of came) this.newer.set(card.task, { seq: list.seq, card });
      this.lanes = { ...this.lanes, [column]: { ...lane, cards: [...lane.cards, ...came], next: list.next } };
      // What has come into that part of the column since.
      const since = [...this.newer.values()].filter(({ seq, card }) => card.column === column && seq > list.seq && !known.has(card.task));
      this.lay(this.lanes, since.map(({ card }) => card));
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
      this.frame = 0;
      clearTimeout(this.again ?? undefined);
      clearTimeout(this.counting ?? undefined);
      this.again = this.counting = null;
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
    if (happened.event === "task") {
      const { seq, card } = happened;
      if (this.isOld(card.task, seq)) return;
      this.newer.set(card.task, { seq, card });
      this.changed.set(card.task, card);
      if (this.newer.size > NEWER_MOST) this.readSoon();
    } else if (happened.event === "reset") {
      this.forget();
      this.readSoon();
      return;
    } else if (happened.event === "progress" && happened.progress.progress === "doing") {
      this.said.set(happened.progress.attempt.task, happened.progress.what);
    } else return;
    if (this.frame === 0) this.frame = requestAnimationFrame(() => this.flush());
  }

  /** Whether as much or more is known of the task than of this place in the journal. */
  private isOld(task: number, seq: number): boolean {
    return seq <= (this.newer.get(task)?.seq ?? this.base);
  }

  /** Whatever came since the last picture, at once. */
  private flush() {
    this.frame = 0;
    for (const [task, what] of this.said) this.doing.set(task, what);
    this.said.clear();
    const cards = [...this.changed.values()];
    this.changed.clear();
    for (const card of cards) if (card.column !== "working") this.doing.delete(card.task);
    for (const task of this.doing.keys()) {
      if (this.doing.size <= DOING_MOST) break;
      this.doing.delete(task);
    }
    if (cards.length > 0) this.lay(this.lanes, cards);
  }

  /** Shows `lanes` with `cards` in them instead of what they have of the same tasks, each in its
      column by its number. A card that was not here may have been counted already, unless it is
      newer than all: of that the server is asked. */
  private lay(lanes: Lanes, cards: Card[]) {
    const known = new Set(COLUMNS.flatMap(({ column }) => lanes[column].cards.map(({ task }) => task)));
    const last = Math.max(0, ...COLUMNS.map(({ column }) => lanes[column].cards[0]?.task ?? 0));
    const tasks = new Set(cards.map(({ task }) => task));
    const fitting = cards.filter((card) => this.fits(card));
    const counted = fitting.filter(({ task }) => known.has(task) || task > last);
    const laid = { ...lanes };
    for (const { column } of COLUMNS) {
      const lane = lanes[column];
      const kept = lane.cards.filter(({ task }) => !tasks.has(task));
      const came = fitting.filter((card) => card.column === column && reaches(lane, card));
      const gone = lane.cards.length - kept.length;
      const more = counted.filter((card) => card.column === column).length;
      if (gone === 0 && more === 0 && came.length === 0) continue;
      const all = [...kept, ...came].sort((a, b) => b.task - a.task);
      laid[column] = { ...lane, cards: all, count: Math.max(all.length, lane.count - gone + more) };
    }
    this.lanes = laid;
    if (counted.length < fitting.length) this.countSoon();
  }

  private fits(card: Card): boolean {
    const { q, account, role, label, workspace } = this.filters;
    if (q && !card.text.toLowerCase().includes(q.toLowerCase()) && String(card.task) !== q) return false;
    if (account && String(card.account) !== account) return false;
    if (role && card.role !== role) return false;
    if (label && !card.labels.includes(label)) return false;
    return !workspace || card.workspace === workspace;
  }

  private readSoon() {
    this.again ??= setTimeout(() => {
      this.again = null;
      void this.read(this.filters, "as-here");
    }, AGAIN_AFTER_MS);
  }

  private countSoon() {
    const wait_ms = Math.max(AGAIN_AFTER_MS, this.counted_at_ms + COUNT_AFTER_MS - performance.now());
    this.counting ??= setTimeout(() => void this.count(), wait_ms);
  }

  /** Asks how many there are in each column. The cards stay as they are, and with them what
      somebody has scrolled to. */
  private async count() {
    this.counting = null;
    this.counted_at_ms = performance.now();
    const { taken } = this;
    const board = await get<Board>("/board", { ...this.filters, limit: 0 } satisfies Query).catch(() => null);
    if (!board || taken !== this.taken) return;
    const lanes = { ...this.lanes };
    for (const { column, count } of board.columns) {
      const lane = lanes[column];
      if (lane.count !== count) lanes[column] = { ...lane, count: Math.max(lane.cards.length, count) };
    }
    this.lanes = lanes;
    // What came meanwhile is counted, or not: nobody knows.
    if ([...this.newer.values()].some(({ seq }) => seq > board.seq)) this.countSoon();
    // All of a column is here, and there is more of it: something was missed.
    else if (board.columns.some(({ column, count }) => lanes[column].next === null && count !== lanes[column].cards.length)) this.readSoon();
  }
}

/** Whether a column is known down to where the card would be in it. */
function reaches({ cards, next }: Lane, card: Card): boolean {
  return next === null || card.task >= (cards.at(-1)?.task ?? 0);
}

/** Kept while other pages are shown, so that coming back shows it at once. */
export const board = new BoardState();
