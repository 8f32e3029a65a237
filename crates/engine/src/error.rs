//! Why the engine could not do something, and what kind of problem that is: every room's
//! errors are sorted here, and nowhere else.

use std::error::Error;
use std::io;

use tenfold_domain::{
    AttemptId, IdError, Millis, Place, Problem, ProblemKind, Refusal, Side, StepId, TaskId,
};
use tenfold_llama::LlamaError;
use tenfold_models::ModelsError;
use tenfold_policy::PolicyError;
use tenfold_redact::Kind;
use tenfold_sandbox::SandboxError;
use tenfold_store::{BooksError, StoreError};
use tenfold_workspace::WorkspaceError;

/// What is in the way where a provider turns a request away before it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TurnedAway {
    /// A failure of its own.
    Failure,
    /// Too many requests at once.
    TooMuch,
    /// All that may be used is used up.
    UsedUp {
        /// In how long it lets something through again, if it said so.
        after: Option<Millis>,
    },
}

/// Why the engine could not do something.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// No folder to keep things in.
    #[error("there is no place for Tenfold's files: set HOME, or {variable}")]
    NoHome {
        /// The variable that would name it.
        variable: String,
    },
    /// No such task.
    #[error("there is no task {0}; `tenfold list` shows those there are")]
    NoTask(TaskId),
    /// Nothing was asked.
    #[error("task {0} asks nothing; `tenfold list` shows what needs you")]
    NoQuestion(TaskId),
    /// It asks something else than what was answered.
    #[error("task {0} asks something else by now: read it, and answer that")]
    OtherQuestion(TaskId),
    /// The task has no proposal that this could be done with.
    #[error("task {task} has no proposal to {verb}: it is {state}")]
    NoProposal {
        /// Which task.
        task: TaskId,
        /// What was to be done.
        verb: &'static str,
        /// Where the task stands.
        state: String,
    },
    /// A proposal stands in a part of the person's files, and can't be taken out of it.
    #[error(
        "the proposal of task {task} could be written into a part of your files only ({why}), and \
         what was written could not be taken back ({back}); put that right, then \
         `tenfold undo {task}`"
    )]
    HalfWritten {
        /// Which task.
        task: TaskId,
        /// Why not all of it was written.
        why: String,
        /// Why it could not be taken back.
        back: String,
    },
    /// No such attempt.
    #[error("there is no attempt {0}; `tenfold show {task}` lists those there are", task = .0.task)]
    NoAttempt(AttemptId),
    /// No such step.
    #[error(
        "attempt {attempt} has no step {step} that came to an end; `tenfold log` shows its steps"
    )]
    NoStep {
        /// Of which attempt.
        attempt: AttemptId,
        /// Which.
        step: StepId,
    },
    /// The attempt had come to its end there.
    #[error(
        "attempt {attempt} had come to its end there: name an earlier step with --step, or (of a \
         loop) say what is to be done otherwise"
    )]
    NothingLeft {
        /// Which attempt.
        attempt: AttemptId,
    },
    /// There is nothing left to do it with.
    #[error(
        "the files of attempt {attempt} were removed to make room, after it was reviewed: there is \
         nothing to {verb} any more. `tenfold log {attempt}` has what was done; what was accepted \
         is in your repository"
    )]
    FilesRemoved {
        /// Which attempt.
        attempt: AttemptId,
        /// What was to be done.
        verb: &'static str,
    },
    /// What it takes was taken out of the journal.
    #[error(
        "the steps of attempt {attempt} were taken out of the journal: there is nothing to {verb} \
         any more. They are in `dropped/{file}` in Tenfold's data folder, for reading; `tenfold \
         retry` begins anew"
    )]
    StepsDropped {
        /// Which attempt.
        attempt: AttemptId,
        /// What was to be done.
        verb: &'static str,
        /// The name of the file that has them.
        file: String,
    },
    /// A file is commented that a proposal doesn't change.
    #[error(
        "the proposal of task {task} does not change {path}: `tenfold diff {task}` shows which \
         files it changes, and `tenfold steer {task}` says what else is to be done"
    )]
    NotChanged {
        /// Whose proposal.
        task: TaskId,
        /// The file.
        path: String,
    },
    /// A line is commented that the change doesn't show.
    #[error(
        "the change shows {} {} of {} (it shows {shown}): comment on one that `tenfold diff \
         {task}` shows, or on the file as a whole, without a line",
        match place.side { Side::Proposed => "no line", Side::Before => "no removed line" },
        place.line.unwrap_or_default(),
        place.path
    )]
    NoLine {
        /// Whose proposal.
        task: TaskId,
        /// The line that was named.
        place: Place,
        /// Which lines it shows on that side.
        shown: String,
    },
    /// It is at work.
    #[error(
        "task {0} is at work; `tenfold watch {0}` shows how it goes, `tenfold stop {0}` ends it"
    )]
    AtWork(TaskId),
    /// It is not at work.
    #[error("task {task} is not at work: it is {state}")]
    NotAtWork {
        /// Which task.
        task: TaskId,
        /// Where it stands.
        state: String,
    },
    /// No attempt of it can be gone on with.
    #[error(
        "task {task} has nothing to go on with: it is {state}; `tenfold retry {task}` begins anew"
    )]
    NothingToResume {
        /// Which task.
        task: TaskId,
        /// Where it stands.
        state: String,
    },
    /// Too many tasks are at work.
    #[error("{most} tasks are at work, which is the most; stop one, or wait")]
    Full {
        /// How many may be.
        most: usize,
    },
    /// What is run has to stay as it is, and would be written down so.
    #[error(
        "the {what} command holds what looks like {kind}, and would be written down with it: put \
         it into a file that the command reads"
    )]
    SecretInCommand {
        /// Which command.
        what: &'static str,
        /// What it holds.
        kind: Kind,
    },
    /// The proposal would bring a secret into the person's files.
    #[error(
        "the proposal of task {task} adds what looks like {what}; `tenfold diff {task}` shows it, \
         and --with-secrets accepts it all the same"
    )]
    AddsSecrets {
        /// Which task.
        task: TaskId,
        /// What, and where.
        what: String,
    },
    /// It passed its check alone, and does not beside what was accepted before it.
    #[error(
        "the proposal of task {task} does not go together with what was accepted since it was \
         begun ({with}): {why}\n`tenfold retry {task}` begins anew from your files as they are \
         now, and --unchecked accepts it all the same"
    )]
    NotTogether {
        /// Which task.
        task: TaskId,
        /// The tasks whose proposals were accepted.
        with: String,
        /// What fails.
        why: String,
    },
    /// Only what is in one place can go together.
    #[error("tasks {0} and {1} are not of the same repository or folder: accept them one by one")]
    Apart(TaskId, TaskId),
    /// The backlog is worked already.
    #[error("the backlog is being worked already: `tenfold watch` shows how it goes")]
    BacklogAtWork,
    /// A provider turned a request away before it began.
    #[error("{provider} turned the request away: {why}")]
    TurnedAway {
        /// Which model's.
        provider: String,
        /// What it said.
        why: String,
        /// What was in the way.
        cause: TurnedAway,
    },
    /// There is nothing besides the proposal to take.
    #[error(
        "task {0} has no files of a check that are kept apart: only those of a check that was \
         proposed for a task without one are; accept it without --with-check"
    )]
    NoCheckFiles(TaskId),
    /// The task can't be worked on now.
    #[error("task {task} can't be worked on: it is {state}")]
    NotOpen {
        /// Which task.
        task: TaskId,
        /// Where it stands.
        state: String,
    },
    /// Somebody said something without words.
    #[error("nothing is said: say it in words")]
    NothingSaid,
    /// A record of the journal is not understood.
    #[error(
        "the journal's record of attempt {attempt} can't be read ({why}); a newer release wrote it?"
    )]
    Record {
        /// Which attempt.
        attempt: String,
        /// Why.
        why: String,
    },
    /// A file of the engine's own could not be read or written.
    #[error("{what} failed: {why}")]
    Io {
        /// What was tried.
        what: String,
        /// What the system said.
        #[source]
        why: std::io::Error,
    },
    /// The person's policy does not read.
    #[error("{path} can't be used: {why}; correct it, `tenfold policy test` says when it reads")]
    Policy {
        /// The file.
        path: String,
        /// What is wrong, and where.
        #[source]
        why: PolicyError,
    },
    /// The ledger says no.
    #[error(transparent)]
    Money(#[from] Refusal),
    /// The journal.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The sandbox.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    /// The person's folder.
    #[error(transparent)]
    Workspace(#[from] WorkspaceError),
    /// The model's file.
    #[error(transparent)]
    Models(#[from] ModelsError),
    /// The model.
    #[error(transparent)]
    Llama(#[from] LlamaError),
    /// An id.
    #[error(transparent)]
    Id(#[from] IdError),
    /// Who may sign in, and who may not.
    #[error(transparent)]
    People(#[from] tenfold_people::Refusal),
}

impl From<BooksError> for EngineError {
    fn from(error: BooksError) -> Self {
        match error {
            BooksError::Refused(refusal) => Self::Money(refusal),
            BooksError::Store(error) => Self::Store(error),
        }
    }
}

impl EngineError {
    /// What kind of problem it is.
    pub fn kind(&self) -> ProblemKind {
        match self {
            Self::NoHome { .. } | Self::Id(_) | Self::Policy { .. } | Self::NothingSaid => {
                ProblemKind::Usage
            }
            Self::NoTask(_)
            | Self::NoAttempt(_)
            | Self::NoStep { .. }
            | Self::NotChanged { .. }
            | Self::NoLine { .. }
            | Self::FilesRemoved { .. }
            | Self::StepsDropped { .. } => ProblemKind::NotFound,
            Self::NoProposal { .. }
            | Self::NotOpen { .. }
            | Self::NoQuestion(_)
            | Self::NotAtWork { .. }
            | Self::NothingLeft { .. }
            | Self::NothingToResume { .. }
            | Self::SecretInCommand { .. }
            | Self::AddsSecrets { .. }
            | Self::Apart(..)
            | Self::NoCheckFiles(_)
            | Self::Money(_)
            | Self::Sandbox(_) => ProblemKind::Refused,
            Self::NotTogether { .. } | Self::OtherQuestion(_) => ProblemKind::Conflict,
            Self::AtWork(_) | Self::Full { .. } | Self::BacklogAtWork => ProblemKind::Busy,
            Self::Record { .. } | Self::Io { .. } | Self::HalfWritten { .. } => ProblemKind::Store,
            Self::Llama(_) | Self::TurnedAway { .. } => ProblemKind::Model,
            Self::People(refusal) => refusal.kind(),
            Self::Store(error) => of_store(error),
            Self::Models(error) => of_models(error),
            Self::Workspace(error) => of_workspace(error),
        }
    }

    /// As the one who asked is told.
    pub fn problem(&self) -> Problem {
        if fills_disk(self) {
            let to_do = "free some space; `tenfold continue` goes on where it stopped";
            return Problem {
                kind: ProblemKind::Store,
                what: format!("the disk is full: {self}"),
                to_do: Some(to_do.to_owned()),
            };
        }
        Problem::new(self.kind(), self.to_string())
    }

    pub(crate) fn io(what: impl Into<String>, why: io::Error) -> Self {
        Self::Io { what: what.into(), why }
    }
}

fn of_store(error: &StoreError) -> ProblemKind {
    match error {
        StoreError::Missing { .. } | StoreError::NoTask(_) => ProblemKind::NotFound,
        StoreError::Held { .. } => ProblemKind::Busy,
        StoreError::Unwritable { .. } => ProblemKind::Usage,
        _ => ProblemKind::Store,
    }
}

fn of_models(error: &ModelsError) -> ProblemKind {
    match error {
        ModelsError::NoHome | ModelsError::NoKeyring { .. } => ProblemKind::Missing,
        ModelsError::Unknown { .. } => ProblemKind::NotFound,
        ModelsError::Catalogue { .. }
        | ModelsError::BadName { .. }
        | ModelsError::NotAddable { .. } => ProblemKind::Usage,
        ModelsError::NoRoom { .. } | ModelsError::Io { .. } => ProblemKind::Store,
        ModelsError::Cancelled => ProblemKind::Stopped,
        ModelsError::Busy { .. } => ProblemKind::Busy,
        _ => ProblemKind::Model,
    }
}

fn of_workspace(error: &WorkspaceError) -> ProblemKind {
    match error {
        WorkspaceError::NoGit => ProblemKind::Missing,
        WorkspaceError::NoFolder(_) | WorkspaceError::NoSuchFile { .. } => ProblemKind::NotFound,
        WorkspaceError::Io { .. } => ProblemKind::Store,
        WorkspaceError::Git { .. } => ProblemKind::Internal,
        WorkspaceError::Conflicts(_)
        | WorkspaceError::BranchExists(_)
        | WorkspaceError::BranchGone(_)
        | WorkspaceError::BranchMoved { .. }
        | WorkspaceError::BranchCheckedOut { .. } => ProblemKind::Conflict,
        _ => ProblemKind::Usage,
    }
}

/// Whether an error comes of a disk, or a person's share of it, that is full. What git says is
/// known by its words only.
fn fills_disk(error: &(dyn Error + 'static)) -> bool {
    use io::ErrorKind::{QuotaExceeded, StorageFull};
    let mut cause = Some(error);
    while let Some(error) = cause {
        let of_file = error.downcast_ref::<io::Error>();
        if of_file.is_some_and(|error| matches!(error.kind(), StorageFull | QuotaExceeded)) {
            return true;
        }
        cause = error.source();
    }
    error.to_string().contains("No space left on device")
}
