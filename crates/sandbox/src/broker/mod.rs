//! The egress broker: the only way from a sandbox to other machines, for those that somebody
//! else allows.
//!
//! It is an HTTP proxy on this side of the wall. A command finds its address in the usual
//! variables and has nothing else: no name server, no route. The broker asks its [`Rules`]
//! about each host, looks up the name itself, refuses addresses that are not the public
//! internet's, connects to the very address that it looked at, and puts in what the command
//! must not see. What is spoken in the clear it can tell apart by method; of what is encrypted
//! end to end (`CONNECT`) it sees the host and the port.
//!
//! It knows no policy, no task and no journal: it is handed its decisions, and hands over what
//! came of them. Nothing of it exists for a run that has no broker.

mod address;
mod head;
mod meter;
mod reach;
mod serve;
#[cfg(test)]
mod tests;
mod tls;

use std::collections::HashMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tenfold_domain::{Bytes, Millis, Peer};

/// What is said of a host.
#[derive(Debug, Clone)]
pub enum Ruling {
    /// It may be spoken to.
    Allow(Terms),
    /// It may not.
    Deny {
        /// Why, for people; the command reads it too.
        why: String,
    },
}

/// How a host is spoken to that may be. The usual is: as the command does it.
#[derive(Debug, Clone, Default)]
pub struct Terms {
    /// What the command says in the clear goes out encrypted, to this port. Means nothing for
    /// what is encrypted already.
    pub tls: Option<u16>,
    /// What is put into each request that can be seen.
    pub credential: Option<Credential>,
}

/// A header that the command never sees.
#[derive(Clone)]
pub struct Credential {
    /// Its name.
    pub header: String,
    /// Its value.
    pub value: String,
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credential({}: …)", self.header)
    }
}

/// What is said of an address that a host turned out to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum About {
    /// Nothing in particular: it is reached if it is public.
    Nothing,
    /// Somebody wrote down this very address as allowed: it is reached even if it is not public.
    Named,
    /// It may not be reached.
    Denied {
        /// Why, for people.
        why: String,
    },
}

/// What [`Rules::record`] answers with, when it has written down what was decided.
pub type Recorded<'a> = Pin<Box<dyn Future<Output = Result<Arc<Tally>, String>> + Send + 'a>>;

/// Who decides, and who takes down what was decided.
pub trait Rules: Send + Sync {
    /// Whether a host may be spoken to, going by its name. Nothing is looked up before.
    fn decide(&self, wanted: &Peer) -> Ruling;

    /// What is said of an address that it has, with the port that would be connected to.
    fn address(&self, wanted: &Peer, address: SocketAddr) -> About;

    /// Takes down what was decided, or why it was refused, before anything is sent. Where it
    /// can't, nothing is sent, and it says why not. What is carried is added to the tally.
    fn record<'a>(&'a self, wanted: &'a Peer, refused: Option<&'a str>) -> Recorded<'a>;
}

/// How much was carried so far.
#[derive(Debug, Default)]
pub struct Tally {
    sent: AtomicU64,
    received: AtomicU64,
}

impl Tally {
    /// To the host, as it went over the wire.
    pub fn sent(&self) -> Bytes {
        Bytes(self.sent.load(Ordering::Relaxed))
    }

    /// From the host.
    pub fn received(&self) -> Bytes {
        Bytes(self.received.load(Ordering::Relaxed))
    }
}

/// How names become addresses.
#[derive(Debug, Clone, Default)]
pub enum Names {
    /// As for every other program of this system.
    #[default]
    System,
    /// By this table alone; for tests.
    Table(HashMap<String, Vec<IpAddr>>),
}

/// Whose certificates the broker believes where it encrypts.
#[derive(Debug, Clone, Default)]
pub enum Trust {
    /// Those that this system believes.
    #[default]
    System,
    /// These alone, in DER; for tests.
    Only(Vec<Vec<u8>>),
}

/// Where a broker stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BrokerLimits {
    /// The most connections at a time; others wait.
    pub connections: usize,
    /// The largest head of a request or of a response, 8 KiB at the least.
    pub head: Bytes,
    /// The longest that a head may take to arrive.
    pub head_time: Millis,
    /// The longest that looking up a name may take, and connecting to an address.
    pub connect: Millis,
    /// The longest that a connection may say nothing.
    pub idle: Millis,
    /// The most that one run may send and receive together.
    pub carried: Bytes,
}

impl Default for BrokerLimits {
    /// 32 connections, 64 KiB and 30 s for a head, 15 s to connect, 2 min of silence, 4 GiB.
    fn default() -> Self {
        Self {
            connections: 32,
            head: Bytes(64 << 10),
            head_time: Millis(30_000),
            connect: Millis(15_000),
            idle: Millis(120_000),
            carried: Bytes(4 << 30),
        }
    }
}

/// A broker for one run.
#[derive(Clone)]
pub struct Broker {
    rules: Arc<dyn Rules>,
    names: Names,
    believed: tls::Believed,
    limits: BrokerLimits,
    /// Bytes that this run has carried.
    carried: Arc<AtomicU64>,
}

impl fmt::Debug for Broker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Broker").field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl Broker {
    /// A broker with the usual limits.
    pub fn new(rules: Arc<dyn Rules>) -> Self {
        let (names, limits) = (Names::default(), BrokerLimits::default());
        let believed = tls::Believed::default();
        Self { rules, names, believed, limits, carried: Arc::default() }
    }

    /// With other names.
    #[must_use]
    pub fn with_names(self, names: Names) -> Self {
        Self { names, ..self }
    }

    /// With other certificates.
    #[must_use]
    pub fn with_trust(self, trust: Trust) -> Self {
        Self { believed: tls::Believed::new(trust), ..self }
    }

    /// With other limits.
    #[must_use]
    pub fn with_limits(self, limits: BrokerLimits) -> Self {
        Self { limits, ..self }
    }
}
