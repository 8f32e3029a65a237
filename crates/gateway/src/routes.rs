//! Which path goes to what: one line each.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, Response, header};
use axum::routing::{get, post};
use serde_json::{Value, json};

use crate::bank::Payer;
use crate::house::House;
use crate::trouble::Trouble;
use crate::{Offered, Scope, Wire, ask, headers};

/// All that can be asked of the gateway.
pub(crate) fn router(house: Arc<House>) -> Router {
    let mut routes = Router::new()
        .route("/v1/models", get(models))
        .route("/v1/models/{*name}", get(model))
        .route("/metrics", get(metrics))
        .route("/health", get(async || "ok\n"));
    for wire in Wire::ALL {
        let answer = async move |State(house): State<Arc<House>>, request: Request| {
            ask::answer(house, wire, request).await
        };
        routes = routes.route(&format!("/v1/{}", wire.path()), post(answer));
    }
    // Behind all routes: only those before it are told of another method.
    routes
        .fallback(async |request: Request| refuse(&request, &Trouble::Nowhere))
        .method_not_allowed_fallback(async |request: Request| {
            refuse(&request, &Trouble::WrongMethod)
        })
        .with_state(house)
}

/// Which protocol's client asks for models: only Anthropic's says a version.
fn client(headers: &HeaderMap) -> Wire {
    match headers.contains_key("anthropic-version") {
        true => Wire::Messages,
        false => Wire::Chat,
    }
}

/// Says no to a call that there is not, in the protocol of whoever makes it.
fn refuse(request: &Request, trouble: &Trouble) -> Response<Body> {
    let is_anthropics = request.uri().path().starts_with("/v1/messages");
    let wire = if is_anthropics { Wire::Messages } else { client(request.headers()) };
    trouble.response(wire)
}

/// A model in a form that both OpenAI's and Anthropic's clients read.
fn entry(name: &str) -> Value {
    json!({
        "id": name, "object": "model", "created": 0, "owned_by": "tenfold",
        "type": "model", "display_name": name, "created_at": "1970-01-01T00:00:00Z",
    })
}

/// The models that the token is good for.
async fn models(State(house): State<Arc<House>>, headers: HeaderMap) -> Response<Body> {
    let payer = match ask::payer(&house, &headers, Scope::Look) {
        Ok(payer) => payer,
        Err(trouble) => return trouble.response(client(&headers)),
    };
    let names = house.names();
    let all = names.all().filter(|(_, models)| may(&payer, models));
    let models: Vec<Value> = all.map(|(name, _)| entry(name)).collect();
    let first = models.first().map(|model| model["id"].clone());
    let last = models.last().map(|model| model["id"].clone());
    let list = json!({
        "object": "list", "data": models, "has_more": false, "first_id": first, "last_id": last,
    });
    let mut response = typed(list.to_string(), "application/json");
    headers::left(response.headers_mut(), &house.blocks.left(payer.account));
    response
}

/// One model.
async fn model(
    State(house): State<Arc<House>>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Response<Body> {
    let payer = match ask::payer(&house, &headers, Scope::Look) {
        Ok(payer) => payer,
        Err(trouble) => return trouble.response(client(&headers)),
    };
    let trouble = match house.names().order(&name) {
        Ok(models) if may(&payer, models) => {
            return typed(entry(&name).to_string(), "application/json");
        }
        Err(Trouble::Withheld(model)) if payer.may_ask(&model.name) => Trouble::Withheld(model),
        _ => Trouble::NoModel { name },
    };
    trouble.response(client(&headers))
}

fn may(payer: &Payer, models: &[Arc<Offered>]) -> bool {
    models.iter().any(|model| payer.may_ask(model.name()))
}

async fn metrics(State(house): State<Arc<House>>, headers: HeaderMap) -> Response<Body> {
    match ask::payer(&house, &headers, Scope::Metrics) {
        Ok(_) => typed(house.metrics.text(), "text/plain; version=0.0.4"),
        Err(trouble) => trouble.response(Wire::Chat),
    }
}

fn typed(text: String, kind: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::from(text));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}
