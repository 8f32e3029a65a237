//! What can't be done, as HTTP says it.

use std::fmt;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use tenfold_desk::DeskError;
use tenfold_domain::{Problem, ProblemKind};
use tenfold_engine::EngineError;

use crate::door::Turned;

/// A problem on its way out.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// It can't be done.
    Problem(Problem),
    /// They may not.
    Turned(Turned),
}

impl From<EngineError> for Refusal {
    fn from(error: EngineError) -> Self {
        Self::Problem(error.problem())
    }
}

impl From<DeskError> for Refusal {
    fn from(error: DeskError) -> Self {
        Self::Problem(error.problem())
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<Turned> for Refusal {
    fn from(turned: Turned) -> Self {
        Self::Turned(turned)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Problem(problem) => problem.fmt(f),
            Self::Turned(turned) => write!(f, "{}", turned.status()),
        }
    }
}

impl From<JsonRejection> for Refusal {
    fn from(rejection: JsonRejection) -> Self {
        Self::Problem(Problem::new(ProblemKind::Usage, rejection.body_text()))
    }
}

impl Refusal {
    pub(crate) fn not_found(what: &str) -> Self {
        Self::Problem(Problem::new(ProblemKind::NotFound, what))
    }

    /// What was asked for makes no sense as it was said.
    pub(crate) fn usage(what: impl Into<String>) -> Self {
        Self::Problem(Problem::new(ProblemKind::Usage, what))
    }

    /// Tenfold itself is at fault.
    pub(crate) fn internal(why: impl fmt::Display) -> Self {
        Self::Problem(Problem::new(ProblemKind::Internal, why.to_string()))
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let problem = match self {
            Self::Problem(problem) => problem,
            Self::Turned(turned) => return turned.into_response(),
        };
        let status = match problem.kind {
            ProblemKind::Usage => StatusCode::BAD_REQUEST,
            ProblemKind::NotFound => StatusCode::NOT_FOUND,
            ProblemKind::Busy | ProblemKind::Conflict => StatusCode::CONFLICT,
            ProblemKind::Refused => StatusCode::FORBIDDEN,
            ProblemKind::Missing => StatusCode::FAILED_DEPENDENCY,
            ProblemKind::Model => StatusCode::BAD_GATEWAY,
            ProblemKind::Store => StatusCode::INSUFFICIENT_STORAGE,
            ProblemKind::Stopped => StatusCode::SERVICE_UNAVAILABLE,
            ProblemKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        };
        (status, Json(problem)).into_response()
    }
}
