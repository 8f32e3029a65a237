//! The heads of requests and responses: what is asked for, and what of a head goes on to the
//! other side. hyper reads and writes them, so that where one request ends and the next begins
//! is never a matter of opinion between the broker and the host behind it.

use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Method, Request, Uri, Version};

use super::{Credential, Terms, Wanted};

/// The longest name of a host, in bytes, as in DNS.
const LONGEST_HOST: usize = 253;
/// The longest name of a method, in bytes.
const LONGEST_METHOD: usize = 32;

/// Headers that are for the next program on the way, and end there; and `expect`, which the
/// broker has answered itself.
const HOP: &[&str] = &[
    "connection",
    "expect",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Whom a request wants to speak to.
pub(super) fn wanted<B>(request: &Request<B>) -> Result<Wanted, &'static str> {
    const NOT_FOR_A_PROXY: &str =
        "this is a proxy: ask it for http://HOST/PATH, or to CONNECT to HOST:PORT";
    let uri = request.uri();
    let authority = uri.authority().ok_or(NOT_FOR_A_PROXY)?;
    if authority.as_str().contains('@') {
        return Err("a name and a password have no place in an address");
    }
    let (host, port) = (authority.host(), authority.port_u16());
    if port.is_none() && authority.as_str() != host {
        return Err("the port is no number from 1 to 65535");
    }
    let is_tunnel = request.method() == Method::CONNECT;
    let port = match (is_tunnel, uri.scheme_str(), port) {
        (true, _, Some(port)) => port,
        (false, Some("http"), port) => port.unwrap_or(80),
        (false, Some(_), _) => return Err("only http is spoken here; CONNECT for all else"),
        _ => return Err(NOT_FOR_A_PROXY),
    };
    let host = host.trim_matches(['[', ']']).to_ascii_lowercase();
    if host.is_empty() || host.len() > LONGEST_HOST || port == 0 {
        return Err("there is no such host and port");
    }
    let method = (!is_tunnel).then(|| request.method().to_string());
    if method.as_ref().is_some_and(|method| method.len() > LONGEST_METHOD) {
        return Err("there is no such method");
    }
    Ok(Wanted { host, port, method })
}

/// Makes of a request to the proxy the one that goes out. `Host` is the host that was decided
/// on, whatever stood there.
pub(super) fn to_host(head: &mut Parts, wanted: &Wanted, terms: &Terms) -> Result<(), String> {
    let not_to_be = |error: &dyn std::fmt::Display| format!("this can't be asked: {error}");
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    let path = if path.starts_with('/') { path } else { "/" };
    head.uri = Uri::try_from(path).map_err(|error| not_to_be(&error))?;
    head.version = Version::HTTP_11;
    without_hops(&mut head.headers);
    let host = HeaderValue::try_from(host(wanted, terms)).map_err(|error| not_to_be(&error))?;
    head.headers.insert(header::HOST, host);
    if let Some(Credential { header, value }) = &terms.credential {
        let bad = |_| "the credential for this host is no header".to_owned();
        let name = HeaderName::try_from(header.as_str()).map_err(|_| bad(()))?;
        let mut value = HeaderValue::try_from(value.as_str()).map_err(|_| bad(()))?;
        value.set_sensitive(true);
        head.headers.insert(name, value);
    }
    Ok(())
}

fn host(wanted: &Wanted, terms: &Terms) -> String {
    let Wanted { host, port, .. } = wanted;
    let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
    match (terms.tls, port) {
        (Some(443), _) | (None, 80) => host,
        (Some(port), _) | (None, &port) => format!("{host}:{port}"),
    }
}

/// Takes out what is meant for the next program on the way only.
pub(super) fn without_hops(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| HeaderName::try_from(name.trim()).ok())
        .collect();
    named.iter().for_each(|name| drop(headers.remove(name)));
    HOP.iter().for_each(|name| drop(headers.remove(*name)));
}
