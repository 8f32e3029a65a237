//! The page itself: the files that `cargo xtask web` has built, in this binary. Without them there
//! is a page that says how to get them.

use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use rust_embed::{EmbeddedFile, RustEmbed};

/// What was built. Its folder holds nothing where nothing was.
#[derive(RustEmbed)]
#[folder = "../../web/dist"]
struct Built;

/// Names with a hash in them never stand for anything else.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
const LOOK_AGAIN: &str = "no-cache";

const NOT_BUILT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
    <title>Tenfold</title><h1>The page is not in this program</h1>\
    <p>Tenfold was built without its page, which needs Node 20. In its sources, run</p>\
    <pre>cargo xtask web\ncargo build --release</pre>\
    <p>and start <code>tenfold serve</code> again. The API under <code>/api/v1</code> and all \
    commands work without.</p></html>";

/// The page, at each of its addresses, and its files.
pub(super) fn routes() -> Router {
    Router::new().fallback(get(answer))
}

async fn answer(uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path().trim_start_matches('/');
    match Built::get(&format!("page/{path}")) {
        Some(file) if !path.is_empty() => told(path, &file, &headers),
        // Each place of the page is its one document.
        _ if !path.contains('.') => match Built::get("page/index.html") {
            Some(file) => told("index.html", &file, &headers),
            None => Html(NOT_BUILT).into_response(),
        },
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

fn told(path: &str, file: &EmbeddedFile, headers: &HeaderMap) -> Response {
    let hash = file.metadata.sha256_hash();
    let tag = format!("\"{}\"", tenfold_domain::hex(&hash[..16]));
    let keep = if path.starts_with("assets/") { FOR_EVER } else { LOOK_AGAIN };
    if headers.get(IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
        let head = [(CACHE_CONTROL, keep.to_owned()), (ETAG, tag)];
        return (StatusCode::NOT_MODIFIED, head).into_response();
    }
    let kind = kind(path).to_owned();
    let head = [(CONTENT_TYPE, kind), (CACHE_CONTROL, keep.to_owned()), (ETAG, tag)];
    (head, file.data.to_vec()).into_response()
}

/// What a file of the page is, by its name.
fn kind(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("webmanifest") => "application/manifest+json",
        Some("json") => "application/json",
        _ => "application/octet-stream",
    }
}
