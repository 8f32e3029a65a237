//! What can be said to the engine at work, and how: wire types, spoken in JSON over HTTP, on a
//! Unix socket of the user's own.
//!
//! Each thing to say is a type, a [`Call`], that knows its method, its path and what is answered.
//! Whoever speaks and whoever listens read it here, so that they can't come apart. What can't
//! be done is answered with a [`Problem`](tenfold_domain::Problem) and the status of its kind.
//! How it goes with tasks is a stream of server-sent events, each of them a
//! [`Progress`](tenfold_domain::Progress) in JSON ([`TASK_PROGRESS`], [`PROGRESS`]).
//!
//! Fields are added and never change their meaning. What only reads the journal reads the store.

use std::path::PathBuf;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tenfold_domain::{
    Accept, AcceptTogether, Accepted, AcceptedOrNot, AccountChange, AttemptId, BacklogOutcome,
    BacklogTerms, Budget, LedgerEvent, MakeRoom, PeopleChange, PeopleEvent, Place, RepositoryEvent,
    RoomMade, Seed, StepId, TaskId, TaskSpec, Timestamp, Undone,
};
use utoipa::ToSchema;

/// Where it is told how it goes with all tasks at work, until none is.
pub const PROGRESS: &str = "/v1/progress";
/// Where it is told how it goes with one task, until it is not at work any more.
pub const TASK_PROGRESS: &str = "/v1/tasks/{task}/progress";
/// The largest body of a call, in bytes.
pub const BODY_BYTES_MAX: usize = 1024 * 1024;

/// Something that can be said to the engine; the type is the body.
pub trait Call: Serialize + DeserializeOwned + Send + 'static {
    /// Whether it changes nothing, and so is a GET; all else is a POST.
    const READS: bool = false;
    /// Where; `{task}` stands for the task's number.
    const PATH: &'static str;
    /// What is answered.
    type Answer: Serialize + DeserializeOwned + Send + 'static;
}

/// A path with the task's number in it.
pub fn path(template: &str, task: Option<TaskId>) -> String {
    match task {
        Some(task) => template.replace("{task}", &task.to_string()),
        None => template.to_owned(),
    }
}

/// Asks who the engine is.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Look {}

impl Call for Look {
    const READS: bool = true;
    const PATH: &'static str = "/v1/engine";
    type Answer = Engine;
}

/// Who the engine is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Engine {
    /// The release of Tenfold that it is of.
    pub version: String,
    /// Its process.
    pub process: u32,
    /// The tasks that it works on.
    pub at_work: Vec<TaskId>,
    /// Where its page is, if it has one open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
}

/// Records a task; it is not begun.
impl Call for TaskSpec {
    const PATH: &'static str = "/v1/tasks";
    type Answer = New;
}

/// A task was recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct New {
    /// Its number.
    pub task: TaskId,
}

/// Records several tasks, all or none; none is begun.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Import {
    /// In their order.
    pub tasks: Vec<Imported>,
}

/// One of them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Imported {
    /// The task.
    pub spec: TaskSpec,
    /// Which of those that are recorded with it come before it, by their places from zero, beside
    /// the tasks that its standing names.
    #[serde(default)]
    pub after: Vec<usize>,
}

impl Call for Import {
    const PATH: &'static str = "/v1/backlog";
    type Answer = Vec<TaskId>;
}

/// Begins to work the backlog.
impl Call for BacklogTerms {
    const PATH: &'static str = "/v1/backlog/start";
    type Answer = ();
}

/// Begins no more tasks of the backlog, and interrupts those that are at work.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct StopBacklog {}

impl Call for StopBacklog {
    const PATH: &'static str = "/v1/backlog/stop";
    type Answer = ();
}

/// Asks how the work on the backlog goes, or how it went.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LookAtBacklog {}

impl Call for LookAtBacklog {
    const PATH: &'static str = "/v1/backlog/look";
    type Answer = BacklogOutcome;
}

/// Asks why tasks of the backlog are not begun yet.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct WhyWaiting {
    /// Which.
    pub tasks: Vec<TaskId>,
}

impl Call for WhyWaiting {
    const PATH: &'static str = "/v1/backlog/why";
    type Answer = Vec<Waiting>;
}

/// Why a task is not begun yet. Of one that is at work, or as long as the backlog is not worked,
/// nothing is said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// Which.
    pub task: TaskId,
    /// In words for people.
    pub why: String,
}

/// Records that the person approved a file of a repository's.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Approve {
    /// The repository, absolute, links resolved.
    pub workspace: PathBuf,
    /// Which file, and its hash.
    pub event: RepositoryEvent,
}

impl Call for Approve {
    const PATH: &'static str = "/v1/approvals";
    type Answer = ();
}

/// Begins to work on a task.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Begin {
    /// The seed of a new attempt; without one it is drawn from the clock.
    pub seed: Option<Seed>,
    /// Whether the time of an attempt that was interrupted counts anew.
    pub time_anew: bool,
    /// Whether to begin a new attempt, whatever became of those before.
    pub from_scratch: bool,
}

impl Call for Begin {
    const PATH: &'static str = "/v1/tasks/{task}/begin";
    type Answer = ();
}

