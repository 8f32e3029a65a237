// One task as it is known here: its page, the steps of the attempt that is looked at, and what is
// said live. What is shown is the journal's; the live words only fill the time until it is read.
import { asProblem, get, post, type Problem } from "../lib/api";
import { events, type Happened } from "../lib/events.svelte";
import { toasts } from "../lib/toasts.svelte";
import type { Access, Card, Diff, Step, Steps, TaskPage, Verb } from "../lib/types";
import { session } from "../lib/session.svelte";
import { same, type Draft, type Spot } from "./spot";

const AGAIN_AFTER_MS = 250;
const STEPS = 200;

const NEEDS: Partial<Record<Verb, Access>> = { accept: "reviewer", reject: "reviewer", undo: "reviewer", comment: "reviewer", revise: "reviewer", answer: "reviewer" };

export class TaskState {
  page = $state.raw<TaskPage | null>(null);
  problem = $state.raw<Problem | null>(null);
  /** The attempt that is looked at, by number; unless somebody chose, the one whose proposal is to
      be reviewed, or else the last one. */
  number = $state(0);
  steps = $state.raw<Step[]>([]);
  told = $state.raw<Steps["told"]>(null);
  steps_problem = $state.raw<Problem | null>(null);
  steps_read = $state(false);
  diff = $state.raw<Diff | null>(null);
  diff_problem = $state.raw<Problem | null>(null);
  /** The attempt whose proposal the change is compared with; none: the files as they were. */
  against = $state<number | null>(null);
  doing = $state<string | null>(null);
  /** What was written here about the change that is looked at, and is not sent yet: what is sent
      is in the records, and can't be taken out. Kept in this tab. */
  drafts = $state.raw<Draft[]>([]);
  busy = $state<Verb | null>(null);

  private timer: ReturnType<typeof setTimeout> | null = null;
  private reading: Promise<void> | null = null;
  private page_reading: Promise<void> | null = null;
  private wanted = false;
  /** The newest card of an event, and the place in the journal that it is of. */
  private seq = 0;
  private heard: Card | null = null;
  private chosen = false;
  private gone = false;

  constructor(readonly task: number) {}

  /** Reads the task and follows it, until the answer is called. */
  follow(): () => void {
    void this.read();
    const off = events.on((happened) => this.hear(happened));
    return () => {
      this.gone = true;
      off();
      if (this.timer) clearTimeout(this.timer);
    };
  }

  get attempt() {
    return this.page?.attempts.find(({ number }) => number === this.number);
  }

  /** The attempt whose proposal is accepted, rejected or undone, by number. */
  get proposing(): number | null {
    const proposal = this.page?.card.proposal;
    return proposal ? Number(proposal.attempt.split(".")[1]) : null;
  }

  /** Looks at another attempt. */
  choose(number: number) {
    this.chosen = true;
    if (number === this.number) return;
    this.look(number);
  }

  /** Compares the change with what another attempt proposes, or with the files as they were. */
  compare(against: number | null) {
    this.against = against;
    this.diff = null;
    this.diff_problem = null;
    void this.readDiff();
  }

  /** Writes about a line or a file, in place of what was written there; nothing takes it back. */
  draft(spot: Spot, text: string) {
    const others = this.drafts.filter((one) => !same(one, spot));
    this.drafts = text === "" ? others : [...others, { ...spot, text }];
    sessionStorage.setItem(this.drawer, JSON.stringify(this.drafts));
  }

  /** Sends what was written about the change, and has it revised. */
  async sendBack() {
    for (const draft of this.drafts) {
      if (!(await this.act("comment", draft))) return;
      this.draft(draft, "");
    }
    await this.act("revise", {}, "Sent back: it works on your comments.");
  }

  private get drawer() {
    return `tenfold.drafts.${session.now?.person.id}.${this.task}.${this.number}`;
  }

  /** Why something can't be done now; null where it can. */
  whyNot(verb: Verb): string | null {
    const can = this.page?.can.find((one) => one.verb === verb);
    if (can && !can.may) return can.why ?? "It is not possible just now.";
    return session.whyNot(NEEDS[verb] ?? "operator");
  }

  /** Does something with the task. Whether it was done; if not, it was said why. */
  async act(verb: Verb, body: unknown = {}, said?: string, back?: Verb): Promise<boolean> {
    try {
      await this.try(verb, body);
    } catch (thrown) {
      toasts.problem(thrown);
      // What is shown here is no longer so: it asks something else, or is further.
      if (asProblem(thrown).status === 409) void this.read();
      return false;
    }
    if (said) toasts.say(said, back ? () => this.act(back).then(() => undefined) : null);
    return true;
  }

