//! The bounds of the door, each with its unit, and where it may stand. They are handed in; the
//! edge reads them from wherever a person wrote them.

use std::net::SocketAddr;
use std::time::Duration;

use ipnet::IpNet;

use super::Rate;

/// How much, how long, how many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// The port that is listened at.
    pub port: u16,
    /// Whether TLS is spoken at it,
    pub is_tls: bool,
    /// and whether browsers reach it by TLS, be it a proxy's: then cookies go no other way.
    pub is_reached_by_tls: bool,
    /// Names beside loopback's that browsers may call this machine by: `NAME`, at this port or
    /// at none, or `NAME:PORT`.
    pub names: Vec<String>,
    /// Proxies before it, which are believed when they say whom they speak for.
    pub proxies: Vec<IpNet>,
    /// The largest body of a request, in bytes,
    pub body_bytes_max: usize,
    /// and of one by which somebody signs in.
    pub sign_in_bytes_max: usize,
    /// The longest that a body may take to come.
    pub body_time: Duration,
    /// The longest that the head of a request, or a handshake, may take to come. A connection on
    /// which nothing is asked is closed after it too.
    pub head_time: Duration,
    /// The longest that somebody may take to read what is written to them.
    pub reading: Duration,
    /// Connections at the same time, in all; more wait until one is closed,
    pub connections_max: usize,
    /// and from one address; more are closed at once.
    pub connections_each: usize,
    /// Requests from one address,
    pub address_rate: Rate,
    /// of one person or program,
    pub caller_rate: Rate,
    /// and, from one address, such as begin to sign in and have something kept open for it.
    pub begin_rate: Rate,
    /// Streams of events at the same time of one person or program.
    pub streams_each: usize,
    /// How often it is looked whether whoever has a stream is still signed in.
    pub stream_check: Duration,
    /// How long answers are kept for who asks again with the same key,
    pub kept: Duration,
    /// how many of one person or program,
    pub kept_each: usize,
    /// how many bytes of them,
    pub kept_bytes_each: usize,
    /// and how many bytes one may have.
    pub kept_answer_bytes_max: usize,
    /// How long requests under way are waited for at the end.
    pub last: Duration,
}

impl Terms {
    /// The usual bounds, at a port of loopback without TLS.
    #[must_use]
    pub fn at(port: u16) -> Self {
        Self {
            port,
            is_tls: false,
            is_reached_by_tls: false,
            names: Vec::new(),
            proxies: Vec::new(),
            body_bytes_max: 1 << 20,
            sign_in_bytes_max: 4 << 10,
            body_time: Duration::from_secs(30),
            head_time: Duration::from_secs(30),
            reading: Duration::from_secs(60),
            connections_max: 4_096,
            connections_each: 1_024,
            address_rate: Rate { per_second: 400, burst: 800 },
            caller_rate: Rate { per_second: 50, burst: 200 },
            begin_rate: Rate { per_second: 1, burst: 30 },
            streams_each: 8,
            stream_check: Duration::from_secs(5),
            kept: Duration::from_secs(600),
            kept_each: 1_000,
            kept_bytes_each: 8 << 20,
            kept_answer_bytes_max: 64 << 10,
            last: Duration::from_secs(20),
        }
    }
}

/// Passwords and sessions would go over a network for everybody to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0} can be reached from other machines, and without TLS everybody between would read \
     passwords: give a certificate and its key, or stay on 127.0.0.1 behind a proxy that has them, \
     or say --unencrypted"
)]
pub struct NotSafe(pub SocketAddr);

/// Whether an address may be listened at.
///
/// # Errors
/// [`NotSafe`] if it is beyond loopback, without TLS, and nobody said that this is meant.
pub fn may_listen(address: SocketAddr, is_tls: bool, unencrypted: bool) -> Result<(), NotSafe> {
    match is_tls || unencrypted || address.ip().to_canonical().is_loopback() {
        true => Ok(()),
        false => Err(NotSafe(address)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beyond_loopback_it_is_tls_or_meant() {
        let at = |text: &str| text.parse::<SocketAddr>().unwrap();
        for address in ["127.0.0.1:1", "127.8.0.1:1", "[::1]:1", "[::ffff:127.0.0.1]:1"] {
            assert_eq!(may_listen(at(address), false, false), Ok(()), "{address}");
        }
        for address in ["0.0.0.0:1", "[::]:1", "192.168.1.2:1", "[::ffff:10.0.0.1]:1"] {
            let address = at(address);
            assert_eq!(may_listen(address, false, false), Err(NotSafe(address)));
            assert_eq!(may_listen(address, true, false), Ok(()));
            assert_eq!(may_listen(address, false, true), Ok(()));
        }
    }
}
