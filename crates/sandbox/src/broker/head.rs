//! The heads of requests and responses: what is asked for, and what of a head goes on to the
//! other side. hyper reads and writes them, so that where one request ends and the next begins
//! is never a matter of opinion between the broker and the host behind it.

use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Method, Request, Uri, Version};

use super::{Credential, Peer, Terms};

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
pub(super) fn wanted<B>(request: &Request<B>) -> Result<Peer, &'static str> {
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
    Ok(Peer { host, port, method })
}

/// Makes of a request to the proxy the one that goes out. `Host` is the host that was decided
/// on, whatever stood there.
pub(super) fn to_host(head: &mut Parts, wanted: &Peer, terms: &Terms) -> Result<(), String> {
    let not_to_be = |error: &dyn std::fmt::Display| format!("this can't be asked: {error}");
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
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

fn host(wanted: &Peer, terms: &Terms) -> String {
    let Peer { host, port, .. } = wanted;
    let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
    match (terms.tls, port) {
        (Some(443), _) | (None, 80) => host,
        (Some(port), _) | (None, &port) => format!("{host}:{port}"),
    }
}

/// Makes of a host's answer the one that the command gets. Where the broker encrypts, the host
/// speaks of itself as `https`; the command finds the way back by what it asked for.
pub(super) fn to_command(headers: &mut HeaderMap, wanted: &Peer, terms: &Terms) {
    without_hops(headers);
    if terms.tls.is_none() {
        return;
    }
    let itself = format!("https://{}", host(wanted, terms));
    let asked = format!("http://{}", host(wanted, &Terms::default()));
    if let Some(value) = headers.get_mut(header::LOCATION) {
        let rest = value.to_str().ok().and_then(|text| text.strip_prefix(&itself));
        let is_itself = |rest: &&str| rest.is_empty() || rest.starts_with(['/', '?', '#']);
        let back = rest.filter(is_itself).map(|rest| format!("{asked}{rest}"));
        if let Some(back) = back.and_then(|back| HeaderValue::try_from(back).ok()) {
            *value = back;
        }
    }
}

/// Takes out what is meant for the next program on the way only.
fn without_hops(headers: &mut HeaderMap) {
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn request(method: &str, target: &str) -> Request<()> {
        Request::builder().method(method).uri(target).body(()).unwrap()
    }

    fn said(method: &str, target: &str) -> Result<String, &'static str> {
        wanted(&request(method, target)).map(|wanted| wanted.to_string())
    }

    #[test]
    fn what_is_asked_for_is_the_host_of_the_target() {
        for (method, target, expected) in [
            ("GET", "http://A.test/x", "GET a.test:80"),
            ("delete", "http://a.test:8080", "delete a.test:8080"),
            ("GET", "http://[::1]:81/", "GET [::1]:81"),
            ("CONNECT", "a.test:443", "CONNECT a.test:443"),
            ("CONNECT", "[fe80::1]:443", "CONNECT [fe80::1]:443"),
        ] {
            assert_eq!(said(method, target).as_deref(), Ok(expected));
        }
        for (method, target) in [
            ("GET", "/x"),
            ("OPTIONS", "*"),
            ("GET", "https://a.test/"),
            ("GET", "ftp://a.test/"),
            ("GET", "http://me:secret@a.test/"),
            ("GET", "http://b.test:80@a.test/"),
            ("GET", "http://a.test:0/"),
            ("GET", "http://a.test:99999/"),
            ("GET", "http://a.test:/"),
            ("CONNECT", "a.test"),
        ] {
            assert!(said(method, target).is_err(), "{target}");
        }
        assert!(said("GET", &format!("http://{}.test/", "a".repeat(250))).is_err());
        assert!(said(&"A".repeat(33), "http://a.test/").is_err());
    }

    fn sent(terms: &Terms, headers: &[(&str, &str)]) -> Parts {
        let mut request = request("GET", "http://a.test:8080?q=1");
        for (name, value) in headers {
            let name = HeaderName::try_from(*name).unwrap();
            request.headers_mut().append(name, value.parse().unwrap());
        }
        let wanted = wanted(&request).unwrap();
        let (mut head, ()) = request.into_parts();
        to_host(&mut head, &wanted, terms).unwrap();
        head
    }

    #[test]
    fn what_is_for_the_proxy_ends_there() {
        let head = sent(
            &Terms::default(),
            &[
                ("host", "other.test"),
                ("proxy-authorization", "x"),
                ("connection", "keep-alive, x-mine"),
                ("connection", "upgrade"),
                ("upgrade", "websocket"),
                ("x-mine", "x"),
                ("transfer-encoding", "chunked"),
                ("x-stays", "x"),
            ],
        );
        assert_eq!(head.uri, "/?q=1");
        let headers: Vec<_> = head.headers.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(headers, ["host", "x-stays"]);
        assert_eq!(head.headers["host"], "a.test:8080");
    }

    #[test]
    fn a_credential_takes_the_place_of_what_stood_there() {
        let credential = Credential { header: "X-Key".to_owned(), value: "ours".to_owned() };
        let terms = Terms { tls: Some(443), credential: Some(credential) };
        let head = sent(&terms, &[("x-key", "theirs"), ("X-KEY", "again")]);
        assert_eq!(head.headers.get_all("x-key").iter().collect::<Vec<_>>(), ["ours"]);
        assert_eq!(head.headers["host"], "a.test", "as it is called where it goes");
        let bad = Credential { header: "X-Key".to_owned(), value: "a\r\nb: c".to_owned() };
        let terms = Terms { tls: None, credential: Some(bad) };
        let wanted = Peer { host: "a.test".into(), port: 80, method: Some("GET".into()) };
        let (mut head, ()) = request("GET", "http://a.test/").into_parts();
        let why = to_host(&mut head, &wanted, &terms).unwrap_err();
        assert!(!why.contains("b: c"), "{why}");
    }

    #[test]
    fn a_host_that_is_spoken_to_encrypted_is_found_again_as_it_was_asked_for() {
        let wanted = Peer { host: "a.test".into(), port: 80, method: Some("GET".into()) };
        let terms = Terms { tls: Some(443), credential: None };
        for (location, expected) in [
            ("https://a.test/x?y", "http://a.test/x?y"),
            ("https://a.test", "http://a.test"),
            ("/x", "/x"),
            ("https://a.test.evil/x", "https://a.test.evil/x"),
            ("https://a.test:8443/x", "https://a.test:8443/x"),
            ("https://b.test/x", "https://b.test/x"),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::LOCATION, location.parse().unwrap());
            to_command(&mut headers, &wanted, &terms);
            assert_eq!(headers["location"], expected);
            headers.insert(header::LOCATION, location.parse().unwrap());
            to_command(&mut headers, &wanted, &Terms::default());
            assert_eq!(headers["location"], location);
        }
    }

    proptest! {
        /// No target makes the broker speak to another host than the one that it names.
        #[test]
        fn a_target_means_the_host_that_a_uri_has(target in "http://[a-z0-9.@:/?#\\[\\]%-]{0,40}") {
            if let Ok(uri) = target.parse::<Uri>() {
                let request = Request::builder().uri(uri.clone()).body(()).unwrap();
                if let Ok(wanted) = wanted(&request) {
                    let host = uri.host().unwrap().trim_matches(['[', ']']);
                    prop_assert_eq!(&wanted.host, host);
                    prop_assert!(!target[7..].split(['/', '?', '#']).next().unwrap().contains('@'));
                    prop_assert_ne!(wanted.port, 0);
                }
            }
        }
    }
}
