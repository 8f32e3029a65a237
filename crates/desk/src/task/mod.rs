//! Tasks as they are told: the card in a list, the page of one, what its attempts did step by step,
//! what they propose, and what going on is likely to buy. Wire types, each made from rows here and
//! nowhere else; fields are added and never change their meaning.
//!
//! What agents and repositories wrote is told as it is, but for bytes that are no text: who lays it
//! out sees to it that it can do no harm there.

mod attempt;
mod card;
mod column;
mod cut;
mod dial;
mod diff;
mod moments;
mod page;
pub mod questions;
mod quote;
mod report;
mod steps;
mod verbs;
mod words;

pub use attempt::{AttemptCard, ChoiceView, ForeseenView, OddsView, Used};
pub use card::{
    Became, Board, BoardColumn, Card, CardQuestion, Cards, ProposalCard, TaskList, paths,
};
pub use column::Column;
pub use dial::{Dial, DialPoint, DialUnit, Instead, Outlook, Stops, Would, dial, stops};
pub use diff::{Change, Diff, FileDiff, Hunk, Line, LineKind, diff, has_files, patch, proposal};
pub use page::{Asked, Limits, SecretView, TaskPage, added, page, secrets};
pub use quote::{Quote, QuoteSums, Summary, quote};
pub use report::{CheckReportView, Proof, VerdictView, proof};
pub use steps::{Output, Phase, STEPS, Step, Steps, ToldView, ToolView, output, steps};
pub use verbs::{May, Verb, may};
pub use words::{Heard, Heards, Word, WordKind, evidence};
