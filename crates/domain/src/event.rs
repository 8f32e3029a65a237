//! The facts that the journal records, grouped by noun. Every state is a fold of these.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    ApprovedCheck, AttemptId, Budget, CheckReport, Choice, CommitId, DeedEvent, EgressEvent,
    Energy, Export, Forecast, JournalEvent, LedgerEvent, Millis, NanoUsd, PeopleEvent, Place,
    PolicyEvent, ReservationId, Seed, Spend, StepId, Strategy, TaskId, TaskSpec, Timestamp, Usage,
    WaitingCall, Worked,
};

/// The place of an event in the journal, from one, without gaps.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Seq(pub u64);

/// One recorded fact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Its place in the journal.
    pub seq: Seq,
    /// When it was recorded.
    pub at: Timestamp,
    /// What happened.
    #[serde(flatten)]
    pub fact: Fact,
}

/// What happened, by noun.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "noun", rename_all = "kebab-case")]
pub enum Fact {
    /// To a task.
    Task {
        /// Which.
        task: TaskId,
        /// What.
        #[serde(flatten)]
        event: TaskEvent,
    },
    /// To an attempt.
    Attempt {
        /// Which.
        attempt: AttemptId,
        /// What.
        #[serde(flatten)]
        event: AttemptEvent,
    },
    /// To an effect of an attempt.
    Step {
        /// Of which attempt.
        attempt: AttemptId,
        /// Which step of it.
        step: StepId,
        /// What.
        #[serde(flatten)]
        event: StepEvent,
    },
    /// To what the person's policy has a say in.
    Policy {
        /// Of which attempt.
        attempt: AttemptId,
        /// The step that was about to be done.
        step: StepId,
        /// What.
        #[serde(flatten)]
        event: PolicyEvent,
    },
    /// To what a command says to other machines.
    Egress {
        /// Of which attempt.
        attempt: AttemptId,
        /// The step that the command is.
        step: StepId,
        /// What.
        #[serde(flatten)]
        event: EgressEvent,
    },
    /// To the proposal of a task.
    Proposal {
        /// The attempt that made it.
        attempt: AttemptId,
        /// What.
        #[serde(flatten)]
        event: ProposalEvent,
    },
    /// To money.
    Ledger {
        /// What.
        #[serde(flatten)]
        event: LedgerEvent,
    },
    /// To the journal itself.
    Journal {
        /// What.
        #[serde(flatten)]
        event: JournalEvent,
    },
    /// To a repository.
    Repository {
        /// Which, absolute, links resolved.
        workspace: PathBuf,
        /// What.
        #[serde(flatten)]
        event: RepositoryEvent,
    },
    /// To who may sign in.
    People {
        /// What.
        #[serde(flatten)]
        event: PeopleEvent,
    },
    /// By a person's hand, on the page.
    Deed {
        /// What.
        #[serde(flatten)]
        event: DeedEvent,
    },
}

impl Fact {
    /// The task that this fact is about, if any.
    pub fn task(&self) -> Option<TaskId> {
        match self {
            Self::Task { task, .. } => Some(*task),
            Self::Attempt { attempt, .. }
            | Self::Step { attempt, .. }
            | Self::Policy { attempt, .. }
            | Self::Egress { attempt, .. }
            | Self::Proposal { attempt, .. } => Some(attempt.task),
            Self::Ledger { .. }
            | Self::Journal { .. }
            | Self::Repository { .. }
            | Self::People { .. }
            | Self::Deed { .. } => None,
        }
    }

    /// The attempt that this fact is about, if any.
    pub fn attempt(&self) -> Option<AttemptId> {
        match self {
            Self::Attempt { attempt, .. }
            | Self::Step { attempt, .. }
            | Self::Policy { attempt, .. }
            | Self::Egress { attempt, .. }
            | Self::Proposal { attempt, .. } => Some(*attempt),
            Self::Task { .. }
            | Self::Ledger { .. }
            | Self::Journal { .. }
            | Self::Repository { .. }
            | Self::People { .. }
            | Self::Deed { .. } => None,
        }
    }
}

