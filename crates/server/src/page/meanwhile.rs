//! What is told while the records are brought up to date, before there is an engine or anybody to
//! ask: that it takes a while, and how far it is. Programs are told so by the status 503, browsers
//! by a page that comes again by itself.

use std::future::Future;
use std::net::TcpListener;
use std::sync::Arc;

use axum::extract::State;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{StatusCode, Uri};
use axum::response::{Html, IntoResponse, Response};
use axum::{Json, Router};
use tenfold_domain::{Problem, ProblemKind};
use tenfold_people::Signed;
use tokio::sync::watch;

use super::{Doorway, PageTerms};
use crate::door::{Holder, Who};

/// When to come again, in seconds.
const AGAIN: &str = "1";
const STYLE_AT: &str = "/meanwhile.css";
const STYLE: &str = ":root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }\n\
    main { max-width: 28rem; margin: 20vh auto; padding: 0 1rem; }\n\
    h1 { font-size: 1.4rem; }\n\
    progress { width: 100%; accent-color: #2b50d0; }\n";

/// What listens in place of a page.
pub struct Meanwhile {
    doorway: Doorway,
    percent: watch::Receiver<u8>,
}

/// Nobody is known yet.
struct Nobody;

impl Who for Nobody {
    fn session(&self, _: &str) -> Option<Signed> {
        None
    }

    fn token(&self, _: &str) -> Option<Holder> {
        None
    }
}

impl Meanwhile {
    /// At the listener of a page that is to be opened on these terms. To be called within the
    /// runtime.
    ///
    /// # Errors
    /// If it may not listen so, or can't encrypt.
    pub fn open(
        listener: TcpListener,
        terms: PageTerms,
        percent: watch::Receiver<u8>,
    ) -> Result<Self, Problem> {
        let doorway = Doorway::open(listener, &terms, Arc::new(Nobody))?;
        Ok(Self { doorway, percent })
    }

    /// Answers whoever comes, until `leave` is ready.
    pub async fn serve(self, leave: impl Future<Output = ()>) {
        let Self { doorway: Doorway { door, listener, tls }, percent } = self;
        let room = Router::new().fallback(answer).with_state(percent);
        door.serve(door.router_of_one(room), listener, tls, leave).await;
    }
}

async fn answer(State(percent): State<watch::Receiver<u8>>, uri: Uri) -> Response {
    let percent = *percent.borrow();
    if uri.path() == STYLE_AT {
        return ([(CONTENT_TYPE, "text/css; charset=utf-8")], STYLE).into_response();
    }
    let says = format!("the records are being brought up to date: {percent} of 100 %");
    let (late, again) = (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, AGAIN)]);
    if uri.path().starts_with("/api/") {
        let problem = Problem::new(ProblemKind::Busy, says);
        return (late, again, Json(problem)).into_response();
    }
    if uri.path() == "/readyz" {
        return (late, again, format!("{says}\n")).into_response();
    }
    (late, again, Html(page(percent))).into_response()
}

fn page(percent: u8) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\">\
         <meta http-equiv=\"refresh\" content=\"{AGAIN}\"><title>Tenfold</title>\
         <link rel=\"stylesheet\" href=\"{STYLE_AT}\"><main><h1>Tenfold</h1>\
         <p>Its records are being brought up to date: {percent} of 100 %.</p>\
         <progress max=\"100\" value=\"{percent}\" aria-label=\"How far\"></progress>\
         <p>That is done once after a new release. The page opens by itself then.</p></main></html>"
    )
}