  /** Does something with the task; throws why it could not be done. */
  async try<T>(verb: Verb, body: unknown = {}): Promise<T> {
    this.busy = verb;
    try {
      const answer = await post<T>(`/tasks/${this.task}/${verb}`, body);
      this.readSoon();
      return answer;
    } finally {
      this.busy = null;
    }
  }

  /** Reads the task anew. One reading at a time, and once more if it was wanted meanwhile: so no
      answer comes after a newer one. */
  async read(): Promise<void> {
    this.wanted = true;
    this.page_reading ??= this.readPages().finally(() => (this.page_reading = null));
    await this.page_reading;
  }

  private async readPages() {
    while (this.wanted && !this.gone) {
      this.wanted = false;
      this.heard = null;
      await this.readPage();
    }
  }

  private async readPage() {
    try {
      const page = await get<TaskPage>(`/tasks/${this.task}`);
      if (this.gone) return;
      // What came meanwhile may be newer, and it is read once more.
      this.page = this.heard ? { ...page, card: this.heard } : page;
      this.problem = null;
      const last = page.attempts.at(-1)?.number ?? 0;
      const wanted = (page.card.state === "to-review" ? this.proposing : null) ?? last;
      if (wanted > 0 && (this.number === 0 || (!this.chosen && wanted !== this.number))) this.look(wanted);
      else if (wanted > 0) void this.readSteps();
      if (this.attempt?.ended_at_ms) this.doing = null;
    } catch (thrown) {
      this.problem = asProblem(thrown);
    }
  }

  private look(number: number) {
    this.number = number;
    this.steps = [];
    this.told = null;
    this.steps_read = false;
    this.steps_problem = null;
    this.diff = null;
    this.diff_problem = null;
    this.against = null;
    this.doing = null;
    this.drafts = JSON.parse(sessionStorage.getItem(this.drawer) ?? "[]") as Draft[];
    void this.readSteps();
    void this.readDiff();
  }

  /** Reads the steps that are new; one reading at a time. */
  private async readSteps() {
    while (this.reading) await this.reading;
    this.reading = this.readOn().finally(() => (this.reading = null));
    await this.reading;
  }

  private async readOn() {
    const { number } = this;
    // The first step is number zero, so that "past nothing" is no number.
    let past = this.steps.at(-1)?.index ?? null;
    for (;;) {
      try {
        const read = await get<Steps>(`/tasks/${this.task}/attempts/${number}/steps`, { past, limit: STEPS });
        if (this.gone || number !== this.number) return;
        this.steps = [...this.steps, ...read.steps];
        this.told = read.told ?? this.told;
        this.steps_read = true;
        this.steps_problem = null;
        if (read.next === null) return;
        past = read.next;
      } catch (thrown) {
        if (number === this.number) this.steps_problem = asProblem(thrown);
        return;
      }
    }
  }

  private async readDiff() {
    const { number, against } = this;
    if (!this.attempt?.proposal) return;
    const isWanted = () => number === this.number && against === this.against;
    try {
      const diff = await get<Diff>(`/tasks/${this.task}/attempts/${number}/diff`, { against });
      if (isWanted()) this.diff = diff;
    } catch (thrown) {
      if (isWanted()) this.diff_problem = asProblem(thrown);
    }
  }

  private hear(happened: Happened) {
    if (happened.event === "reset") {
      this.seq = 0;
      this.heard = null;
      this.readSoon();
    } else if (happened.event === "task") {
      const { seq, card } = happened;
      if (card.task !== this.task || seq < this.seq) return;
      this.seq = seq;
      this.heard = card;
      if (this.page) this.page = { ...this.page, card };
      this.readSoon();
    } else if (happened.event === "progress") {
      const { progress } = happened;
      if (!("attempt" in progress) || progress.attempt.task !== this.task) return;
      if (progress.progress === "doing" && progress.attempt.number === this.number) this.doing = progress.what;
      if (progress.progress !== "doing") this.readSoon();
    }
  }

  private readSoon() {
    this.timer ??= setTimeout(() => {
      this.timer = null;
      const had = this.attempt?.proposal;
      void this.read().then(() => {
        if (this.attempt?.proposal && (!had || !this.diff)) void this.readDiff();
      });
    }, AGAIN_AFTER_MS);
  }
}