/// Sets other limits for a task, in place of those it had.
impl Call for Budget {
    const PATH: &'static str = "/v1/tasks/{task}/budget";
    type Answer = ();
}

/// Says something about a task, for the attempt at work and for those to come.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Steer {
    /// In the person's words.
    pub text: String,
}

impl Call for Steer {
    const PATH: &'static str = "/v1/tasks/{task}/steer";
    type Answer = Steered;
}

/// The person's words are kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Steered {
    /// Whether an attempt is at work, which takes them up before its next step.
    pub at_work: bool,
}

/// Answers what a task asks; it does not go on by that.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Answer {
    /// In the person's words.
    pub text: String,
    /// The attempt whose question they have read; none: whichever is open is meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub attempt: Option<AttemptId>,
    /// The step that the question is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub step: Option<StepId>,
}

impl Call for Answer {
    const PATH: &'static str = "/v1/tasks/{task}/answer";
    type Answer = ();
}

/// Has a task leave off when what is under way has come to its end.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Pause {}

impl Call for Pause {
    const PATH: &'static str = "/v1/tasks/{task}/pause";
    type Answer = ();
}

/// Goes on with a task that was paused, stopped or interrupted.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Resume {}

impl Call for Resume {
    const PATH: &'static str = "/v1/tasks/{task}/resume";
    type Answer = ();
}

/// Ends a task's attempt at once.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Stop {}

impl Call for Stop {
    const PATH: &'static str = "/v1/tasks/{task}/stop";
    type Answer = ();
}

/// Makes an attempt that goes on from a step of another one; it is not begun.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Fork {
    /// The number of the other attempt, among those of the task.
    pub attempt: u32,
    /// The last of its steps that counts; none: all of them do.
    #[serde(default)]
    pub step: Option<StepId>,
    /// What the person says to the new one.
    #[serde(default)]
    pub text: Option<String>,
    /// From which its further random choices come; else from the clock.
    #[serde(default)]
    pub seed: Option<Seed>,
}

impl Call for Fork {
    const PATH: &'static str = "/v1/tasks/{task}/fork";
    type Answer = NewAttempt;
}

/// There is a new attempt; `begin` works it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NewAttempt {
    /// Which.
    pub attempt: AttemptId,
}

/// Says something about a line of a task's proposal, or about one of its files.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Comment {
    /// About what.
    #[serde(flatten)]
    pub place: Place,
    /// What, in the person's words.
    pub text: String,
}

impl Call for Comment {
    const PATH: &'static str = "/v1/tasks/{task}/comment";
    type Answer = ();
}

/// Makes an attempt that goes on from a task's proposal, with all that was said about it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Revise {}

impl Call for Revise {
    const PATH: &'static str = "/v1/tasks/{task}/revise";
    type Answer = NewAttempt;
}

/// Accepts a task's proposal.
impl Call for Accept {
    const PATH: &'static str = "/v1/tasks/{task}/accept";
    type Answer = Accepted;
}

/// Accepts those of several proposals that go together; it takes as long as their checks do.
impl Call for AcceptTogether {
    const PATH: &'static str = "/v1/accept";
    type Answer = Vec<AcceptedOrNot>;
}

/// Sends a task's proposal away.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Reject {
    /// Why; may be empty.
    pub reason: String,
}

impl Call for Reject {
    const PATH: &'static str = "/v1/tasks/{task}/reject";
    type Answer = ();
}

/// Takes an acceptance or a rejection back.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Undo {}

impl Call for Undo {
    const PATH: &'static str = "/v1/tasks/{task}/undo";
    type Answer = Undone;
}

/// Changes accounts, as the person who says so wants; answered with what was recorded.
impl Call for AccountChange {
    const PATH: &'static str = "/v1/accounts";
    type Answer = Vec<LedgerEvent>;
}

/// Changes who may sign in, as the person who says so wants; answered with what was recorded.
impl Call for PeopleChange {
    const PATH: &'static str = "/v1/people";
    type Answer = Vec<PeopleEvent>;
}

/// Makes a link that lets somebody in once.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MakeLink {
    /// Whom; none: the first person, whom there is from then on.
    pub name: Option<String>,
}

impl Call for MakeLink {
    const PATH: &'static str = "/v1/people/link";
    type Answer = NewLink;
}

/// There is a link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewLink {
    /// Whom it lets in.
    pub name: String,
    /// What stands behind `#link=` in it.
    pub secret: String,
    /// Until when.
    pub until: Timestamp,
}

/// Makes room on the disk.
impl Call for MakeRoom {
    const PATH: &'static str = "/v1/room";
    type Answer = RoomMade;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_its_task() {
        let task = TaskId::new(7).expect("it is not zero");
        assert_eq!(path(Steer::PATH, Some(task)), "/v1/tasks/7/steer");
        assert_eq!(path(PROGRESS, None), "/v1/progress");
    }

    #[test]
    fn what_is_left_out_of_a_beginning_is_as_usual() {
        let begin: Begin = serde_json::from_str("{}").expect("all of it may be left out");
        assert!(begin.seed.is_none() && !begin.time_anew && !begin.from_scratch);
    }
}