/// What happens to a task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum TaskEvent {
    /// A person asked for it.
    Asked(Box<TaskSpec>),
    /// The person set other limits, in place of those before.
    Budgeted {
        /// The limits from now on.
        budget: Budget,
    },
    /// The person said something about it, for the attempt at work and for those to come.
    Steered {
        /// In their words.
        text: String,
    },
    /// The person approved a check that an agent proposed: it is the task's from now on.
    CheckApproved(ApprovedCheck),
    /// Nothing of it can be done for now, and it waits until something can.
    Parked(Parked),
    /// What a parked task waited for may be there: it may be gone on with.
    Woken,
    /// The cascade makes no further attempt, though the budget allows one.
    LeftOff {
        /// Why, for people.
        why: String,
    },
    /// What its files are, as a new attempt found them.
    Surveyed(Survey),
}

/// What the files of a task are, as far as it tells which other tasks it is like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Survey {
    /// The language that most of its code is in; none if there is no code in a language that is
    /// known.
    pub language: Option<String>,
    /// How many files there are.
    pub files: u64,
}

/// What a task waits for that was parked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Parked {
    /// Money, of which its account has too little for what is next.
    Money {
        /// What the account has to have.
        amount: Spend,
        /// When the allowance that is in the way begins anew, if that would help.
        renews: Option<Timestamp>,
    },
    /// Its model's provider, which lets nothing through.
    Quota {
        /// When it is asked again.
        until: Timestamp,
        /// Whether the provider lets something through then, by its own word. Else that is only
        /// when it is worth another try: somebody may have to pay a bill first.
        is_told: bool,
    },
}

impl Parked {
    /// When the provider that it waits for lets something through, if it said so.
    pub fn lifts(self) -> Option<Timestamp> {
        match self {
            Self::Quota { until, is_told: true } => Some(until),
            Self::Quota { .. } | Self::Money { .. } => None,
        }
    }
}

/// Until when or until what, in words for people.
impl fmt::Display for Parked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Money { amount, renews } => {
                match amount.money {
                    NanoUsd::ZERO => f.write_str("until its account has more")?,
                    money => write!(f, "until its account has {money}")?,
                }
                renews.map_or(Ok(()), |at| write!(f, ", which may be at {at}"))
            }
            Self::Quota { until, is_told: true } => {
                write!(f, "until its model's provider lets something through, at {until}")
            }
            Self::Quota { until, is_told: false } => write!(
                f,
                "until its model's provider lets something through; it is asked again at {until}"
            ),
        }
    }
}

/// What happens to an attempt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum AttemptEvent {
    /// It began.
    Started {
        /// How it works.
        strategy: Strategy,
        /// With which model.
        model: String,
        /// From which all its random choices come.
        seed: Seed,
        /// The person's files as they were, in Tenfold's own git directory.
        base: CommitId,
    },
    /// It was chosen by the cascade; said before it does anything.
    Chosen(Choice),
    /// What was likely to come of it; said before it does anything.
    Foreseen(Forecast),
    /// Its commands run in a sandbox of this tier from now on; said each time that it is begun or
    /// gone on with.
    Confined {
        /// `A`, or what is weaker.
        tier: String,
    },
    /// Its machine moved on: an event of the strategy, in the strategy's own form.
    Advanced {
        /// The strategy's event.
        change: Value,
    },
    /// It goes on from another attempt: the changes that follow are taken over from there.
    Forked {
        /// From which.
        from: AttemptId,
        /// The last step that counts; none: all of them do.
        step: Option<StepId>,
        /// How many changes are taken over.
        changes: u32,
    },
    /// It left off because the person wanted so: nothing of it runs.
    Paused,
    /// It was interrupted, paused or ended at a limit, and goes on.
    Resumed,
    /// It asks the person something, and waits: nothing of it runs, and nothing is spent.
    Asked {
        /// The step that the answer is for.
        step: StepId,
        /// What.
        question: String,
        /// The call that waits for leave, if that is what it asks.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        call: Option<WaitingCall>,
    },
    /// The person answered; it can go on.
    Answered {
        /// The step that asked.
        step: StepId,
        /// What.
        text: String,
    },
    /// It ended.
    Ended {
        /// How.
        outcome: AttemptOutcome,
        /// What a person should know about it: what was tried, why it failed, what to do.
        note: String,
    },
    /// Its files, from those that it began with to those that it proposed, are about to be
    /// removed to make room, since a person has reviewed them. What is recorded stays.
    FilesRemoved,
    /// Its steps, and what its machine made of them, were taken out of the journal: a person has
    /// reviewed them, or there was nothing to review. What it came to stays.
    StepsDropped {
        /// How many events that was.
        events: u64,
        /// Where they are.
        export: Export,
        /// What they came to.
        was: Worked,
    },
}

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum AttemptOutcome {
    /// It made a proposal.
    Finished,
    /// It tried all it knows.
    GaveUp,
    /// It reached its limit of steps or candidates.
    LimitSteps,
    /// It reached its limit of time.
    LimitTime,
    /// It reached its limit of money.
    LimitMoney,
    /// It took what the cascade would spend on it before the next dollar is better spent otherwise.
    LimitShare,
    /// The model's provider lets nothing more through for now.
    LimitQuota,
    /// It went round in circles.
    Stuck,
    /// A person stopped it.
    Stopped,
    /// The model could not be reached, or failed again and again.
    ProviderFailed,
    /// The check passed before anything was done.
    NothingToDo,
    /// The check fails for a reason that no change of the code explains.
    CheckBroken,
    /// The check passes and fails on the same files.
    CheckFlaky,
}

