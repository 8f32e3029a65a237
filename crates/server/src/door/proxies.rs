//! Who it is for whom a proxy speaks. Anybody can send `X-Forwarded-For` or `Forwarded`, so they are
//! read only from a proxy that a person has named; and from the right, since each proxy adds at the
//! end what it has seen itself.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use ipnet::IpNet;
use tenfold_domain::ProblemKind;

use super::{Peer, Turned};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The address at the other end of a connection.
#[derive(Debug, Clone, Copy)]
pub struct Sender(pub IpAddr);

impl Sender {
    pub(crate) fn is_proxy(self, proxies: &[IpNet]) -> bool {
        let address = self.0.to_canonical();
        proxies.iter().any(|proxy| proxy.contains(&address))
    }

    /// Who asks: the sender, or whom the proxies between say that they speak for. What can't be
    /// read of that, or is kept secret, counts as the last proxy that could.
    ///
    /// # Errors
    /// [`Turned`] with 400 if a proxy says it in both ways: one of them is the client's own, and
    /// nobody knows which.
    pub(crate) fn peer(self, proxies: &[IpNet], headers: &HeaderMap) -> Result<Peer, Turned> {
        if !self.is_proxy(proxies) {
            return Ok(Peer::new(self.0));
        }
        let all = |name: HeaderName| -> Vec<&str> {
            let said = headers.get_all(name).iter();
            said.flat_map(|value| value.to_str().unwrap_or("?").split(',')).collect()
        };
        let (plain, standard) = (all(X_FORWARDED_FOR), all(header::FORWARDED));
        if !plain.is_empty() && !standard.is_empty() {
            let what = "this came with X-Forwarded-For and with Forwarded, of which one is made up";
            return Err(Turned::new(StatusCode::BAD_REQUEST, ProblemKind::Usage, what)
                .advise("have the proxy remove the one that it does not set itself"));
        }
        let plain = plain.into_iter().map(|one| address(one.trim()));
        let mut said: Vec<_> = plain.chain(standard.into_iter().map(spoken_for)).collect();
        let mut from = self;
        while from.is_proxy(proxies)
            && let Some(Some(before)) = said.pop()
        {
            from = Self(before);
        }
        Ok(Peer::new(from.0))
    }
}

/// The address in an element of `Forwarded`, as in `for="[2001:db8::1]:4711";proto=https`.
fn spoken_for(element: &str) -> Option<IpAddr> {
    let pairs = element.split(';').filter_map(|pair| pair.trim().split_once('='));
    let mut ours = pairs.filter(|(name, _)| name.eq_ignore_ascii_case("for"));
    let (_, said) = ours.next()?;
    address(said.trim_matches('"')).filter(|_| ours.next().is_none())
}

/// An address, with or without a port.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    let with_port = || text.parse().map(|at: SocketAddr| at.ip());
    bare.parse().or_else(|_| with_port()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &str = "x-forwarded-for";
    const STANDARD: &str = "forwarded";

    fn peer(from: &str, said: &[(&'static str, &str)]) -> Result<Peer, Turned> {
        let proxies = ["10.0.0.0/8".parse().unwrap(), "2001:db8::7/128".parse().unwrap()];
        let mut headers = HeaderMap::new();
        for (name, value) in said {
            headers.append(*name, value.parse().unwrap());
        }
        Sender(from.parse().unwrap()).peer(&proxies, &headers)
    }

    fn at(address: &str) -> Result<Peer, Turned> {
        Ok(Peer::new(address.parse().unwrap()))
    }

    #[test]
    fn who_is_no_proxy_speaks_for_nobody() {
        for name in [PLAIN, STANDARD] {
            assert_eq!(peer("192.0.2.1", &[(name, "for=192.0.2.9")]), at("192.0.2.1"));
        }
        assert_eq!(peer("192.0.2.1", &[(PLAIN, "192.0.2.9")]), at("192.0.2.1"));
        assert_eq!(peer("2001:db8::8", &[(PLAIN, "192.0.2.9")]), at("2001:db8::8"));
    }

    #[test]
    fn a_proxy_is_believed_as_far_as_it_has_seen_for_itself() {
        let proxy = "10.0.0.1";
        for (said, who) in [
            (&[(PLAIN, "192.0.2.9")][..], "192.0.2.9"),
            (&[(PLAIN, "192.0.2.9:4711")], "192.0.2.9"),
            (&[(PLAIN, "[2001:db8:1::9]:4711")], "2001:db8:1::9"),
            // What the client made up stands before it.
            (&[(PLAIN, "203.0.113.5, 192.0.2.9")], "192.0.2.9"),
            (&[(PLAIN, "203.0.113.5"), (PLAIN, "192.0.2.9")], "192.0.2.9"),
            (&[(PLAIN, "203.0.113.5, 192.0.2.9, 10.1.2.3, 2001:db8::7")], "192.0.2.9"),
            (&[(STANDARD, "for=192.0.2.9")], "192.0.2.9"),
            (&[(STANDARD, "For=\"[2001:db8:1::9]:4711\";proto=https")], "2001:db8:1::9"),
            (&[(STANDARD, "for=203.0.113.5, by=x;for=192.0.2.9")], "192.0.2.9"),
            // Nothing that reads.
            (&[], proxy),
            (&[(PLAIN, "unknown")], proxy),
            (&[(PLAIN, "192.0.2.9, ")], proxy),
            (&[(PLAIN, "192.0.2.9, unknown, 10.1.2.3")], "10.1.2.3"),
            (&[(STANDARD, "for=_hidden")], proxy),
            (&[(STANDARD, "proto=https")], proxy),
            (&[(STANDARD, "for=192.0.2.9;for=203.0.113.5")], proxy),
            (&[(PLAIN, "10.9.9.9")], "10.9.9.9"),
        ] {
            assert_eq!(peer(proxy, said), at(who), "{said:?}");
            assert_eq!(peer("::ffff:10.0.0.1", said), at(who), "{said:?}");
        }
    }

    #[test]
    fn who_says_it_in_both_ways_is_turned_away() {
        let both = [(PLAIN, "192.0.2.9"), (STANDARD, "for=203.0.113.5")];
        let turned = peer("10.0.0.1", &both).unwrap_err();
        assert_eq!(turned.status(), StatusCode::BAD_REQUEST);
        assert!(peer("192.0.2.1", &both).is_ok());
    }
}
