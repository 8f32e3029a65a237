// What the server says and is told of tasks, by the names that the page has for it. All of it is
// made of the document of the API (by `npm run types`); nothing is written twice.
// Money is whole nano-dollars (`*_nano_usd`), moments are Unix milliseconds (`*_at_ms`), other
// times are durations in milliseconds.
import type { components } from "../../types/schema";

type Schemas = components["schemas"];

export type Access = Schemas["Access"];
export type Column = Schemas["Column"];
export type State = Schemas["TaskState"];
/** A range that holds nine times in ten, and what is likeliest. */
export type Interval = Schemas["Interval"];
export type Session = Schemas["Session"];

export type ProposalState = Schemas["Became"];
export type ProposalCard = Schemas["ProposalCard"];
/** A call that waits for leave. */
export type WaitingCall = Schemas["WaitingCall"];
/** What a task asks. */
export type Question = Schemas["CardQuestion"];
/** What a person answers to it. */
export type Answer = Schemas["Answer"];
export type Card = Schemas["Card"];
export type BoardColumn = Schemas["BoardColumn"];
export type Board = Schemas["Board"];
export type TaskList = Schemas["TaskList"];

export type Usage = Schemas["Used"];
export type AttemptCard = Schemas["AttemptCard"];
export type Proof = Schemas["Proof"];
export type Word = Schemas["Word"];
/** What of a change a comment is about. */
export type Place = Schemas["Place"];
export type Verb = Schemas["Verb"];
export type Can = Schemas["May"];
export type Secret = Schemas["SecretView"];
export type TaskPage = Schemas["TaskPage"];

export type Phase = Schemas["Phase"];
export type Step = Schemas["Step"];
export type Steps = Schemas["Steps"];

export type DiffLine = Schemas["Line"];
export type Hunk = Schemas["Hunk"];
export type DiffFile = Schemas["FileDiff"];
export type Diff = Schemas["Diff"];

export type Dial = Schemas["Dial"];

/** An attempt, by its task and its number in it. */
export type AttemptId = Schemas["AttemptId"];

/** What the engine says live about an attempt; it may be lost, and is never needed. */
export type Progress = Schemas["Progress"];

/** What the server can't do, and what the page itself finds besides. */
export type ProblemKind = Schemas["ProblemKind"] | "signed-out" | "offline" | "late";
export type BulkAnswer = Schemas["Came"];
export type AcceptedOrNot = Schemas["AcceptedOrNot"];