impl AttemptOutcome {
    /// Whether the attempt can go on where it stands, once it is given more of what it lacks.
    pub fn is_limit(self) -> bool {
        matches!(self, Self::LimitTime | Self::LimitMoney | Self::LimitShare | Self::LimitQuota)
    }

    /// Whether the attempt can go on where it stands.
    pub fn goes_on(self) -> bool {
        self.is_limit() || matches!(self, Self::ProviderFailed | Self::Stopped)
    }
}

/// In words for people. What programs read is the name that it is serialised as.
impl fmt::Display for AttemptOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Finished => "finished",
            Self::GaveUp => "gave up",
            Self::LimitSteps => "out of steps",
            Self::LimitTime => "out of time",
            Self::LimitMoney => "out of money",
            Self::LimitShare => "took its share",
            Self::LimitQuota => "out of quota",
            Self::Stuck => "stuck",
            Self::Stopped => "stopped",
            Self::ProviderFailed => "model failed",
            Self::NothingToDo => "nothing to do",
            Self::CheckBroken => "check broken",
            Self::CheckFlaky => "check flaky",
        })
    }
}

/// What an effect is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EffectKind {
    /// A call of a model: paid.
    Model,
    /// A run of the check, or of a part of it, in a sandbox.
    Check,
    /// A run of the command that prepares what the check needs, in a sandbox.
    Setup,
    /// A read of the workspace.
    Read,
    /// A command of the agent's own, in a sandbox.
    Tool,
}

/// What happens to one effect: `intent` is durable before it begins.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum StepEvent {
    /// It is about to begin.
    Intent {
        /// What it is.
        kind: EffectKind,
        /// The request in the strategy's own form.
        request: Value,
        /// The money set aside for it.
        reservation: Option<ReservationId>,
    },
    /// It came to an end.
    Result {
        /// The reply in the strategy's own form.
        reply: Value,
        /// What the model used.
        usage: Usage,
        /// The bill.
        cost: NanoUsd,
        /// How long it took.
        wall: Millis,
        /// The energy that it took here, of a model on this machine.
        #[serde(default, skip_serializing_if = "Energy::is_none")]
        energy: Energy,
    },
    /// It failed; what it may have cost is counted as spent.
    Failed {
        /// Why, for people.
        why: String,
        /// What is counted as spent.
        cost: NanoUsd,
    },
}

/// What happens to a proposal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum ProposalEvent {
    /// It was made.
    Made {
        /// The proposed files, a commit on top of the attempt's base.
        commit: CommitId,
        /// The run of the whole check on the diff alone; without one it is unverified.
        evidence: Option<CheckReport>,
    },
    /// It is about to become a branch of the person's repository: the branch is not made before
    /// this is recorded. What follows is that it was, or that it was not; if nothing does, the
    /// process was killed in the midst of it.
    Branching {
        /// The branch's full name, `refs/heads/…`.
        branch: String,
        /// The commit that it is to point to, in the person's repository.
        commit: String,
    },
    /// It was accepted as a branch.
    AcceptedAsBranch {
        /// The branch's full name, `refs/heads/…`.
        branch: String,
        /// The commit it points to, in the person's repository.
        commit: String,
    },
    /// It is about to be written into the person's files: not one of them is changed before
    /// this is recorded. What follows is that it was, or that it was taken back; if nothing
    /// does, the process was killed in the midst of it.
    Applying {
        /// Every file that is about to be written, as it was before, in Tenfold's own git
        /// directory.
        before: CommitId,
        /// The same files as they are to be.
        after: CommitId,
    },
    /// It was applied to the person's files.
    AcceptedInPlace {
        /// Every file that was written, as it was before, in Tenfold's own git directory.
        before: CommitId,
        /// The same files as they were written.
        after: CommitId,
    },
    /// Work of its kind has been right so often that the person's rule lets it be accepted unseen,
    /// which is done next.
    Earned {
        /// The lower 95 % bound of its being right, by the track record: from 0 to 1.
        bound: f64,
        /// What the rule asks for.
        over: f64,
    },
    /// It is better than those of other attempts.
    Preferred {
        /// Than how many.
        others: u32,
    },
    /// The person said something about a line of it, or about a file.
    Commented {
        /// About what. Records of releases that knew only proposed lines say no side.
        #[serde(flatten)]
        place: Place,
        /// What, in their words.
        text: String,
    },
    /// It was rejected.
    Rejected {
        /// Why, in the person's words; may be empty.
        reason: String,
    },
    /// What was written into the person's files, or the branch, is about to be taken back.
    TakingBack,
    /// The acceptance or rejection was taken back.
    Undone,
}

