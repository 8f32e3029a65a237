//! What this machine may be called by a browser. A page of somebody else's, whose name was made
//! to point here (DNS rebinding), says its own name as `Host`, and that is none of ours.

use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use tenfold_domain::ProblemKind;

use super::{Terms, Turned};

const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// All that may stand as `Host` and as `Origin`, in lower case.
pub(crate) struct Hosts {
    hosts: Vec<String>,
    origins: Vec<String>,
}

impl Hosts {
    pub(crate) fn new(terms: &Terms) -> Self {
        let Terms { port, is_tls, names, .. } = terms;
        let (scheme, usual) = if *is_tls { ("https", 443) } else { ("http", 80) };
        let mut hosts: Vec<String> = LOOPBACK.iter().map(|name| format!("{name}:{port}")).collect();
        if *port == usual {
            hosts.extend(LOOPBACK.iter().map(|name| (*name).to_owned()));
        }
        let mut origins: Vec<String> =
            hosts.iter().map(|host| format!("{scheme}://{host}")).collect();
        for name in names.iter().map(|name| name.to_ascii_lowercase()) {
            let mut called = vec![name.clone()];
            if !has_port(&name) {
                called.push(format!("{name}:{port}"));
            }
            // Without TLS of our own, a proxy before us may have it.
            for host in called {
                origins.push(format!("https://{host}"));
                if !is_tls {
                    origins.push(format!("http://{host}"));
                }
                hosts.push(host);
            }
        }
        Self { hosts, origins }
    }

    /// Whether a request is meant for this machine.
    ///
    /// # Errors
    /// [`Turned`] with 421.
    pub(crate) fn check(&self, request: &Request) -> Result<(), Turned> {
        let mut said = request.headers().get_all(header::HOST).iter();
        let host = said.next().and_then(|host| host.to_str().ok());
        let is_ours = host.is_some_and(|host| self.is_ours(host)) && said.next().is_none();
        // A client may say the host in the request's first line as well, or differently there.
        let other = request.uri().authority();
        match is_ours && other.is_none_or(|other| self.is_ours(other.as_str())) {
            true => Ok(()),
            false => {
                let what = "this is not a name of this server";
                Err(Turned::new(StatusCode::MISDIRECTED_REQUEST, ProblemKind::Refused, what)
                    .advise("open it by localhost, or name it with --host when it is started"))
            }
        }
    }

    fn is_ours(&self, host: &str) -> bool {
        self.hosts.iter().any(|ours| ours.eq_ignore_ascii_case(host))
    }

    /// Whether the page that asks, if a page does, is ours.
    pub(crate) fn is_our_origin(&self, headers: &HeaderMap) -> bool {
        let is_ours = |origin: &axum::http::HeaderValue| {
            let origin = origin.to_str().unwrap_or_default();
            self.origins.iter().any(|ours| ours.eq_ignore_ascii_case(origin))
        };
        headers.get_all(header::ORIGIN).iter().all(is_ours)
    }
}

/// Whether a name has a port behind it; the colons of an IPv6 address are within brackets.
fn has_port(name: &str) -> bool {
    let behind = name.rsplit_once(']').map_or(name, |(_, behind)| behind);
    behind.contains(':')
}
