//! What a browser may keep of an answer, and how it finds out that it still holds. An answer to who
//! only reads has a tag, which is a hash of all of it; whoever shows the tag again is told only
//! that nothing has changed. It is apart, and behind all else, because the handler has to have
//! answered them first: who may not see something is told so, whatever tag they show.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use http_body_util::BodyExt;
use sha2::{Digest, Sha256};

use super::again;

/// Only by the browser of who asked, and never without asking whether it still holds.
const KEPT: HeaderValue = HeaderValue::from_static("private, no-cache");

/// An answer to who only reads: tagged, or only that it is as they know it. `asked` is what they
/// sent. What is not fine, or is a stream, is as it was.
pub(crate) async fn tagged(asked: &HeaderMap, response: Response) -> Response {
    let is_stream = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"));
    if response.status() != StatusCode::OK || is_stream {
        return unkept(response);
    }
    let (mut head, body) = response.into_parts();
    let body = match body.collect().await {
        Ok(body) => body.to_bytes(),
        // What is read is whole before it is answered.
        Err(_) => return unkept(again::broken().into_response()),
    };
    let tag = tag_of(&body);
    let is_known = asked.get_all(header::IF_NONE_MATCH).iter().any(|known| names(known, &tag));
    // It is made of digits and quotes.
    head.headers.extend(HeaderValue::from_str(&tag).map(|tag| (header::ETAG, tag)));
    head.headers.insert(header::CACHE_CONTROL, KEPT);
    if is_known {
        head.status = StatusCode::NOT_MODIFIED;
        head.headers.remove(header::CONTENT_TYPE);
        head.headers.remove(header::CONTENT_LENGTH);
        return Response::from_parts(head, Body::empty());
    }
    Response::from_parts(head, Body::from(body))
}

/// What is kept by no browser and no proxy, whatever the handler says.
pub(crate) fn unkept(mut response: Response) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Half of a hash is more than enough to tell answers to one request apart.
fn tag_of(body: &[u8]) -> String {
    let digest = Sha256::digest(body);
    let half = digest.iter().take(16).fold(0_u128, |half, byte| half << 8 | u128::from(*byte));
    format!("\"{half:032x}\"")
}

/// Whether a list of tags has this one, weak or not; a star stands for any.
fn names(known: &HeaderValue, tag: &str) -> bool {
    let known = known.to_str().unwrap_or_default();
    known.split(',').map(str::trim).any(|one| one == "*" || one.trim_start_matches("W/") == tag)
}
