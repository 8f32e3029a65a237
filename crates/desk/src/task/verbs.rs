//! What a person may do to a task as it stands, and why not. The engine decides when it is asked;
//! this says it beforehand, from the same facts, so that nothing is offered that would be refused.
//! One rule for each verb, in one table.

use serde::{Deserialize, Serialize};
use tenfold_domain::TaskState;
use tenfold_store::{AttemptRow, ProposalRow, ProposalState, TaskRow};
use utoipa::ToSchema;

/// Something that a person does to a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verb {
    /// Have it worked.
    Begin,
    /// Have it worked anew, whatever became of the attempts before.
    Retry,
    /// Say something about it.
    Steer,
    /// Answer what it asks.
    Answer,
    /// Have it leave off when what is under way has ended.
    Pause,
    /// Have it go on.
    Resume,
    /// End its attempt at once.
    Stop,
    /// Set other limits.
    Budget,
    /// Make an attempt that goes on from a step of another.
    Fork,
    /// Say something about a line of the proposal.
    Comment,
    /// Make an attempt that goes on from the proposal with what was said about it.
    Revise,
    /// Take the proposal.
    Accept,
    /// Send it away.
    Reject,
    /// Take an acceptance or a rejection back.
    Undo,
}

/// Whether a verb may be used now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct May {
    /// Which.
    pub verb: Verb,
    /// Whether it may.
    pub may: bool,
    /// Why not, for people.
    pub why: Option<String>,
}

/// All that the rules look at.
struct Ground<'r> {
    row: &'r TaskRow,
    attempts: &'r [AttemptRow],
    /// Whether an engine is at it now.
    at_work: bool,
}

/// Says why not; nothing if it may.
type Rule = fn(&Ground<'_>) -> Option<String>;

const RULES: [(Verb, Rule); 14] = [
    (Verb::Begin, |ground| ground.open_to_work().or_else(|| ground.at_rest())),
    (Verb::Retry, |ground| {
        ground.not_accepted().or_else(|| ground.at_rest()).or_else(|| ground.tried())
    }),
    (Verb::Steer, |ground| ground.not_accepted()),
    (Verb::Answer, |ground| says(ground.row.question.is_none(), "it asks nothing")),
    (Verb::Pause, |ground| ground.is_worked()),
    (Verb::Resume, |ground| ground.at_rest().or_else(|| ground.goes_on())),
    (Verb::Stop, |ground| ground.is_worked()),
    (Verb::Budget, |_| None),
    (Verb::Fork, |ground| {
        ground.at_rest().or_else(|| ground.not_accepted()).or_else(|| ground.has_a_past())
    }),
    (Verb::Comment, |ground| ground.to_review()),
    (Verb::Revise, |ground| ground.to_review()),
    (Verb::Accept, |ground| ground.to_review()),
    (Verb::Reject, |ground| ground.to_review()),
    (Verb::Undo, |ground| ground.at_rest().or_else(|| ground.was_decided())),
];

/// What may be done to a task, `at_work` now or not, verb by verb.
pub fn may(row: &TaskRow, attempts: &[AttemptRow], at_work: bool) -> Vec<May> {
    let ground = Ground { row, attempts, at_work };
    let each = RULES.iter().map(|(verb, rule)| {
        let why = rule(&ground);
        May { verb: *verb, may: why.is_none(), why }
    });
    each.collect()
}

fn says(is_so: bool, why: &str) -> Option<String> {
    is_so.then(|| why.to_owned())
}

impl Ground<'_> {
    fn at_rest(&self) -> Option<String> {
        says(self.at_work, "it is at work: stop it first")
    }

    fn is_worked(&self) -> Option<String> {
        says(!self.at_work, "it is not at work")
    }

    fn not_accepted(&self) -> Option<String> {
        says(self.row.state == TaskState::Accepted, "it is accepted")
    }

    fn open_to_work(&self) -> Option<String> {
        let rejected = self.row.state == TaskState::Rejected;
        self.not_accepted().or_else(|| says(rejected, "it is rejected: undo that, or begin anew"))
    }

    /// As an attempt of it can be gone on with where it stands; of one that was rejected or
    /// accepted meanwhile none can.
    fn goes_on(&self) -> Option<String> {
        says(!self.row.goes_on(), "no attempt of it can be gone on with")
    }

    fn tried(&self) -> Option<String> {
        says(self.attempts.is_empty(), "it has no attempt yet")
    }

    fn has_a_past(&self) -> Option<String> {
        let is_whole =
            |row: &AttemptRow| row.files_removed_at.is_none() && row.steps_dropped.is_none();
        let removed = "the files or steps of its attempts were removed to make room";
        self.tried().or_else(|| says(!self.attempts.iter().any(is_whole), removed))
    }

    fn proposal(&self) -> Result<&ProposalRow, String> {
        self.row.proposal().ok_or_else(|| "it has no proposal".to_owned())
    }

    fn to_review(&self) -> Option<String> {
        let at_work = self.at_rest();
        at_work.or_else(|| match self.proposal() {
            Ok(ProposalRow { state: ProposalState::ToReview, .. }) => None,
            Ok(proposal) => Some(decided(&proposal.state).to_owned()),
            Err(why) => Some(why),
        })
    }

    fn was_decided(&self) -> Option<String> {
        let proposal = match self.proposal() {
            Ok(proposal) => proposal,
            Err(why) => return Some(why),
        };
        let by = self.attempts.iter().find(|row| row.id == proposal.attempt);
        let is_removed = by.is_some_and(|row| row.files_removed_at.is_some());
        says(is_removed, "its files were removed to make room").or_else(|| {
            let undecided = proposal.state == ProposalState::ToReview;
            says(undecided, "nothing was done with its proposal yet")
        })
    }
}

fn decided(state: &ProposalState) -> &'static str {
    match state {
        ProposalState::ToReview => "its proposal waits for review",
        ProposalState::AcceptedAsBranch { .. } | ProposalState::AcceptedInPlace { .. } => {
            "its proposal is accepted"
        }
        ProposalState::Rejected { .. } => "its proposal is rejected",
        ProposalState::Applying { .. } | ProposalState::TakingBack { .. } => {
            "its proposal stands in a part of the files: undo that first"
        }
        ProposalState::Branching { .. } | ProposalState::RemovingBranch { .. } => {
            "its proposal was cut short between a branch and none: undo that first"
        }
    }
}
