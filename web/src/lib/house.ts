// What the server says and is told of plans, money, forecasts and settings, as TypeScript; that of
// tasks is in `types.ts`. Names are those of `--json`: money is whole nano-dollars (`*_nano_usd`)
// but where a name says dollars.
import type { Access, Interval } from "./types";

// ---- New work ----

/** A task as a person asks for it; what is left out is as the role, the repository or the house has it. */
export interface NewTask {
  text: string;
  workspace: string;
  check?: string;
  setup?: string;
  model?: string[];
  role?: string;
  strategy?: string[];
  budget_nano_usd?: number;
  time_limit_ms?: number;
  attempts?: number | "auto";
  labels?: string[];
  priority?: Priority;
  value_nano_usd?: number;
  minutes?: number;
  deadline_at_ms?: number;
  after?: number[];
  account?: string;
  begin?: boolean;
  /** Hashes of files of the repository that the person has read and agrees with. */
  approve?: string[];
  /** To ask for the task as if the repository had no `tenfold.toml`. */
  no_config?: boolean;
}

export const PRIORITIES = ["lowest", "low", "normal", "high", "highest"] as const;
export type Priority = (typeof PRIORITIES)[number];

/** A file of the repository that would have a say in the task, word for word. */
export interface Approval {
  file: string;
  /** A proposal has to be decided on before there is a task; the others are left out until then. */
  kind: "proposal" | "instructions" | "skill";
  shown: string;
  hash: string;
}

export interface Quote {
  summary: {
    model: string;
    models: string[];
    strategy: string;
    budget_nano_usd: number;
    time_ms: number;
    attempts: number | string;
    check: string | null;
  };
  odds: Interval | null;
  cost_nano_usd: number | null;
  wall_ms: number | null;
  /** Of how many attempts cost and time are the mean. */
  of_attempts: number;
  /** Why nothing can be foretold. */
  refused: string | null;
  needs_approval: Approval[];
  /** Those that have to be fetched first. */
  models_missing: string[];
  notes: string[];
}

export type BacklogFormat = "markdown" | "json" | "csv";

/** A task that a backlog holds, as far as the backlog says anything of it. */
export interface Seen {
  text: string;
  labels: string[];
  priority?: string | null;
  value_nano_usd?: number | null;
  check?: string | null;
  role?: string | null;
  repo?: string | null;
  line?: number;
}

export interface BacklogTerms {
  at_once: number;
  money?: number | null;
  time?: number | null;
  stays?: boolean;
}

// ---- Plan ----

export interface PlanSums {
  budget_nano_usd: number;
  spent_nano_usd: number;
  value: number;
  deviation: number;
  solved: number;
  next_dollar: number;
  tasks: number;
}

export interface Funded {
  task: number;
  text?: string;
  nano_usd: number;
  chance: number;
  low: number;
  high: number;
  value: number;
  gains_for_a_dollar: number;
}

export interface LeftOut {
  task: number;
  text?: string;
  in_at_nano_usd: number | null;
}

export interface Plan extends PlanSums {
  exponent: number;
  funded: Funded[];
  left_out: LeftOut[];
  unknown: { task: number; text?: string; why: string }[];
  what_if: PlanSums[];
  /** Nano-dollars, and what they are worth: in dollars, or tasks solved if planned for that. */
  curve: [number, number][];
}

// ---- Accounts ----

export interface Spend {
  nano_usd: number;
  tokens: number;
  requests: number;
}

export type Measure = "money" | "tokens" | "requests";
/** So much of one measure; money in nano-dollars. */
export type Quantity = Partial<Record<Measure, number>>;
export const PERIODS = ["hour", "day", "week", "month", "once"] as const;
export type Period = (typeof PERIODS)[number];

/** An allowance; `carry` is left out where it is 0, `each` where it is false. */
export interface Terms {
  most: Quantity;
  per: Period;
  carry?: number;
  each?: boolean;
}

export interface Use {
  allowance: number;
  /** The account whose allowance it is. */
  of: number;
  terms: Terms;
  used: number;
  held: number;
  left: number;
  renews_at_ms: number | null;
}

export type AccountKind = "organisation" | "team" | "person";

export interface Account {
  account: number;
  parent: number | null;
  name: string;
  path: string;
  kind: AccountKind;
  spent: Spend;
  held: Spend;
  gifts: Spend;
  models: string[] | null;
  allowances: Use[];
  each: { allowance: number; terms: Terms }[];
  left: { nano_usd: number | null; tokens: number | null; requests: number | null; renews_at_ms: number | null };
}

export type AccountChange =
  | { want: "open"; parent: number; name: string; kind: AccountKind; allowances: Terms[]; models: string[] | null }
  | { want: "grant"; account: number; terms: Terms }
  | { want: "withdraw"; allowance: number }
  | { want: "give"; from: number | null; to: number; amount: Quantity }
  | { want: "permit"; account: number; models: string[] | null }
  | ({ want: "issue" } & Issued)
  | { want: "revoke"; token: number };

interface Issued {
  token: 0;
  account: number;
  label: string;
  /** SHA-256 of the secret, in hexadecimal: the secret itself never leaves the browser. */
  hash: string;
  expires: number | null;
  models: string[] | null;
  by: "";
}

export interface Token {
  token: number;
  account: number;
  label: string;
  expires_at_ms: number | null;
  models: string[] | null;
  by: string;
  revoked: boolean;
}

export interface Decided {
  at_ms: number;
  by: string;
  text: string;
}

export const SPENT_BY = ["account", "model", "role", "task", "day"] as const;
export type SpentBy = (typeof SPENT_BY)[number];
export type SpendingRow = { spent: Spend } & Partial<Record<SpentBy | "token", string | number | null>>;

