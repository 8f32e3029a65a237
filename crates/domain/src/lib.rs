//! The words that every other crate speaks: ids, money, counts, tasks, checks and events.
//!
//! Everything here is plain data. Nothing here does IO, reads a clock, or draws a random
//! number; a [`Seed`] only turns one number that was handed in into many.

mod access;
mod account;
mod allowance;
mod backlog;
mod balances;
mod check;
mod count;
mod dropped;
mod egress;
mod event;
mod forecast;
mod guidance;
mod hex;
mod ids;
mod inference;
mod mcp;
mod money;
mod people;
mod place;
mod priority;
mod problem;
mod progress;
mod review;
mod role;
mod room;
mod seed;
mod shell;
mod standing;
mod task;
mod turn;
mod verdict;

pub use access::{AccessToken, Denied, Scope};
pub use account::{
    AccountChange, AccountId, AccountKind, AllowanceId, Basis, Charge, FromGift, Held, LedgerEvent,
    Refusal, ReservationId, Short, Spender, TokenId, Unclear,
};
pub use allowance::{Allowance, Measure, Period, Quantity, QuantityError, Spend};
pub use backlog::{BacklogEnd, BacklogOutcome, BacklogTerms};
pub use balances::{AccountBalance, Balances, CommonBalances, Granted, MeterBalance, Spending};
pub use check::{ApprovedCheck, CheckFiles, CheckReport, CheckVerdict, TestName};
pub use count::{Bytes, Energy, Millis, Timestamp, Tokens, Usage};
pub use dropped::{Export, JournalEvent, Worked};
pub use egress::{EgressEvent, Peer};
pub use event::{
    AttemptEvent, AttemptOutcome, EffectKind, Event, Fact, Parked, ProposalEvent, RepositoryEvent,
    Seq, StepEvent, Survey, TaskEvent,
};
pub use forecast::{Cascade, Choice, Forecast, Odds};
pub use guidance::{FolderInstructions, Guidance, Skill};
pub use hex::hex;
pub use ids::{AttemptId, CommitId, IdError, StepId, TaskId};
pub use inference::{
    Answer, Ask, Generate, Infill, Message, OtherToken, Prompt, Sample, Score, Speaker, TokenScore,
    Written,
};
pub use mcp::{McpServer, McpTalk, OfferedTool};
pub use money::{MoneyError, NanoUsd};
pub use people::{
    Access, BoardView, Deed, DeedEvent, Passkey, PasskeyUse, PeopleChange, PeopleEvent, PersonId,
};
pub use place::{Place, Side};
pub use priority::Priority;
pub use problem::{Problem, ProblemKind};
pub use progress::{Outcome, Progress, Totals, Waits};
pub use review::{Accept, AcceptAs, AcceptTogether, Accepted, AcceptedOrNot, Undone};
pub use role::Role;
pub use room::{MakeRoom, RoomMade, Taken};
pub use seed::{Draws, Seed};
pub use shell::Shell;
pub use standing::Standing;
pub use task::{Budget, Strategy, TaskSpec, TaskState};
pub use turn::{Said, ToolCall, ToolSpec, Turn, WaitingCall};
pub use verdict::{PolicyEvent, Verdict, is_yes};
