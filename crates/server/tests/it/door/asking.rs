//! A request as somebody makes one, and what they are told.

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use axum::response::Response;
use futures_util::StreamExt;
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use tenfold_server::door::Sender;

use super::PORT;

/// A request, from 10.0.0.1 to localhost unless it says otherwise.
pub(crate) struct Ask {
    pub(crate) request: Request<Body>,
}

impl Ask {
    fn new(method: &str, path: &str) -> Self {
        let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        Self { request }.with("host", &format!("localhost:{PORT}")).from("10.0.0.1")
    }

    pub(crate) fn by(method: &str, path: &str) -> Self {
        Self::new(method, path)
    }

    pub(crate) fn get(path: &str) -> Self {
        Self::new("GET", path)
    }

    pub(crate) fn post(path: &str, body: impl Into<Body>) -> Self {
        let mut ask = Self::new("POST", path).with("content-type", "application/json");
        *ask.request.body_mut() = body.into();
        ask
    }

    /// With a header in the place of any before it.
    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.request.headers_mut().insert(name, value.parse().unwrap());
        self
    }

    pub(crate) fn and(mut self, name: &'static str, value: &str) -> Self {
        self.request.headers_mut().append(name, value.parse().unwrap());
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.request.headers_mut().remove(name);
        self
    }

    /// Signed in by a session whose secret is the name.
    pub(crate) fn signed_in(self, name: &str) -> Self {
        self.with("cookie", &format!("other=1; tenfold-{PORT}={name}"))
    }

    pub(crate) fn from(mut self, address: &str) -> Self {
        self.request.extensions_mut().insert(Sender(address.parse().unwrap()));
        self
    }

    pub(crate) async fn of(self, router: &Router) -> Answer {
        let router = TowerToHyperService::new(router.clone());
        Answer { response: router.call(self.request).await.unwrap() }
    }
}

/// What they are told.
pub(crate) struct Answer {
    response: Response,
}

impl Answer {
    pub(crate) fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    pub(crate) fn is_fine(&self) -> bool {
        self.response.status() == StatusCode::OK
    }

    pub(crate) fn headers(&self) -> &HeaderMap {
        self.response.headers()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.response.headers().get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) async fn text(self) -> String {
        let mut stream = self.stream();
        let mut text = String::new();
        while let Some(part) = stream.next().await {
            text.push_str(&part);
        }
        text
    }

    /// Its body, as it comes.
    pub(crate) fn stream(self) -> impl futures_util::Stream<Item = String> + Unpin {
        let parts = self.response.into_body().into_data_stream();
        parts.map(|part| String::from_utf8(part.unwrap().to_vec()).unwrap())
    }
}
