//! Where a request comes from, as the browser says: our own page, or somebody else's. A page of
//! somebody else's may lead here, and do nothing more.

use axum::extract::Request;
use axum::http::{HeaderMap, Method, StatusCode, header};
use tenfold_domain::ProblemKind;

use super::Turned;
use super::hosts::Hosts;

/// Whether a request comes from our own page, from no page, or is a person who comes along a link.
///
/// # Errors
/// [`Turned`] with 403.
pub(crate) fn check(hosts: &Hosts, request: &Request) -> Result<(), Turned> {
    if !hosts.is_our_origin(request.headers()) {
        return Err(Turned::forbidden("this was asked by a page of another server"));
    }
    match is_from_us(request.headers()) || is_coming(request) {
        true => Ok(()),
        false => Err(Turned::forbidden("this was asked by a page of another site")),
    }
}

/// The same for what only our own page and programs ask.
///
/// # Errors
/// [`Turned`] with 403; with 415 if it would change something and is not JSON: a form of
/// somebody else's page can't say that it is.
pub(crate) fn check_call(request: &Request) -> Result<(), Turned> {
    if !is_from_us(request.headers()) {
        return Err(Turned::forbidden("this was asked by a page of another site"));
    }
    match changes(request.method()) && !is_json(request.headers()) {
        false => Ok(()),
        true => {
            let what = "what changes something is asked with 'content-type: application/json'";
            Err(Turned::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, ProblemKind::Usage, what))
        }
    }
}

/// Whether a method is one that we know.
///
/// # Errors
/// [`Turned`] with 405.
pub(crate) fn check_method(method: &Method) -> Result<(), Turned> {
    match !changes(method) || *method == Method::POST || *method == Method::DELETE {
        true => Ok(()),
        false => {
            let what = format!("nothing here is asked by {method}");
            Err(Turned::new(StatusCode::METHOD_NOT_ALLOWED, ProblemKind::Usage, what))
        }
    }
}

/// Whether a method may change something: nothing changes by looking.
pub(crate) fn changes(method: &Method) -> bool {
    *method != Method::GET && *method != Method::HEAD
}

/// Nothing is said by programs, and by browsers that are older than these headers.
fn is_from_us(headers: &HeaderMap) -> bool {
    let mut sites = headers.get_all("sec-fetch-site").iter();
    sites.all(|site| site == "same-origin" || site == "none")
}

/// Whether a whole page is opened, in a window of its own.
fn is_coming(request: &Request) -> bool {
    let says = |name: &str, word: &str| {
        let mut all = request.headers().get_all(name).iter();
        all.next().is_some_and(|value| value == word) && all.next().is_none()
    };
    !changes(request.method())
        && says("sec-fetch-mode", "navigate")
        && says("sec-fetch-dest", "document")
}

fn is_json(headers: &HeaderMap) -> bool {
    let mut types = headers.get_all(header::CONTENT_TYPE).iter();
    let said = types.next().and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = said.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/json") && types.next().is_none()
}
