//! What the loop records.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tenfold_domain::{
    ApprovedCheck, AttemptOutcome, CommitId, Millis, NanoUsd, OfferedTool, Said, Shell, StepId,
    ToolCall,
};

use super::state::Setup;

/// A fact about an attempt of the loop strategy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "kebab-case")]
pub enum Event {
    /// The attempt began.
    Began {
        /// From what.
        setup: Box<Setup>,
    },
    /// Something is wanted. There is never more than one thing at a time.
    Wanted {
        /// The number of its effect.
        step: StepId,
        /// What.
        #[serde(flatten)]
        wish: Wish,
    },
    /// It has its result, and time has passed.
    Settled {
        /// The number of its effect.
        step: StepId,
        /// Time since the attempt began.
        elapsed: Millis,
        /// How much money it may still use, if that is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        left: Option<NanoUsd>,
    },
    /// The check fails before anything is done, so that it says something of the work.
    Failing,
    /// Something was said.
    Said {
        /// What, by whom.
        said: Arc<Said>,
    },
    /// The person said something that the model has not been told yet.
    Steered {
        /// In their words.
        text: String,
        /// Whether what was wanted then had begun.
        begun: bool,
    },
    /// All of that is said to the model next.
    Heard,
    /// The model's answer broke off.
    Lost,
    /// A tool changed the files.
    Changed {
        /// The files as they are now.
        work: CommitId,
    },
    /// A command ended in another directory, or with other exported variables, than it began.
    Carried {
        /// What the next command begins with.
        shell: Shell,
    },
    /// The tools of MCP servers, for all of the attempt.
    Offered {
        /// Those that may be called.
        tools: Vec<OfferedTool>,
        /// Which servers, and which of their tools, can't be used, and why, in words.
        missing: Vec<String>,
    },
    /// The model wrote down what it means to do.
    Planned {
        /// Its plan, in place of the one before.
        plan: String,
    },
    /// Turns up to here are not repeated to the model any more.
    Forgot {
        /// How many things had been said.
        until: usize,
    },
    /// The model is told, with what is said next, what folders ask of who works in them.
    Guided {
        /// The files that ask it.
        files: Vec<String>,
    },
    /// The person approved the check that the model proposed: it is the task's from now on.
    Approved {
        /// Which.
        check: ApprovedCheck,
    },
    /// The model says that it is done.
    Finished {
        /// What it did, in its own words.
        summary: String,
    },
    /// It would end, but what it has done was not before the judge yet.
    Ending {
        /// How it ends unless the judge is content.
        outcome: AttemptOutcome,
        /// Why, for people.
        why: String,
    },
    /// The attempt ended.
    Ended {
        /// How.
        outcome: AttemptOutcome,
        /// What a person should know.
        note: String,
    },
}

/// What the loop wants done. What its effect holds besides is in the state already, and not
/// recorded a second time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "effect", rename_all = "kebab-case")]
pub enum Wish {
    /// To see which tools the MCP servers offer.
    Offer,
    /// To see what the check says before anything is done.
    Baseline,
    /// The model's next words.
    Turn,
    /// A tool called.
    Tool {
        /// Which, and with which arguments.
        call: ToolCall,
    },
    /// The person's answer.
    Ask {
        /// The call that asks.
        call: String,
        /// What.
        question: String,
    },
    /// To see whether a proposed check says anything.
    TryCheck {
        /// The call that proposes it.
        call: ToolCall,
    },
    /// The person's word on a proposed check that fails now, as it should.
    AskCheck {
        /// The call that proposes it.
        call: String,
        /// What would be approved.
        check: ApprovedCheck,
        /// What they are asked.
        question: String,
    },
    /// The judge's word on the work.
    Submit {
        /// The call that says that it is done; empty if none does, and the model goes round in
        /// circles or has had all its turns.
        call: String,
    },
}
