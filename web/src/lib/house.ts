// What the server says and is told of plans, money, forecasts and settings, by the names that the
// page has for it; that of tasks is in `types.ts`. All of it is made of the document of the API
// (`schema.d.ts`, by `npm run types`). Money is whole nano-dollars (`*_nano_usd`) but where a name
// says dollars.
import type { components } from "../../types/schema";
import type { Access } from "./types";

type Schemas = components["schemas"];

// ---- New work ----

/** A task as a person asks for it; what is left out is as the role, the repository or the house has it. */
export type NewTask = Schemas["NewTask"];
export type Strategy = Schemas["Strategy"];
export type Priority = Schemas["Priority"];
export const PRIORITIES: readonly Priority[] = ["lowest", "low", "normal", "high", "highest"];

/** A file of the repository that would have a say in the task, word for word. */
export type Approval = Schemas["ToApprove"];
export type Quote = Schemas["Quoted"];
export type BacklogFormat = Schemas["Form"];
/** A task that a backlog holds, as far as the backlog says anything of it. */
export type SeenMany = Schemas["SeenMany"];
export type BacklogTerms = Schemas["BacklogTerms"];

// ---- Plan ----

export type PlanSums = Schemas["PlanSums"];
export type Funded = Schemas["FundedTask"];
export type LeftOut = Schemas["LeftOutTask"];
export type Plan = Schemas["PlanAnswer"];

// ---- Accounts ----

export type Spend = Schemas["Spent"];
export type Measure = "money" | "tokens" | "requests";
/** So much of one measure; money in nano-dollars. */
export type Quantity = Schemas["Quantity"];
export type Period = Schemas["Period"];
export const PERIODS: readonly Period[] = ["hour", "day", "week", "month", "once"];
/** An allowance; `carry` is left out where it is 0, `each` where it is false. */
export type Terms = Schemas["Allowance"];
export type Use = Schemas["AllowanceUse"];
export type AccountKind = Schemas["AccountKind"];
export type Account = Schemas["AccountCard"];
export type AccountChange = Schemas["AccountChange"];
export type Token = Schemas["TokenCard"];
export type Decided = Schemas["Decided"];

export const SPENT_BY = ["account", "model", "role", "task", "token", "basis", "day"] as const;
export type SpentBy = (typeof SPENT_BY)[number];
export type SpendingRow = Schemas["SpendingRow"];

// ---- Prices, forecasts, the audit ----

export type Level = Schemas["LevelAnswer"];
export type TokenPrices = Schemas["TokenRates"];
export type DatedPrice = Schemas["DatedPrice"];
export type PriceImport = Schemas["PriceImport"];
export type ImportedPrices = Schemas["ImportedPrices"];
export type ChangedPrice = Schemas["ChangedPrice"];
export type Score = Schemas["ScoreRow"];
export type Finding = Schemas["FindingCard"];
export type Audit = Schemas["AuditAnswer"];

// ---- Coworkers ----

export type Coworker = Schemas["Coworker"];
export const RECORD_BY = ["role", "area", "language", "model", "label", "strategy"] as const;
export type RecordBy = (typeof RECORD_BY)[number];
export type RecordRow = Schemas["RecordRow"];

export type Verdict = Schemas["Verdict"];
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
  own: Schemas["OwnPolicy"];
  text: string;
  rules: Rule[];
  default?: Record<string, Verdict>;
  unattended?: "deny" | "park";
  /** The chance to be right above which work is accepted though nobody has seen it. */
  "accept-unseen-over"?: number;
}

/** What would come of another text for the person's own file. */
export type TriedPolicy = Schemas["TriedPolicy"];
/** What a policy is asked about. */
export type PolicyRequest = Schemas["Thing"];
export type Decision = Schemas["PolicyDecision"];

// ---- Settings ----

/** One of two, which lacks what only the other has. */
type Either<A, B> = (A & { [K in Exclude<keyof B, keyof A>]?: never }) | (B & { [K in Exclude<keyof A, keyof B>]?: never });
/** A model on this machine, or at a provider. */
export type Model = Either<Schemas["EmbeddedModel"], Schemas["HostedModel"]>;
export type NewModel = Schemas["NewModel"];
export type NewPrice = Schemas["NewPrice"];
export type Pull = Schemas["PullCard"];
export type RemovedModel = Schemas["RemovedModel"];
export type AddedModel = Schemas["AddedModel"];
export type Repository = Schemas["Repository"];
export type DoctorLine = Schemas["DoctorLine"];
export type PersonRow = Schemas["PersonView"];
export type PeopleChange = Schemas["PeopleChange"];
export type Passkeys = Schemas["Passkeys"];
export type Passkey = Schemas["PasskeyCard"];
/** How people can sign in here, beside by a password and a link. */
export type Ways = Schemas["Ways"];

/** The fewest characters of a password. */
export const PASSWORD_LEAST = 10;

export const ACCESSES: { access: Access; may: string }[] = [
  { access: "viewer", may: "looks" },
  { access: "reviewer", may: "and accepts, rejects, comments, answers" },
  { access: "operator", may: "and hands out work, steers, stops, sets budgets" },
  { access: "admin", may: "and decides of people, accounts, models, keys and rules" },
];

export type Deed = Schemas["DeedView"];
export type Hook = Schemas["HookCard"];

/** What a web hook or a browser can be told of. */
export const TOLD_OF: readonly Schemas["Occasion"][] = ["needs-you", "to-review", "parked", "ended"];