/// What happens to a repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum RepositoryEvent {
    /// The person approved what its `tenfold.toml` proposes.
    ConfigApproved {
        /// SHA-256 of the file, in hexadecimal.
        hash: String,
    },
    /// The person approved what one of its files asks of who works in it.
    InstructionsApproved {
        /// The file (`AGENTS.md`, `SKILL.md`), from the top of the workspace; in records of
        /// releases that knew only the one at the top it is left out.
        #[serde(default = "at_the_top")]
        file: String,
        /// SHA-256 of the file, in hexadecimal.
        hash: String,
    },
}

impl RepositoryEvent {
    /// The file that was approved, from the top of the workspace, and its hash.
    pub fn approved(&self) -> (&str, &str) {
        match self {
            Self::ConfigApproved { hash } => ("tenfold.toml", hash),
            Self::InstructionsApproved { file, hash } => (file, hash),
        }
    }
}

fn at_the_top() -> String {
    "AGENTS.md".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Side;

    #[test]
    fn an_event_reads_back_and_names_its_subject() {
        let attempt: AttemptId = "3.1".parse().unwrap();
        let event = Event {
            seq: Seq(9),
            at: Timestamp(1),
            fact: Fact::Step {
                attempt,
                step: StepId(2),
                event: StepEvent::Failed { why: "gone".into(), cost: NanoUsd(5) },
            },
        };
        let text = serde_json::to_string(&event).unwrap();
        assert_eq!(serde_json::from_str::<Event>(&text).unwrap(), event);
        assert_eq!(event.fact.task(), Some(attempt.task));
        assert_eq!(event.fact.attempt(), Some(attempt));
    }

    #[test]
    fn an_approval_that_names_no_file_is_of_the_instructions_at_the_top() {
        let old = r#"{"event":"instructions-approved","hash":"ab"}"#;
        let event: RepositoryEvent = serde_json::from_str(old).unwrap();
        assert_eq!(event.approved(), ("AGENTS.md", "ab"));
        let file = "src/AGENTS.md".to_owned();
        let event = RepositoryEvent::InstructionsApproved { file, hash: "cd".to_owned() };
        let text = serde_json::to_string(&event).unwrap();
        let read: RepositoryEvent = serde_json::from_str(&text).unwrap();
        assert_eq!(read.approved(), ("src/AGENTS.md", "cd"));
    }

    #[test]
    fn a_comment_that_names_no_side_is_on_a_line_as_it_is_proposed() {
        let old = r#"{"event":"commented","path":"a.py","line":3,"text":"why?"}"#;
        let read: ProposalEvent = serde_json::from_str(old).unwrap();
        let of = |line, side| {
            let place = Place { path: "a.py".to_owned(), line, side };
            ProposalEvent::Commented { place, text: "why?".to_owned() }
        };
        assert_eq!(read, of(Some(3), Side::Proposed));
        for event in [of(Some(3), Side::Before), of(None, Side::Proposed)] {
            let text = serde_json::to_string(&event).unwrap();
            assert_eq!(serde_json::from_str::<ProposalEvent>(&text).unwrap(), event);
        }
    }

    #[test]
    fn a_ledger_event_is_about_no_task() {
        let fact = Fact::Ledger {
            event: LedgerEvent::Released { reservation: ReservationId(1), at: Timestamp(0) },
        };
        let text = serde_json::to_string(&fact).unwrap();
        assert_eq!(serde_json::from_str::<Fact>(&text).unwrap(), fact);
        assert_eq!(fact.task(), None);
    }
}
