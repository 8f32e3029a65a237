//! What the repair machine asks for, and what comes back.

use serde::{Deserialize, Serialize};
use tenfold_code::Edit;
use tenfold_domain::{Answer, Ask, CheckReport, Millis, Seed, StepId, Usage};

/// All that an attempt starts from; recorded in its first event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Setup {
    /// What to do, in the person's words; empty: make the check pass.
    pub text: String,
    /// The top of the workspace, as the check sees it.
    pub root: String,
    /// The check; empty if there is none, and then nothing can be verified.
    pub check: String,
    /// The longest that one run of the check may take.
    pub check_timeout: Millis,
    /// From which all random choices come.
    pub seed: Seed,
    /// When to stop, counted from the start of the attempt.
    pub time: Millis,
    /// The most candidates that are checked.
    pub candidates: u32,
    /// How many checks may run at a time.
    pub parallel: u32,
    /// Whether the model fills gaps and scores texts.
    pub infill: bool,
    /// Whether the model chats.
    pub chat: bool,
}

/// Something to be done for the machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "effect", rename_all = "kebab-case")]
pub enum Effect {
    /// Run the check, or a part of it.
    Check(CheckAsk),
    /// Read all source files of the base.
    Read,
    /// Ask the model; all of these at once.
    Infer {
        /// What to ask.
        asks: Vec<Ask>,
        /// What for, in a few words for people.
        what: String,
    },
    /// Run the whole check on the diff alone, as the judge.
    Judge {
        /// The diff.
        edits: Vec<Edit>,
    },
}

/// What a run of the check is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// To see what fails before anything is done.
    Baseline,
    /// To see what fails a second time, and which lines are run.
    Trace,
    /// To try a candidate.
    Candidate,
    /// To see whether a candidate that mends a part breaks nothing else.
    Part,
}

/// A run of the check, or of a part of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CheckAsk {
    /// What for.
    pub purpose: Purpose,
    /// The command.
    pub command: String,
    /// What is changed in the base before it runs.
    pub edits: Vec<Edit>,
    /// The longest that it may take.
    pub timeout: Millis,
    /// A plugin of the test runner that it needs.
    pub plugin: Option<Plugin>,
}

/// A program of ours that a run loads into the check, to see what it does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plugin {
    /// Names and texts of its files.
    pub files: Vec<(String, String)>,
    /// The folder that they are put into, below the top of the workspace.
    pub folder: String,
    /// What is set in the environment; what is there already is kept behind a colon.
    pub env: Vec<(String, String)>,
    /// The file that it writes, below the top of the workspace.
    pub output: String,
    /// Whether the sources that may be edited are given probes
    /// ([`Syntax::probed`](tenfold_code::Syntax::probed)).
    pub probes: bool,
}

/// A source file of the base.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Relative to the top of the workspace.
    pub path: String,
    /// Its text.
    pub text: String,
    /// Whether the agent may edit it; files that the check depends on are put back.
    pub editable: bool,
}

/// The result of an effect.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Input {
    /// Which effect.
    pub step: StepId,
    /// Time since the attempt began, interruptions left out.
    pub elapsed: Millis,
    /// What came of it.
    pub reply: Reply,
}

/// What came of an effect.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "reply", rename_all = "kebab-case")]
pub enum Reply {
    /// Of [`Effect::Check`] and [`Effect::Judge`].
    Checked {
        /// What the check said.
        report: CheckReport,
        /// What the plugin wrote.
        output: Option<String>,
    },
    /// Of [`Effect::Judge`], where the task has no check: nothing was run, and nothing is
    /// verified.
    Unjudged,
    /// Of [`Effect::Read`].
    Sources {
        /// The files, in the order of their paths.
        files: Vec<Source>,
    },
    /// Of [`Effect::Infer`].
    Inferred {
        /// An answer for each question, `None` where the model refused.
        answers: Vec<Option<Answer>>,
        /// What was used.
        usage: Usage,
        /// How long it took.
        wall: Millis,
    },
    /// The effect failed, for a reason that ends the attempt.
    Failed {
        /// Whether it was the model that failed.
        model: bool,
        /// Why, for people.
        why: String,
    },
    /// The person, the clock or the ledger stops the attempt.
    Stop {
        /// How the attempt ends by it.
        outcome: tenfold_domain::AttemptOutcome,
        /// Why, for people.
        why: String,
    },
}
