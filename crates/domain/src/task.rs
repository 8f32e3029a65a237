//! What a person asks for.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{AccountId, Cascade, CheckFiles, Guidance, McpServer, Millis, NanoUsd, Role, Standing};

/// A task as it was asked for. What the person left out has been filled in by then, at the
/// edge, from the repository's approved `tenfold.toml` and from the defaults.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskSpec {
    /// What to do, in the person's words. Empty: make the check pass.
    pub text: String,
    /// The repository or folder, absolute, links resolved.
    pub workspace: PathBuf,
    /// The shell command that verifies the work, run at the top of the workspace.
    /// Without one a proposal is marked "unverified".
    pub check: Option<String>,
    /// What belongs to a check that an agent proposed and the person approved; none of another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check_files: Option<CheckFiles>,
    /// The shell command that prepares what the check needs.
    pub setup: Option<String>,
    /// Patterns (as in `.gitignore`) of files that the agent may edit though the check
    /// depends on them.
    pub may_edit: Vec<String>,
    /// Patterns of further files that are put back before the check runs.
    pub protect: Vec<String>,
    /// The longest that one run of the check may take.
    pub check_timeout: Millis,
    /// Where to stop.
    pub budget: Budget,
    /// The model, by its name in the catalogue.
    pub model: String,
    /// How to work.
    pub strategy: Strategy,
    /// How further attempts work, in turn with that; may be empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<Strategy>,
    /// How many attempts are made even if an earlier one succeeds; the best of them is proposed.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub best_of: u32,
    /// What the repository asks of who works in it, as the person approved it; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub instructions: String,
    /// What it asks and offers besides, in files below the top, as the person approved them.
    #[serde(default, skip_serializing_if = "Guidance::is_empty")]
    pub guidance: Guidance,
    /// The MCP servers whose tools it may use; often none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub servers: Vec<McpServer>,
    /// How it stands to other tasks.
    #[serde(default, skip_serializing_if = "Standing::is_usual")]
    pub standing: Standing,
    /// Whether the person may be asked something; who may not ask decides by itself.
    #[serde(default)]
    pub questions: bool,
    /// Between whom the cascade chooses, and whether there is another attempt at all; none: all
    /// attempts are made by the task's own model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cascade: Option<Cascade>,
    /// The kind of coworker that works it, if the person named one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// Who pays for it.
    #[serde(default = "default_account", skip_serializing_if = "is_default_account")]
    pub account: AccountId,
}

impl TaskSpec {
    /// A task of which nothing else is said: without a check, by `repair`, one attempt at a time,
    /// and with nobody to ask. A run of a check that it gets may take a minute.
    pub fn new(
        text: impl Into<String>,
        workspace: impl Into<PathBuf>,
        model: impl Into<String>,
        budget: Budget,
    ) -> Self {
        Self {
            text: text.into(),
            workspace: workspace.into(),
            check: None,
            check_files: None,
            setup: None,
            may_edit: Vec::new(),
            protect: Vec::new(),
            check_timeout: Millis(60_000),
            budget,
            model: model.into(),
            strategy: Strategy::Repair,
            others: Vec::new(),
            best_of: 1,
            instructions: String::new(),
            guidance: Guidance::default(),
            servers: Vec::new(),
            standing: Standing::default(),
            questions: false,
            cascade: None,
            role: None,
            account: AccountId::DEFAULT,
        }
    }

    /// How the attempts work, in turn.
    pub fn strategies(&self) -> Vec<Strategy> {
        std::iter::once(self.strategy).chain(self.others.iter().copied()).collect()
    }
}

fn default_account() -> AccountId {
    AccountId::DEFAULT
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands it over so")]
fn is_default_account(account: &AccountId) -> bool {
    *account == AccountId::DEFAULT
}

fn one() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands it over so")]
fn is_one(number: &u32) -> bool {
    *number == 1
}

/// Where work on a task stops, whichever comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Budget {
    /// The most money that may be spent.
    pub money: NanoUsd,
    /// The longest that all attempts together may take.
    pub time: Millis,
    /// The most attempts.
    pub attempts: u32,
}

/// How an attempt works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Strategy {
    /// Localise, sample many short candidates, verify.
    Repair,
    /// A model that calls tools.
    Loop,
}

impl fmt::Display for Strategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Repair => f.pad("repair"),
            Self::Loop => f.pad("loop"),
        }
    }
}

impl FromStr for Strategy {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "repair" => Ok(Self::Repair),
            "loop" => Ok(Self::Loop),
            _ => Err(format!("'{text}' is not a strategy: there are 'repair' and 'loop'")),
        }
    }
}

/// Where a task stands, as people see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum TaskState {
    /// Asked for, and not begun; or parked and woken again, and not gone on with.
    Queued,
    /// An attempt has begun and has not ended. If no engine runs it was interrupted, and
    /// `tenfold continue` goes on with it.
    Working,
    /// An attempt has left off because the person wanted so; `tenfold resume` goes on with it.
    Paused,
    /// Its account has no money for what is next, or its model's provider lets nothing through. It
    /// goes on by itself once that is over.
    Parked,
    /// Every attempt ended without a proposal; a person has to decide.
    NeedsYou,
    /// A proposal waits for review.
    ToReview,
    /// Accepted.
    Accepted,
    /// Rejected.
    Rejected,
}

impl TaskState {
    /// All of them, in the order of a task's life.
    pub const ALL: [Self; 8] = [
        Self::Queued,
        Self::Working,
        Self::Paused,
        Self::Parked,
        Self::NeedsYou,
        Self::ToReview,
        Self::Accepted,
        Self::Rejected,
    ];
}

impl fmt::Display for TaskState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Queued => "queued",
            Self::Working => "working",
            Self::Paused => "paused",
            Self::Parked => "parked",
            Self::NeedsYou => "needs you",
            Self::ToReview => "to review",
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
        })
    }
}
