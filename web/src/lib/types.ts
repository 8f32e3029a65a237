// What the server says and is told, as TypeScript. Money is whole nano-dollars (`*_nano_usd`),
// moments are Unix milliseconds (`*_at_ms`), other times are durations in milliseconds.

export type Access = "viewer" | "reviewer" | "operator" | "admin";
export type Column = "queued" | "working" | "needs-you" | "to-review" | "done";
export type State =
  | "queued"
  | "working"
  | "paused"
  | "parked"
  | "needs-you"
  | "to-review"
  | "accepted"
  | "rejected";

/** A range that holds nine times in ten, and what is likeliest. */
export interface Interval {
  low: number;
  likely: number;
  high: number;
}

export interface Session {
  person: { id: number; name: string; access: Access; account: number; account_path: string };
  version: string;
  at_work: number;
  tier: string;
  degraded: string[];
}

export type ProposalState =
  | "to-review"
  | "branching"
  | "accepted-as-branch"
  | "applying"
  | "accepted-in-place"
  | "taking-back"
  | "removing-branch"
  | "rejected";

export interface ProposalCard {
  attempt: string;
  verified: boolean;
  unseen: boolean;
  state: ProposalState;
  made_at_ms: number;
  reason: string | null;
  branch: string | null;
}

/** A call that waits for leave; `arguments` is JSON as the model wrote it, whole. */
export interface Asked {
  name: string;
  arguments: string;
}

export interface Question {
  attempt: string;
  /** The step that it is about. */
  step: number;
  text: string;
  asked_at_ms: number;
  call: Asked | null;
}

export interface Card {
  task: number;
  text: string;
  state: State;
  column: Column;
  workspace: string;
  workspace_name: string;
  account: number;
  account_path: string;
  role: string | null;
  model: string;
  labels: string[];
  priority: number;
  deadline_at_ms: number | null;
  value_nano_usd: number | null;
  attempts: number;
  steps: number;
  running: number[];
  spent_nano_usd: number;
  budget_nano_usd: number;
  wall_ms: number;
  time_limit_ms: number;
  odds: Interval | null;
  question: Question | null;
  outcome: string | null;
  note: string | null;
  proposal: ProposalCard | null;
  waiting: string | null;
  paused: boolean;
  parked: string | null;
  asked_at_ms: number;
  ended_at_ms: number | null;
}

export interface BoardColumn {
  column: Column;
  count: number;
  tasks: Card[];
  next: number | null;
}
export interface Board {
  columns: BoardColumn[];
  seq: number;
}
export interface TaskList {
  tasks: Card[];
  next: number | null;
  seq: number;
}

export interface Usage {
  prompt: number;
  cached: number;
  output: number;
}

export interface AttemptCard {
  attempt: string;
  number: number;
  model: string;
  strategy: string;
  seed: string;
  started_at_ms: number;
  ended_at_ms: number | null;
  outcome: string | null;
  note: string | null;
  steps: number;
  checks: number;
  usage: Usage;
  wall_ms: number;
  cost_nano_usd: number;
  energy_mj: number;
  energy_is_estimate: boolean;
  choice: { why: string; chance: number; cost_nano_usd: number; most_nano_usd: number | null } | null;
  foreseen: {
    odds: { by_nano_usd: number; low: number; likely: number; high: number }[];
    method: string;
    attempts: number;
  } | null;
  forked_from: string | null;
  proposal: ProposalCard | null;
  files_removed_at_ms: number | null;
  steps_dropped: string | null;
}

export interface CheckReport {
  command: string;
  verdict: "passed" | "failed" | "timed-out" | "broken";
  why: string | null;
  wall_ms: number;
  passed: number | null;
  failing: string[];
  output: string;
}

export interface Word {
  at_ms: number;
  by: string | null;
  kind: "asked" | "steered" | "answered" | "commented" | "rejected";
  text: string;
  path: string | null;
  line: number | null;
}

