//! What the repair machine records.

use serde::{Deserialize, Serialize};
use tenfold_code::Edit;
use tenfold_domain::{AttemptOutcome, Millis, StepId, TestName, Usage};

use super::candidates::Candidate;
use super::moves::Move;
use super::narrowed::Narrowed;
use super::setup::Setup;
use super::targets::{Facts, Target};
use crate::effect::Effect;

/// A fact about an attempt of the repair strategy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "kebab-case")]
pub enum Event {
    /// The attempt began.
    Began {
        /// From what.
        setup: Setup,
    },
    /// An effect is wanted.
    Wanted {
        /// Its number.
        step: StepId,
        /// What it is.
        effect: Effect,
    },
    /// An effect has its result, and time has passed.
    Settled {
        /// Its number.
        step: StepId,
        /// Time since the attempt began.
        elapsed: Millis,
    },
    /// The person said something; it is told with the task from now on.
    Steered {
        /// In their words.
        text: String,
        /// Whether something that was wanted then had begun.
        begun: bool,
    },
    /// What fails is known.
    Seen {
        /// The tests that fail.
        failing: Vec<TestName>,
        /// What the failure says, for prompts.
        excerpt: String,
        /// The check of these tests alone, where its runner can be told so.
        narrowed: Option<Narrowed>,
        /// How long the whole check took.
        wall: Millis,
        /// How long the failing tests by themselves are expected to take.
        part: Millis,
    },
    /// The failing tests were run once more.
    Retraced {
        /// How long that took.
        wall: Millis,
        /// A check of fewer tests that takes less time than the others, if the run told of one.
        narrowed: Option<Narrowed>,
        /// The line coverage, as the plugin wrote it.
        coverage: Option<String>,
        /// What the run printed.
        output: String,
    },
    /// Where the fault may be is known.
    Understood {
        /// The places, likeliest first.
        targets: Vec<Target>,
        /// What prompts need beside them.
        facts: Facts,
    },
    /// How likely a statement is to the model, where it stands, is known.
    Scored {
        /// Which target.
        target: usize,
        /// Which of its units.
        unit: usize,
        /// How surprising its most surprising token is, against what is usual for so many.
        surprise: f32,
        /// How much likelier something more follows it than that it ends there; the natural
        /// logarithm of the odds.
        #[serde(default)]
        more: Option<f32>,
    },
    /// The model is asked for candidates.
    Moved {
        /// The step that asks.
        step: StepId,
        /// What is tried, one for each question of that step.
        moves: Vec<Move>,
    },
    /// The model has made candidates.
    Gathered {
        /// The moves that are done by this.
        moves: Vec<Move>,
        /// Those worth a check: they parse, and are new.
        candidates: Vec<Candidate>,
        /// How many were not.
        dropped: u32,
        /// What was used.
        usage: Usage,
        /// How long it took.
        wall: Millis,
    },
    /// Candidates from before a part were put on top of it.
    Carried {
        /// Those worth a check.
        candidates: Vec<Candidate>,
        /// How many were not.
        dropped: u32,
        /// The last candidate that was looked at for this.
        until: u32,
    },
    /// Candidates of one function were put together, two and two.
    Paired {
        /// Those worth a check.
        candidates: Vec<Candidate>,
        /// How many were not.
        dropped: u32,
        /// The last candidate that was looked at for this.
        until: u32,
    },
    /// A candidate is being checked.
    Trying {
        /// The step that checks it.
        step: StepId,
        /// Which.
        candidate: u32,
    },
    /// A candidate was checked.
    Tried {
        /// Which.
        candidate: u32,
        /// The tests that fail with it; `None` if they are not known.
        failing: Option<Vec<TestName>>,
        /// Whether all that it was checked with passed.
        passed: bool,
        /// Whether a test that still fails gets further than before.
        #[serde(default)]
        headway: bool,
        /// Whether no test could be run with it, as where it does not compile.
        #[serde(default)]
        broken: bool,
        /// How long it took.
        wall: Millis,
    },
    /// A candidate mends a part of what fails; the whole check is run on it.
    Proving {
        /// The step that runs it.
        step: StepId,
        /// Which.
        candidate: u32,
    },
    /// It breaks something else, or mends nothing after all.
    Refuted {
        /// Which.
        candidate: u32,
    },
    /// A candidate mends a part of what fails and breaks nothing, and the search goes on from it.
    Rebased {
        /// Which.
        candidate: u32,
        /// The edits from the base that the search now starts from.
        edits: Vec<Edit>,
        /// What still fails.
        failing: Vec<TestName>,
        /// The check of what still fails alone.
        narrowed: Option<Narrowed>,
        /// The chance that it is right.
        credence: f64,
    },
    /// The search goes on where it stood before, since that is worth more by now.
    Turned {
        /// Which of the other standings.
        to: usize,
    },
    /// A candidate is before the judge.
    Judging {
        /// The step that judges it.
        step: StepId,
        /// Which.
        candidate: u32,
    },
    /// The judge has spoken.
    Judged {
        /// About which.
        candidate: u32,
        /// Whether the whole check passed.
        passed: bool,
        /// Whether it mends a part of what fails, as far as the check said.
        part: bool,
    },
    /// There was no check to judge a candidate with; it is taken as it is.
    Unjudged {
        /// Which.
        candidate: u32,
    },
    /// The attempt ended.
    Ended {
        /// How.
        outcome: AttemptOutcome,
        /// What a person should know.
        note: String,
    },
}
