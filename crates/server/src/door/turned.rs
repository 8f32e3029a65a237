//! How somebody is turned away: a status, and a problem that says why and what to do.

use std::time::Duration;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tenfold_domain::{Problem, ProblemKind};

/// Somebody is turned away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turned {
    status: StatusCode,
    problem: Problem,
    /// When to come again.
    after: Option<Duration>,
}

impl Turned {
    /// Because of this.
    pub fn new(status: StatusCode, kind: ProblemKind, what: impl Into<String>) -> Self {
        Self { status, problem: Problem::new(kind, what), after: None }
    }

    /// What they can do about it.
    #[must_use]
    pub fn advise(mut self, to_do: impl Into<String>) -> Self {
        self.problem.to_do = Some(to_do.into());
        self
    }

    /// By which status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// They are not signed in.
    #[must_use]
    pub fn not_signed_in() -> Self {
        let what = "you are not signed in, or your session has ended";
        Self::new(StatusCode::UNAUTHORIZED, ProblemKind::Refused, what)
            .advise("sign in; a program sends an access token as 'Authorization: Bearer …'")
    }

    /// They may not do this.
    pub fn forbidden(what: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, ProblemKind::Refused, what)
    }

    /// They ask too often.
    pub(crate) fn too_often(what: &str, after: Duration) -> Self {
        let seconds = after.as_secs() + u64::from(after.subsec_nanos() > 0);
        let after = Duration::from_secs(seconds.max(1));
        let turned = Self::new(StatusCode::TOO_MANY_REQUESTS, ProblemKind::Busy, what);
        Self { after: Some(after), ..turned }
            .advise(format!("wait {} s and try again", after.as_secs()))
    }
}

impl IntoResponse for Turned {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.problem)).into_response();
        if let Some(after) = self.after {
            let after = HeaderValue::from(after.as_secs());
            response.headers_mut().insert(header::RETRY_AFTER, after);
        }
        response
    }
}
