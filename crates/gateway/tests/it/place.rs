//! A gateway on a port, in front of a scripted model, and a plain client to speak to it with.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, Request, Response, StatusCode};
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use tenfold_domain::{NanoUsd, Tokens};
use tenfold_gateway::{
    Aliases, Behind, CheapestFirst, Chooser, Gate, Gateway, Offer, Offered, Open, Terms, Traces,
    Untraced,
};
use tenfold_models::{Hosted, Price, Protocol, RequestLimits, TokenPrices};
use tenfold_test_support::http::HttpModel;
use tokio::net::TcpListener;

use crate::bank::{ADAS_TOKEN, Books};

/// The key of the gateway's own, which no client may see.
pub(crate) const KEY: &str = "sk-the-owners-own-key";

/// How long what should come at once is waited for. Only a test that fails waits so long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A gateway that runs.
pub(crate) struct Place {
    pub(crate) books: Arc<Books>,
    pub(crate) gateway: Gateway,
    pub(crate) url: String,
    client: Client<HttpConnector, Body>,
}

/// An answer, read whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.text()))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// A dollar for a million tokens read, four for a million written.
pub(crate) fn hosted(name: &str, protocol: Protocol, server: &HttpModel) -> Hosted {
    Hosted {
        name: name.to_owned(),
        protocol,
        address: Some(format!("{}/v1/", server.url())),
        model: format!("{name}-there"),
        key: Some("KEY".to_owned()),
        context: Tokens(100_000),
        price: Some(Price::of_tokens(TokenPrices {
            cached: NanoUsd(100_000_000),
            written: NanoUsd(1_250_000_000),
            ..TokenPrices::of(NanoUsd(1_000_000_000), NanoUsd(4_000_000_000))
        })),
        listed: None,
        limits: RequestLimits::default(),
    }
}

pub(crate) fn offered(name: &str, protocol: Protocol, server: &HttpModel) -> Offered {
    Offered::hosted(&hosted(name, protocol, server), |_| Some(KEY.to_owned())).unwrap()
}

impl Place {
    /// In front of one model, called `m`, with ten dollars in Ada's account.
    pub(crate) async fn before(protocol: Protocol, server: &HttpModel) -> Self {
        let books = Books::of_ada(NanoUsd::dollars(10));
        Self::of(books, vec![offered("m", protocol, server)]).await
    }

    pub(crate) async fn of(books: Arc<Books>, models: Vec<Offered>) -> Self {
        Self::with(books, models, &Aliases::default(), Terms::default()).await
    }

    pub(crate) async fn with(
        books: Arc<Books>,
        models: Vec<Offered>,
        aliases: &Aliases,
        terms: Terms,
    ) -> Self {
        Self::behind(Arc::new(Open), books, models, (aliases, terms)).await
    }

    pub(crate) async fn behind(
        gate: Arc<dyn Gate>,
        books: Arc<Books>,
        models: Vec<Offered>,
        (aliases, terms): (&Aliases, Terms),
    ) -> Self {
        let who = (gate, Arc::new(CheapestFirst) as Arc<dyn Chooser>);
        Self::choosing(who, books, (&Offer::of(models, aliases), terms)).await
    }

    /// With somebody else who chooses.
    pub(crate) async fn choosing(
        (gate, chooser): (Arc<dyn Gate>, Arc<dyn Chooser>),
        books: Arc<Books>,
        offer: (&Offer, Terms),
    ) -> Self {
        Self::of_all((gate, chooser, Arc::new(Untraced)), books, offer).await
    }

    /// With somebody else who traces, too.
    pub(crate) async fn of_all(
        (gate, chooser, traces): (Arc<dyn Gate>, Arc<dyn Chooser>, Arc<dyn Traces>),
        books: Arc<Books>,
        (offer, terms): (&Offer, Terms),
    ) -> Self {
        let behind = Behind { bank: books.clone(), gate, chooser, traces };
        let gateway = Gateway::new(behind, offer, terms).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let serving = gateway.clone();
        tokio::spawn(async move { serving.serve(listener, std::future::pending()).await });
        let client = Client::builder(TokioExecutor::new()).build_http();
        Self { books, gateway, url, client }
    }

    /// Posts, as Ada.
    pub(crate) async fn post(&self, path: &str, body: &str) -> Answer {
        self.post_with(path, body, &[("authorization", &format!("Bearer {ADAS_TOKEN}"))]).await
    }

    pub(crate) async fn post_with(
        &self,
        path: &str,
        body: &str,
        headers: &[(&str, &str)],
    ) -> Answer {
        whole(self.begin(path, body.to_owned().into(), headers).await).await
    }

    pub(crate) async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = Request::get(format!("{}{path}", self.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        whole(self.client.request(request.body(Body::empty()).unwrap()).await.unwrap()).await
    }

    /// Posts, and returns as soon as an answer begins.
    pub(crate) async fn begin(
        &self,
        path: &str,
        body: Body,
        headers: &[(&str, &str)],
    ) -> Response<Incoming> {
        let mut request = Request::post(format!("{}{path}", self.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.client.request(request.body(body).unwrap()).await.unwrap()
    }

    /// What Ada has spent, once nothing is under way any more.
    pub(crate) async fn spent(&self) -> NanoUsd {
        let idle = "tenfold_gateway_requests_under_way 0\n";
        let patience = tokio::time::Instant::now() + PATIENCE;
        while tokio::time::Instant::now() < patience {
            self.gateway.close().await;
            if self.gateway.metrics().contains(idle) && self.books.open_leases() == 0 {
                return self.books.spent(crate::bank::ADA).money;
            }
            tokio::task::yield_now().await;
        }
        panic!("a request holds money still");
    }
}

async fn whole(response: Response<Incoming>) -> Answer {
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    Answer { status: parts.status, headers: parts.headers, body }
}