export type Verb =
  | "begin"
  | "steer"
  | "answer"
  | "pause"
  | "resume"
  | "stop"
  | "budget"
  | "fork"
  | "comment"
  | "revise"
  | "accept"
  | "reject"
  | "undo";

export interface Can {
  verb: Verb;
  may: boolean;
  why: string | null;
}

export interface Secret {
  file: string;
  line: number;
  kind: string;
}

export interface TaskPage {
  card: Card;
  asked: {
    text: string;
    check: string | null;
    setup: string | null;
    strategy: string;
    others: string[];
    models: string[];
    budget: { money_nano_usd: number; time_ms: number; attempts: number };
    may_edit: string[];
    protect: string[];
    questions: boolean;
    role: string | null;
    minutes: number | null;
    after: number[];
    instructions: string[];
  };
  attempts: AttemptCard[];
  evidence: CheckReport | null;
  secrets: Secret[];
  words: Word[];
  can: Can[];
}

export type Phase =
  | "setup"
  | "read"
  | "check"
  | "think"
  | "tool"
  | "command"
  | "egress"
  | "person"
  | "proposal"
  | "end";

export interface Step {
  index: number;
  step: number | null;
  at_ms: number;
  phase: Phase;
  kind: string;
  title: string;
  text: string | null;
  detail: string | null;
  output: string | null;
  output_bytes: number;
  ok: boolean | null;
  wall_ms: number | null;
  cost_nano_usd: number | null;
  usage: Usage | null;
}
export interface Steps {
  steps: Step[];
  next: number | null;
  told: {
    instructions: string;
    tools: { name: string; description: string }[];
    is_verbatim: boolean;
  } | null;
}

export interface DiffLine {
  kind: "same" | "added" | "removed";
  old: number | null;
  new: number | null;
  text: string;
  /** Whether no line feed ends it, though it is the file's last. */
  is_unended?: boolean;
}
export interface Hunk {
  old_start: number;
  new_start: number;
  header: string;
  lines: DiffLine[];
}
export interface DiffFile {
  path: string;
  was: string | null;
  change: "added" | "deleted" | "modified" | "replaced";
  added: number;
  removed: number;
  binary: boolean;
  cut: boolean;
  hunks: Hunk[];
}
export interface Diff {
  attempt: string;
  verified: boolean;
  base: string;
  commit: string;
  files: DiffFile[];
  files_left_out: number;
  secrets: Secret[];
}

export interface Dial {
  task: number;
  model: string;
  strategy: string;
  unit: "dollars" | "steps" | "seconds";
  spent: number;
  /** The most that may be taken; none where that is not limited. */
  budget: number | null;
  refused: string | null;
  method: string | null;
  error: number | null;
  attempts: number;
  of_this_agent: number | null;
  of_this_task: number | null;
  curve: { by: number; low: number; likely: number; high: number }[];
  stops: { would: "go-on" | "stop"; why: string; most_nano_usd: number | null } | null;
}

/** An attempt, by its task and its number in it. */
export interface AttemptId {
  task: number;
  number: number;
}

/** What the engine says live about an attempt; it may be lost, and is never needed. */
export type Progress =
  | { progress: "doing"; attempt: AttemptId; what: string }
  | {
      progress: "totals";
      attempt: AttemptId;
      candidates: number;
      checks: number;
      usage: Usage;
      cost: number;
      wall: number;
    }
  | { progress: "note"; task: number; text: string }
  | { progress: "ended"; attempt: AttemptId; outcome: string; note: string }
  | { progress: "worked"; attempt: AttemptId; outcome: string; note: string }
  | { progress: "failed"; task: number; problem: { kind: string; what: string; to_do?: string } };

export type ProblemKind =
  | "usage"
  | "missing"
  | "not-found"
  | "busy"
  | "refused"
  | "conflict"
  | "model"
  | "store"
  | "internal"
  | "stopped"
  | "signed-out"
  | "offline"
  | "late";

export interface BulkAnswer {
  task: number;
  problem: { kind: string; what: string; to_do?: string | null } | null;
}