// ---- Prices, forecasts, the audit ----

export interface Level {
  bar: number;
  dollars: number;
  times_cheaper_a_year: Interval;
  record_lows: { from: string; dollars: number; model: string }[];
  in: { months: number; dollars: Interval }[];
  back_test: {
    months: number;
    asked: number;
    error_log10: number | null;
    error_of_no_change_log10: number | null;
    error_of_tenfold_log10: number | null;
    covered: number | null;
  }[];
  waiting: { months: number; gained: Interval; expected: number; break_even_per_month: number } | null;
}

export interface TokenPrices {
  prompt: number;
  cached: number;
  output: number;
}

export interface DatedPrice {
  provider: string;
  model: string;
  from: string;
  /** Whether it is only known that it held by then. */
  by: boolean;
  known: string;
  source: string;
  own: boolean;
  price: { free: true } | { free: false; usual: { nano_usd_per_million: TokenPrices } };
}

export interface Score {
  by: number;
  known: number;
  told: number;
  said: Interval;
  came: number;
  brier: number;
  brier_of_one_share: number;
  log_loss: number;
  calibration: { told: number; came: number; known: number }[];
}

export interface Finding {
  question: string;
  verdict: string;
  why: string;
  data: string;
  scored: string;
  fits: { name: string; formula: string; error: number; behind: number; standard_error: number }[];
  figures: { name: string; interval: Interval }[];
  rule: string;
  would_change: string;
  plot: { x: string; y: string; series: { name: string; fitted: boolean; points: [number, number][] }[] } | null;
}

export interface Audit {
  observations: { claim: string; verdict: string; findings: Finding[] }[];
  caveats: string[];
  sources: string[];
}

// ---- Coworkers ----

export interface Coworker {
  name: string;
  description: string;
  tools: string[];
  models: string[];
  strategy: string | null;
  check: string | null;
  "may-edit": string[];
  protect: string[];
  instructions: string;
  /** Where its file is; none: it ships with Tenfold. */
  file: string | null;
}

export const RECORD_BY = ["role", "area", "model", "label", "strategy"] as const;
export type RecordBy = (typeof RECORD_BY)[number];
export type RecordRow = Partial<Record<RecordBy, string>> & {
  attempts: number;
  solved: number;
  failed: number;
  chance: Interval;
  spent_nano_usd: number;
  reviews: number;
  taken_back: number;
  right: Interval;
  right_if_passed: Interval;
  passed_wrong: Interval;
  wrong_passed: Interval;
  surprises: { told: unknown; right: boolean }[];
};

export type Verdict = "allow" | "ask" | "deny";
type Texts = string | string[];

export interface Rule {
  origin: "built-in" | "own";
  name: string;
  decide: Verdict;
  why?: string;
  role?: Texts;
  tool?: Texts;
  command?: Texts;
  read?: Texts;
  write?: Texts;
  create?: Texts;
  host?: Texts;
  methods?: Texts;
  "cost-over"?: string | number;
}

export interface Policy {
  /** The person's own file; none: only what ships holds. */
  file: string | null;
  text: string;
  rules: Rule[];
  default?: Record<string, Verdict>;
  unattended?: "deny" | "park";
}

/** What a policy is asked about. */
export type PolicyRequest =
  | { command: { line: string } }
  | { path: { path: string; access: "read" | "write" | "create" } }
  | { host: { name: string; port: number | null; method: string | null } }
  | { tool: { name: string; paths: [] } }
  | { cost: { amount: number } };

export interface Decision {
  verdict: Verdict;
  rule: string | null;
  on: string;
  why: string;
  matched: { rule: string; verdict: Verdict; on: string }[];
  unattended?: "deny" | "park";
}

// ---- Settings ----

export interface Model {
  name: string;
  title: string;
  default: boolean;
  price: string | null;
  price_is_estimate: boolean;
  /** Of one on this machine. */
  present?: boolean;
  bytes?: number;
  licence?: string | null;
  memory_bytes?: number;
  /** Of one at a provider. */
  hosted?: boolean;
  protocol?: string;
  address?: string | null;
  key_variable?: string | null;
  context_tokens?: number;
}

export interface Repository {
  workspace: string;
  name: string;
  approved: { file: string; hash: string }[];
  tasks: number;
}

export interface DoctorLine {
  area: string;
  what: string;
  ok: boolean;
  detail: string;
  /** What to do; empty if there is nothing. */
  fix: string;
  needed: boolean;
}

export interface PersonRow {
  person: number;
  name: string;
  access: Access;
  account: number;
  account_path?: string;
  has_password?: boolean;
}

export type PeopleChange =
  | { want: "add"; name: string; access: Access; account: number }
  | { want: "change"; person: number; access: Access; account: number }
  | { want: "password"; person: number; password: string }
  | { want: "remove"; person: number };

/** The fewest characters of a password. */
export const PASSWORD_LEAST = 10;

export const ACCESSES: { access: Access; may: string }[] = [
  { access: "viewer", may: "looks" },
  { access: "reviewer", may: "and accepts, rejects, comments, answers" },
  { access: "operator", may: "and hands out work, steers, stops, sets budgets" },
  { access: "admin", may: "and decides of people, accounts, models, keys and rules" },
];

export interface Deed {
  seq: number;
  at_ms: number;
  person: string;
  what: string;
  task: number | null;
  refused?: boolean;
}

export interface Hook {
  hook: number;
  address: string;
  on: string[];
  last?: { at_ms: number; status: number | null } | null;
}

/** What a web hook or a browser can be told of. */
export const TOLD_OF = ["needs-you", "to-review", "parked", "ended"] as const;
