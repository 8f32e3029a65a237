//! Hosts: names, suffixes, addresses, ports and methods. Nothing is looked up: a name that
//! resolves to a denied address is the business of whoever connects.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

/// Whom it is about to speak to.
#[derive(Debug)]
pub(crate) struct Peer {
    /// As it was asked for.
    shown: String,
    /// In the one form that names are compared in; none if it has no such form.
    name: Option<String>,
    port: Option<u16>,
    method: Option<String>,
}

impl Peer {
    pub(crate) fn new(name: &str, port: Option<u16>, method: Option<&str>) -> Self {
        let shown = port.map_or_else(|| name.to_owned(), |port| format!("{name}:{port}"));
        let method = method.map(str::to_ascii_uppercase);
        Self { shown, name: canonical(name).ok(), port, method }
    }

    /// Whether its method is one of these; if it is not known, whether it could be.
    pub(crate) fn has_method(&self, methods: &[String], generous: bool) -> bool {
        methods.is_empty()
            || self.method.as_ref().map_or(generous, |method| methods.contains(method))
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

#[derive(Debug, Clone)]
enum Names {
    All,
    One(String),
    /// With its leading dot.
    Below(String),
}

/// A host, `*.suffix` or `*`, with or without a port.
#[derive(Debug, Clone)]
pub(crate) struct HostPattern {
    names: Names,
    port: Option<u16>,
}

impl HostPattern {
    pub(crate) fn new(text: &str) -> Result<Self, &'static str> {
        let (name, port) = Self::parted(text)?;
        let names = match name.strip_prefix("*.") {
            _ if name == "*" => Names::All,
            Some(suffix) => Names::Below(format!(".{}", canonical(suffix)?)),
            None => Names::One(canonical(name)?),
        };
        Ok(Self { names, port })
    }

    /// `HOST:PORT` as its two parts.
    pub(crate) fn parted(text: &str) -> Result<(&str, Option<u16>), &'static str> {
        if text.contains(['/', ' ']) {
            return Err(NO_HOST);
        }
        let (name, port) = match text.strip_prefix('[').and_then(|text| text.split_once(']')) {
            Some((name, "")) => (name, None),
            Some((name, port)) => (name, Some(port.strip_prefix(':').ok_or(NO_HOST)?)),
            None if text.matches(':').count() == 1 => {
                text.split_once(':').map_or((text, None), |(name, port)| (name, Some(port)))
            }
            None => (text, None),
        };
        let port = port.map(|port| port.parse().map_err(|_| NO_PORT)).transpose()?;
        if name.is_empty() { Err(NO_HOST) } else { Ok((name, port)) }
    }

    /// Whether it is this one host, by name or address.
    pub(crate) fn names(&self, peer: &Peer) -> bool {
        matches!(self.names, Names::One(_)) && self.matches(peer, false)
    }

    /// Whether it is any host at all.
    pub(crate) fn is_all(&self) -> bool {
        matches!(self.names, Names::All)
    }

    pub(crate) fn matches(&self, peer: &Peer, generous: bool) -> bool {
        let port = match (self.port, peer.port) {
            (None, _) => true,
            (Some(_), None) => generous,
            (Some(wanted), Some(port)) => wanted == port,
        };
        let name = match (&self.names, &peer.name) {
            (Names::All, _) => true,
            (_, None) => generous,
            (Names::One(wanted), Some(name)) => wanted == name,
            (Names::Below(suffix), Some(name)) => name.ends_with(suffix),
        };
        port && name
    }
}

const NO_HOST: &str = "write a host (api.example.com), a suffix (*.example.com), an address, or *; \
     no scheme and no path; with a port if need be (api.example.com:8443, [::1]:8443)";
const NO_PORT: &str = "a port is a number from 0 to 65535";
const NO_ASCII: &str = "write a name with other letters as it is looked up, in punycode (xn--…)";
const NO_ADDRESS: &str = "write an IPv4 address as four decimal numbers (127.0.0.1)";

/// The form in which names are compared: small letters, no dot at the end, addresses in their
/// usual writing.
fn canonical(name: &str) -> Result<String, &'static str> {
    let name = name.strip_suffix('.').unwrap_or(name);
    if let Ok(address) = name.parse::<IpAddr>() {
        return Ok(address.to_canonical().to_string());
    }
    if !name.is_ascii() {
        return Err(NO_ASCII);
    }
    // `127.1` and `0x7f000001` are addresses to whoever looks them up.
    let last = name.rsplit('.').next().unwrap_or_default();
    let is_number = |text: &str| {
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
            || text.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("0x"))
    };
    if is_number(last) && name.parse::<Ipv4Addr>().is_err() {
        return Err(NO_ADDRESS);
    }
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if name.is_empty() || !name.chars().all(is_plain) {
        return Err(NO_HOST);
    }
    Ok(name.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, host: &str, generous: bool) -> bool {
        let (name, port) = HostPattern::parted(host).unwrap();
        HostPattern::new(pattern).unwrap().matches(&Peer::new(name, port, None), generous)
    }

    #[test]
    fn a_name_matches_however_it_is_written() {
        for (pattern, host) in [
            ("Example.com", "example.COM."),
            ("*.example.com", "a.b.example.com"),
            ("*", "anything.test"),
            ("127.0.0.1", "::ffff:127.0.0.1"),
            ("::1", "0:0:0:0:0:0:0:1"),
            ("[::1]:80", "[::1]:80"),
            ("example.com", "example.com:8443"),
        ] {
            assert!(matches(pattern, host, false), "{pattern} on {host}");
        }
        for (pattern, host) in [
            ("example.com", "evil-example.com"),
            ("*.example.com", "example.com"),
            ("*.example.com", "example.com.evil.test"),
            ("example.com:443", "example.com:80"),
        ] {
            assert!(!matches(pattern, host, true), "{pattern} on {host}");
        }
    }

    #[test]
    fn what_can_not_be_told_is_matched_by_the_strict_only() {
        for (pattern, host) in [
            ("127.0.0.1", "127.1"),
            ("127.0.0.1", "0x7f000001"),
            ("127.0.0.1", "2130706433"),
            ("xn--mnchen-3ya.de", "münchen.de"),
            ("example.com:443", "example.com"),
        ] {
            assert!(matches(pattern, host, true), "{pattern} on {host}");
            assert!(!matches(pattern, host, false), "{pattern} on {host}");
        }
    }

    #[test]
    fn a_method_that_is_not_seen_is_matched_by_the_strict_only() {
        let methods = ["POST".to_owned()];
        let with = |method| Peer::new("a.test", None, method);
        assert!(with(Some("post")).has_method(&methods, false));
        assert!(!with(Some("GET")).has_method(&methods, true));
        assert!(with(None).has_method(&methods, true));
        assert!(!with(None).has_method(&methods, false));
    }

    #[test]
    fn what_is_no_host_is_refused_with_what_to_write() {
        for (text, said) in [
            ("https://a.test/x", "no scheme"),
            ("a.test:port", "a port is"),
            ("münchen.de", "punycode"),
            ("*.*.a.test", "a suffix"),
            ("127.1", "four decimal"),
            ("", "write a host"),
        ] {
            assert!(HostPattern::new(text).unwrap_err().contains(said), "{text}");
        }
    }
}
