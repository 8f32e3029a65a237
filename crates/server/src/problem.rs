//! What can't be done, as HTTP says it.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use tenfold_domain::{Problem, ProblemKind};
use tenfold_engine::EngineError;

/// A problem on its way out.
pub(crate) struct Refusal(Problem);

impl From<EngineError> for Refusal {
    fn from(error: EngineError) -> Self {
        Self(error.problem())
    }
}

impl From<JsonRejection> for Refusal {
    fn from(rejection: JsonRejection) -> Self {
        Self(Problem::new(ProblemKind::Usage, rejection.body_text()))
    }
}

impl Refusal {
    pub(crate) fn not_found(what: &str) -> Self {
        Self(Problem::new(ProblemKind::NotFound, what))
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = match self.0.kind {
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
        (status, Json(self.0)).into_response()
    }
}
