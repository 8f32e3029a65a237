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

    /// What is refused for what is known, and not for who asks.
    pub(crate) fn into_conflict(self) -> Self {
        match self {
            Self::Problem(Problem { kind: ProblemKind::Refused, what, to_do, .. }) => {
                let turned = Turned::new(StatusCode::CONFLICT, ProblemKind::Refused, what);
                Self::Turned(match to_do {
                    Some(to_do) => turned.advise(to_do),
                    None => turned,
                })
            }
            other => other,
        }
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
        (status(problem.kind), Json(problem)).into_response()
    }
}

fn status(kind: ProblemKind) -> StatusCode {
    match kind {
        ProblemKind::Usage => StatusCode::BAD_REQUEST,
        ProblemKind::NotFound => StatusCode::NOT_FOUND,
        ProblemKind::Busy | ProblemKind::Conflict => StatusCode::CONFLICT,
        ProblemKind::Refused => StatusCode::FORBIDDEN,
        ProblemKind::Missing => StatusCode::FAILED_DEPENDENCY,
        ProblemKind::Model => StatusCode::BAD_GATEWAY,
        ProblemKind::Store => StatusCode::INSUFFICIENT_STORAGE,
        ProblemKind::Stopped => StatusCode::SERVICE_UNAVAILABLE,
        ProblemKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// Every status that a problem is told with, by the door or by what is behind it: its number, its
/// name and what it means.
pub(crate) const STATUSES: [(StatusCode, &str, &str); 14] = [
    (StatusCode::BAD_REQUEST, "usage", "What was asked for does not make sense as it was said."),
    (StatusCode::UNAUTHORIZED, "signed-out", "Nobody is signed in, or the session has ended."),
    (StatusCode::FORBIDDEN, "refused", "It is not allowed as things stand."),
    (StatusCode::NOT_FOUND, "not-found", "It is not there, or not for who asks."),
    (StatusCode::REQUEST_TIMEOUT, "late", "The body did not come in time."),
    (StatusCode::CONFLICT, "conflict", "Somebody is at it just now, or it does not go together."),
    (StatusCode::PAYLOAD_TOO_LARGE, "too-large", "The body is too large."),
    (StatusCode::UNSUPPORTED_MEDIA_TYPE, "no-json", "The body is not said to be JSON."),
    (StatusCode::FAILED_DEPENDENCY, "missing", "This machine lacks something that it needs."),
    (StatusCode::TOO_MANY_REQUESTS, "too-often", "Too much is asked: `Retry-After` says when."),
    (StatusCode::INTERNAL_SERVER_ERROR, "internal", "Tenfold itself is at fault."),
    (StatusCode::BAD_GATEWAY, "model", "The model can't be used."),
    (StatusCode::SERVICE_UNAVAILABLE, "stopped", "It was stopped, or too many want in."),
    (StatusCode::INSUFFICIENT_STORAGE, "store", "The journal, or the disk, is in trouble."),
];
