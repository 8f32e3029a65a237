//! Which path goes to what: one line each.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Response, header};
use axum::routing::{get, post};
use serde_json::json;

use crate::bank::Scope;
use crate::house::House;
use crate::trouble::Trouble;
use crate::{Wire, ask, headers};

/// All that can be asked of the gateway.
pub(crate) fn router(house: Arc<House>) -> Router {
    let mut routes = Router::new()
        .route("/v1/models", get(models))
        .route("/metrics", get(metrics))
        .route("/health", get(async || "ok\n"))
        .fallback(async || Trouble::Nowhere.response(Wire::Chat));
    for wire in Wire::ALL {
        let answer = async move |State(house): State<Arc<House>>, request: Request| {
            ask::answer(house, wire, request).await
        };
        routes = routes.route(&format!("/v1/{}", wire.path()), post(answer));
    }
    routes.with_state(house)
}

/// The models that the token is good for, in a form that both OpenAI's and Anthropic's clients
/// read.
async fn models(State(house): State<Arc<House>>, headers: HeaderMap) -> Response<Body> {
    let wire = match headers.contains_key("anthropic-version") {
        true => Wire::Messages,
        false => Wire::Chat,
    };
    let payer = match ask::payer(&house, &headers, Scope::Look) {
        Ok(payer) => payer,
        Err(trouble) => return trouble.response(wire),
    };
    let may = house
        .names
        .all()
        .filter(|(_, models)| models.iter().any(|model| payer.may_ask(model.name())));
    let models: Vec<_> = may
        .map(|(name, _)| {
            json!({
                "id": name, "object": "model", "created": 0, "owned_by": "tenfold",
                "type": "model", "display_name": name, "created_at": "1970-01-01T00:00:00Z",
            })
        })
        .collect();
    let first = models.first().map(|model| model["id"].clone());
    let last = models.last().map(|model| model["id"].clone());
    let list = json!({
        "object": "list", "data": models, "has_more": false, "first_id": first, "last_id": last,
    });
    let mut response = typed(list.to_string(), "application/json");
    headers::left(response.headers_mut(), &house.blocks.left(payer.account));
    response
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
