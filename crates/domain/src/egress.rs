//! What a command of an attempt said to other machines, and what it was kept from saying.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Bytes;

/// Whom a command wanted to speak to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Peer {
    /// A name or an address, in small letters, without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The HTTP method; none for a connection that nobody can look into.
    pub method: Option<String>,
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port, method } = self;
        let method = method.as_deref().unwrap_or("CONNECT");
        match host.contains(':') {
            true => write!(f, "{method} [{host}]:{port}"),
            false => write!(f, "{method} {host}:{port}"),
        }
    }
}

/// What the broker decided for a command, and what it carried. Of one command the first request
/// to each peer is recorded, and their sums when it has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum EgressEvent {
    /// It is let out. Durable before anything is sent.
    Allowed {
        /// To whom.
        #[serde(flatten)]
        to: Peer,
        /// The rule of the policy that says so; none if a default does.
        rule: Option<String>,
    },
    /// It is not.
    Refused {
        /// To whom.
        #[serde(flatten)]
        to: Peer,
        /// Why, for people.
        why: String,
    },
    /// The command has ended.
    Carried {
        /// Between it and whom.
        #[serde(flatten)]
        to: Peer,
        /// How many requests, or connections that nobody could look into.
        times: u64,
        /// What went out, as it went over the wire.
        sent: Bytes,
        /// What came back.
        received: Bytes,
    },
    /// The command has ended; it wanted more peers than are recorded one by one.
    Overrun {
        /// How many requests to others were refused.
        refused: u64,
    },
}
