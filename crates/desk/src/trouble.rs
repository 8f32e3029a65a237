//! Why something could not be told: one error for all rooms that are read, which says by itself
//! what kind of problem it is. The terminal makes an exit code of that, the server a status.

use tenfold_domain::{AttemptId, Problem, ProblemKind, TaskId};
use tenfold_engine::EngineError;
use tenfold_models::ModelsError;
use tenfold_store::StoreError;
use tenfold_workspace::WorkspaceError;

/// Why something could not be told.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// What a room that was read has said.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// What is found here.
    #[error("{0}")]
    Problem(Problem),
}

impl DeskError {
    /// Something that does not make sense as it was said.
    pub fn usage(what: impl Into<String>) -> Self {
        Problem::new(ProblemKind::Usage, what).into()
    }

    /// Something that is not allowed as things stand.
    pub fn refused(what: impl Into<String>) -> Self {
        Problem::new(ProblemKind::Refused, what).into()
    }

    /// Something that is not there.
    pub fn not_found(what: impl Into<String>) -> Self {
        Problem::new(ProblemKind::NotFound, what).into()
    }

    /// Something that can't be, unless Tenfold itself is at fault.
    pub fn internal(what: impl Into<String>) -> Self {
        Problem::new(ProblemKind::Internal, what).into()
    }

    /// There is no such task.
    pub fn no_task(task: TaskId) -> Self {
        let what = format!("there is no task {task}");
        Self::not_found(what).advise("`tenfold list` shows those there are")
    }

    /// There is no such attempt.
    pub fn no_attempt(attempt: AttemptId) -> Self {
        let what = format!("there is no attempt {attempt}");
        Self::not_found(what).advise("`tenfold show TASK` lists a task's attempts")
    }

    /// Adds what to do.
    #[must_use]
    pub fn advise(self, to_do: impl Into<String>) -> Self {
        Problem { to_do: Some(to_do.into()), ..self.problem() }.into()
    }

    /// As the one who asked is told.
    pub fn problem(&self) -> Problem {
        match self {
            Self::Engine(error) => error.problem(),
            Self::Problem(problem) => problem.clone(),
        }
    }
}

/// The engine sorts what goes wrong while it works; a price that was asked about here is one that
/// the person named.
impl From<ModelsError> for DeskError {
    fn from(error: ModelsError) -> Self {
        let kind = match &error {
            ModelsError::Prices { .. } | ModelsError::NotImportable { .. } => ProblemKind::Usage,
            ModelsError::Unpriced { .. } => ProblemKind::Refused,
            _ => return Self::Engine(error.into()),
        };
        Problem::new(kind, error.to_string()).into()
    }
}

impl From<Problem> for DeskError {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<StoreError> for DeskError {
    fn from(error: StoreError) -> Self {
        Self::Engine(error.into())
    }
}

impl From<WorkspaceError> for DeskError {
    fn from(error: WorkspaceError) -> Self {
        Self::Engine(error.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_keeps_its_kind_and_what_to_do() {
        let task = TaskId::new(7).unwrap();
        let problem = DeskError::no_task(task).problem();
        assert_eq!(problem.kind, ProblemKind::NotFound);
        assert!(problem.what.contains('7') && problem.to_do.is_some());
        let problem = DeskError::from(EngineError::NoTask(task)).problem();
        assert_eq!(problem.kind, ProblemKind::NotFound);
        let unknown = ModelsError::Unknown { name: "m".to_owned(), known: String::new() };
        assert_eq!(DeskError::from(unknown).problem().kind, ProblemKind::NotFound);
    }
}
