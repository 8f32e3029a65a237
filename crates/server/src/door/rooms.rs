//! The rooms behind the door, and the way there. Who is not known stays in the open one; a call
//! that is not in any room is turned away as if there were a closed door before it.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tenfold_domain::ProblemKind;

use super::{
    Caller, Door, House, Peer, Sender, Turned, again, cookie, fetch, headers, streams, tag,
};

/// What is behind the door. Paths are whole, as in `/api/v1/tasks`.
#[derive(Default)]
pub struct Rooms {
    /// Where people sign in: calls of our page that need nobody to be known.
    pub open: Router,
    /// All other calls. Each has a [`Caller`].
    pub closed: Router,
    /// Files of the page, which everybody may read: for any path that is none of the above.
    pub page: Router,
}

impl Door {
    /// The rooms, with the door before them; `/healthz` and `/readyz` beside.
    pub fn router(&self, rooms: Rooms) -> Router {
        let house = || Arc::clone(&self.house);
        let nothing = || async { not_found() };
        let open = rooms.open.layer(from_fn_with_state(house(), into_open));
        let closed = rooms
            .closed
            .route("/api/{*rest}", any(nothing))
            .layer(from_fn_with_state(house(), into_closed));
        let page = rooms.page.layer(axum::middleware::from_fn(into_page));
        Router::new()
            .route("/healthz", get(async || "ok\n"))
            .route("/readyz", get(ready).with_state(house()))
            .merge(open)
            .merge(closed)
            .fallback_service(page)
            .layer(from_fn_with_state(house(), come))
    }

    /// One room for all, with the door before it, while there is nobody at home yet; `/healthz`
    /// beside.
    pub fn router_of_one(&self, room: Router) -> Router {
        Router::new()
            .route("/healthz", get(async || "ok\n"))
            .fallback_service(room)
            .layer(from_fn_with_state(Arc::clone(&self.house), come))
    }
}

/// What everybody passes, wherever they go.
async fn come(State(house): State<Arc<House>>, mut request: Request, next: Next) -> Response {
    let mut response = match first(&house, &request) {
        Ok(peer) => {
            request.extensions_mut().insert(peer);
            next.run(request).await
        }
        Err(turned) => turned.into_response(),
    };
    headers::put(response.headers_mut());
    response
}

/// Whether somebody may come further, and where they come from.
fn first(house: &House, request: &Request) -> Result<Peer, Turned> {
    house.hosts.check(request)?;
    fetch::check(&house.hosts, request)?;
    fetch::check_method(request.method())?;
    let peer = match request.extensions().get::<Sender>() {
        Some(sender) => sender.peer(&house.terms.proxies, request.headers())?,
        None => Peer::UNKNOWN,
    };
    let often = |after| Turned::too_often("too much is asked from your address", after);
    house.addresses.take(peer).map_err(often)?;
    Ok(peer)
}

async fn into_page(request: Request, next: Next) -> Response {
    match fetch::changes(request.method()) {
        false => next.run(request).await,
        true => not_found().into_response(),
    }
}

async fn into_open(State(house): State<Arc<House>>, request: Request, next: Next) -> Response {
    let request = async {
        fetch::check_call(&request)?;
        let bytes_max = house.terms.sign_in_bytes_max;
        let (head, body) = whole(request, bytes_max, house.terms.body_time).await?;
        Ok::<_, Turned>(Request::from_parts(head, Body::from(body)))
    };
    match request.await {
        Ok(request) => tag::unkept(next.run(request).await),
        Err(turned) => turned.into_response(),
    }
}

async fn into_closed(State(house): State<Arc<House>>, request: Request, next: Next) -> Response {
    match heard(&house, request, next).await {
        Ok(response) => response,
        Err(turned) => turned.into_response(),
    }
}

