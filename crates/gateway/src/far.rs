//! The way to providers: one client with its connections, and the request as it goes out.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, header};
use bytes::Bytes;
use http_body_util::Full;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio_rustls::rustls::crypto::aws_lc_rs;

use crate::offered::Far;
use crate::{GatewayError, Trace, Wire, headers};

/// Connections to one provider that are kept open without a request.
const IDLE_CONNECTIONS_MAX: usize = 1_024;
/// How long they are kept.
const IDLE: Duration = Duration::from_secs(60);
/// The version of Anthropic's protocol, where the client names none.
const ANTHROPIC_VERSION: &str = "2023-06-01";

/// Asks providers.
pub(crate) type Client =
    hyper_util::client::legacy::Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// A client that trusts the authorities that the system trusts.
pub(crate) fn client(connect: Duration) -> Result<Client, GatewayError> {
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(connect));
    let tls = HttpsConnectorBuilder::new()
        .with_provider_and_platform_verifier(aws_lc_rs::default_provider())
        .map_err(|why| GatewayError::Tls { why: why.to_string() })?;
    let https = tls.https_or_http().enable_http1().wrap_connector(tcp);
    Ok(hyper_util::client::legacy::Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(IDLE_CONNECTIONS_MAX)
        .build(https))
}

/// The request to a provider; `None` if it has no such call.
pub(crate) fn request(
    far: &Far,
    wire: Wire,
    (from, trace): (&HeaderMap, Option<&Trace>),
    body: Bytes,
) -> Option<Request<Full<Bytes>>> {
    let mut request = Request::new(Full::new(body));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = far.address(wire)?.clone();
    let into = request.headers_mut();
    headers::to_provider(from, into);
    if let Some(trace) = trace.filter(|_| far.takes_traces()) {
        headers::be_part_of(into, trace);
    }
    into.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    // What is packed can't be metered.
    into.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    if wire.is_anthropics() {
        into.insert(HeaderName::from_static("x-api-key"), far.bare.clone());
        into.entry("anthropic-version").or_insert(HeaderValue::from_static(ANTHROPIC_VERSION));
    } else {
        into.insert(header::AUTHORIZATION, far.bearer.clone());
        into.remove("anthropic-version");
        into.remove("anthropic-beta");
    }
    Some(request)
}

#[cfg(test)]
mod tests {
    use tenfold_domain::{NanoUsd, Tokens};
    use tenfold_models::{Hosted, Price, Protocol, RequestLimits, TokenPrices};

    use super::*;
    use crate::Offered;
    use crate::offered::Place;

    #[test]
    fn a_trace_goes_to_servers_of_ones_own_and_to_no_company() {
        let trace = Trace { parent: "00-1-2-01".to_owned(), state: String::new() };
        let sent = |address: Option<&str>| {
            let hosted = Hosted {
                name: "m".to_owned(),
                protocol: Protocol::Openai,
                address: address.map(str::to_owned),
                model: "m".to_owned(),
                key: None,
                context: Tokens(8_192),
                price: Some(Price::of_tokens(TokenPrices::of(NanoUsd(1), NanoUsd(1)))),
                listed: None,
                limits: RequestLimits::default(),
            };
            let offered = Offered::hosted(&hosted, |_| None).unwrap();
            let Place::Hosted(far) = &offered.place else { panic!("it is not here") };
            let request =
                request(far, Wire::Chat, (&HeaderMap::new(), Some(&trace)), Bytes::new()).unwrap();
            request.headers().contains_key("traceparent")
        };
        assert!(sent(Some("http://10.0.0.7:8000/v1/")) && !sent(None));
    }
}
