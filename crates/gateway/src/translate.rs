//! Between protocols. Stub.
use axum::body::Body;
use bytes::Bytes;
use hyper::body::Incoming;
use tenfold_models::Hosted;

use crate::Wire;
use crate::again::Copy;
use crate::ask::Asked;
use crate::ticket::Ticket;

/// Why it can't be said in the other protocol.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Untranslatable(pub(crate) String);

pub(crate) fn request(
    _from: Wire,
    _to: Wire,
    _body: &Bytes,
    _hosted: &Hosted,
    _put_in: Option<u64>,
) -> Result<Bytes, Untranslatable> {
    Err(Untranslatable("not yet".to_owned()))
}

pub(crate) fn whole(_asked: &Asked, _wire: Wire, _body: &Bytes) -> Result<Bytes, Untranslatable> {
    Err(Untranslatable("not yet".to_owned()))
}

pub(crate) fn stream(
    _asked: &Asked,
    wire: Wire,
    upstream: Incoming,
    ticket: Ticket,
    copy: Option<Copy>,
) -> Body {
    Body::new(crate::relay::Relay::new(upstream, wire, ticket, false, copy))
}