/// Somebody who is known is heard, once for each key.
async fn heard(house: &Arc<House>, request: Request, next: Next) -> Result<Response, Turned> {
    fetch::check_call(&request)?;
    let caller = known(house, request.headers())?;
    let often = |after| Turned::too_often("you ask too much at once", after);
    house.callers.take(caller.by).map_err(often)?;
    let (mut head, body) =
        whole(request, house.terms.body_bytes_max, house.terms.body_time).await?;
    head.extensions.insert(caller.clone());
    if !fetch::changes(&head.method) {
        let (method, asked) = (head.method.clone(), head.headers.clone());
        let response = next.run(Request::from_parts(head, Body::empty())).await;
        let response = streams::guarded(house, caller, response);
        return Ok(match method {
            Method::GET => tag::tagged(&asked, response).await,
            // There is no body to tell it by.
            _ => tag::unkept(response),
        });
    }
    let Some(key) = again::key(&head.headers)? else {
        return Ok(tag::unkept(next.run(Request::from_parts(head, Body::from(body))).await));
    };
    let call = (head.method.clone(), head.uri.clone(), body.clone());
    let request = Request::from_parts(head, Body::from(body));
    let run = async move { next.run(request).await };
    Ok(tag::unkept(house.kept.once((caller.by, key), call, run).await))
}

/// Who asks. Whoever shows a token is known by that alone.
fn known(house: &House, headers: &HeaderMap) -> Result<Caller, Turned> {
    let caller = match headers.get(header::AUTHORIZATION) {
        Some(shown) => bearer(shown).and_then(|secret| Caller::of_token(&*house.who, secret)),
        None => cookie::read(&house.terms, cookie::For::Session, headers)
            .and_then(|secret| Caller::of_session(&*house.who, &secret)),
    };
    caller.ok_or_else(Turned::not_signed_in)
}

fn bearer(shown: &HeaderValue) -> Option<&str> {
    let (scheme, secret) = shown.to_str().ok()?.split_once(' ')?;
    Some(secret.trim()).filter(|secret| scheme.eq_ignore_ascii_case("bearer") && !secret.is_empty())
}

/// A request and its whole body, in its bounds. Nothing is read of one that changes nothing.
async fn whole(
    request: Request,
    bytes_max: usize,
    time: Duration,
) -> Result<(Parts, Bytes), Turned> {
    let (head, body) = request.into_parts();
    if !fetch::changes(&head.method) {
        return Ok((head, Bytes::new()));
    }
    let too_large = || {
        let what = format!("the body is larger than {bytes_max} bytes");
        Turned::new(StatusCode::PAYLOAD_TOO_LARGE, ProblemKind::Usage, what)
    };
    let length = head.headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    if length
        .and_then(|length| length.parse().ok())
        .is_some_and(|length: u64| length > u64::try_from(bytes_max).unwrap_or(u64::MAX))
    {
        return Err(too_large());
    }
    let body = Limited::new(body, bytes_max).collect();
    match tokio::time::timeout(time, body).await {
        Ok(Ok(body)) => Ok((head, body.to_bytes())),
        Ok(Err(why)) if why.is::<LengthLimitError>() => Err(too_large()),
        Ok(Err(why)) => {
            let what = format!("the body broke off: {why}");
            Err(Turned::new(StatusCode::BAD_REQUEST, ProblemKind::Usage, what))
        }
        Err(_) => {
            let what = "the body did not come in time";
            Err(Turned::new(StatusCode::REQUEST_TIMEOUT, ProblemKind::Usage, what))
        }
    }
}

fn not_found() -> Turned {
    Turned::new(StatusCode::NOT_FOUND, ProblemKind::NotFound, "there is no such call")
}

/// Says whether somebody is at home, and nothing else.
async fn ready(State(house): State<Arc<House>>) -> (StatusCode, &'static str) {
    match house.ready.load(Ordering::Relaxed) && !*house.stops.borrow() {
        true => (StatusCode::OK, "ok\n"),
        false => (StatusCode::SERVICE_UNAVAILABLE, "not ready\n"),
    }
}
