//! What strategies ask for, and what comes back: the same words for all of them, so that who
//! performs an effect need not know whose it is.

use serde::{Deserialize, Serialize};
use tenfold_code::Edit;
use tenfold_domain::{
    Answer, Ask, AttemptOutcome, CheckFiles, CheckReport, CommitId, Millis, NanoUsd, OfferedTool,
    Shell, StepId, ToolCall, Usage,
};

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
    /// Call a tool.
    Tool {
        /// Which, and with which arguments.
        call: ToolCall,
        /// The files that it works on.
        at: CommitId,
        /// What the last command left to this one, if it is one.
        #[serde(default, skip_serializing_if = "Shell::is_fresh")]
        shell: Shell,
    },
    /// Start MCP servers, and see which tools they offer.
    Offer {
        /// How the person calls them.
        servers: Vec<String>,
        /// The files that they see.
        at: CommitId,
    },
    /// Ask the person, and wait for as long as that takes.
    Ask {
        /// What.
        question: String,
    },
    /// Try a check that the agent proposes, on the base with the check's files.
    TryCheck {
        /// The call that proposes it, which [`ProposedCheck`](crate::tool_loop::ProposedCheck)
        /// understands.
        call: ToolCall,
        /// The files that the check's own are among.
        at: CommitId,
    },
    /// Run the whole check on what a commit changes, as the judge.
    Submit {
        /// The commit.
        work: CommitId,
    },
}

impl Effect {
    /// Whether the judge speaks its word by it.
    pub fn is_judgement(&self) -> bool {
        matches!(self, Self::Judge { .. } | Self::Submit { .. })
    }
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
    /// How much money the attempt may still use, if that is known.
    pub left: Option<NanoUsd>,
    /// What came of it.
    pub reply: Reply,
}

/// What came of an effect.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "reply", rename_all = "kebab-case")]
pub enum Reply {
    /// Of [`Effect::Check`], [`Effect::Judge`] and [`Effect::Submit`].
    Checked {
        /// What the check said.
        report: CheckReport,
        /// What the plugin wrote.
        output: Option<String>,
    },
    /// Of [`Effect::Judge`] and [`Effect::Submit`], where the task has no check: nothing was run, and nothing is
    /// verified.
    Unjudged,
    /// Of [`Effect::Submit`], where nothing is left of the work once the files that the check
    /// depends on are put back: nothing was run.
    Nothing,
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
    /// Of [`Effect::Infer`], where the answer broke off and what it cost is not known: it is
    /// counted as if it had come whole.
    Lost {
        /// How.
        why: String,
    },
    /// Of [`Effect::Tool`].
    Returned {
        /// What the model is told.
        text: String,
        /// The files as they are now.
        at: CommitId,
        /// What it leaves to the next command, if that is something else than was left to it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        shell: Option<Shell>,
    },
    /// Of [`Effect::TryCheck`].
    Tried {
        /// What it said.
        report: CheckReport,
        /// Its files.
        files: CheckFiles,
        /// They as a person is shown them.
        shown: String,
    },
    /// Of [`Effect::TryCheck`], where it was not run.
    Untried {
        /// Why, for the model.
        why: String,
    },
    /// Of [`Effect::Offer`].
    Offered {
        /// The tools, in the order of the servers.
        tools: Vec<OfferedTool>,
        /// Which servers, and which of their tools, can't be used, and why, in words.
        missing: Vec<String>,
    },
    /// Of [`Effect::Ask`].
    Answered {
        /// In the person's words.
        text: String,
    },
    /// The effect failed, for a reason that ends the attempt.
    Failed {
        /// Whether it was the model that failed.
        model: bool,
        /// Why, for people.
        why: String,
    },
    /// Of no effect: the person says something while the attempt is at work.
    Steered {
        /// In their words.
        text: String,
        /// Whether something that is wanted has begun already; what has not can be let be.
        begun: bool,
    },
    /// The person, the clock or the ledger stops the attempt.
    Stop {
        /// How the attempt ends by it.
        outcome: AttemptOutcome,
        /// Why, for people.
        why: String,
    },
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// How.
    pub outcome: AttemptOutcome,
    /// What a person should know.
    pub note: String,
}
