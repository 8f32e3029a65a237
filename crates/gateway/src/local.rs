//! The embedded model is asked, in whichever protocol. Stub.
use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, Response};

use crate::again::Copy;
use crate::ask::{Asked, Failed, Way};
use crate::embedded::Embedded;
use crate::ticket::Ticket;
use crate::trouble::Trouble;

pub(crate) async fn ask(
    asked: &Asked,
    _way: &Way,
    _model: &Arc<dyn Embedded>,
    ticket: Ticket,
    _own: HeaderMap,
    _copy: &mut Option<Copy>,
) -> Result<Response<Body>, Failed> {
    ticket.free(404);
    Err(Failed::Next(Trouble::NoModel { name: asked.name.clone() }))
}
