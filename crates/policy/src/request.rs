//! What a policy can be asked about, and the single things that it decides one by one.

use std::fmt;

use serde::{Deserialize, Serialize};
use tenfold_domain::NanoUsd;

use crate::PolicyError;
use crate::command::{Part, split};
use crate::host::{HostPattern, Peer};
use crate::path::Place;

/// What is done to a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Access {
    /// It is read.
    Read,
    /// It is there, and is changed or removed.
    Write,
    /// It is not there yet, and is made.
    Create,
}

/// A path, from the top of the workspace, and what is done to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Touch {
    /// The path; an absolute one is outside of the workspace.
    pub path: String,
    /// What is done.
    pub access: Access,
}

/// What a coworker is about to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Request {
    /// Call a tool, which touches these paths.
    Tool {
        /// Its name.
        name: String,
        /// What it touches.
        paths: Vec<Touch>,
    },
    /// Touch a path, by whatever means.
    Path(Touch),
    /// Run a line of shell.
    Command {
        /// The line, or several.
        line: String,
    },
    /// Speak to a host.
    Host {
        /// Its name or address, without a port.
        name: String,
        /// The port, if it is known.
        port: Option<u16>,
        /// The HTTP method, if it can be seen.
        method: Option<String>,
    },
    /// Spend money on one call.
    Cost {
        /// The most that it can cost.
        amount: NanoUsd,
    },
}

impl Request {
    /// Speak to `HOST` or `HOST:PORT`, where an IPv6 address stands in brackets if a port
    /// follows.
    ///
    /// # Errors
    /// [`PolicyError::Host`] if it does not read so.
    pub fn host(text: &str, method: Option<String>) -> Result<Self, PolicyError> {
        let bad = |why| PolicyError::Host { host: text.to_owned(), why };
        let (name, port) = HostPattern::parted(text).map_err(bad)?;
        Ok(Self::Host { name: name.to_owned(), port, method })
    }
}

/// For people, in one line unless the command has several.
impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tool { name, .. } => write!(f, "tool {name}"),
            Self::Path(Touch { path, access }) => {
                write!(f, "{} {path}", Subject::of(*access))
            }
            Self::Command { line } => write!(f, "command {line}"),
            Self::Host { name, port, method } => {
                let method = method.as_deref().map(|method| format!("{method} "));
                let port = port.map(|port| format!(":{port}"));
                let (method, port) = (method.unwrap_or_default(), port.unwrap_or_default());
                write!(f, "host {method}{name}{port}")
            }
            Self::Cost { amount } => write!(f, "cost {amount}"),
        }
    }
}

/// What a rule or a default can be about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    Tool,
    Command,
    Read,
    Write,
    Create,
    Host,
    Cost,
}

impl Subject {
    fn of(access: Access) -> Self {
        match access {
            Access::Read => Self::Read,
            Access::Write => Self::Write,
            Access::Create => Self::Create,
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tool => "tool",
            Self::Command => "command",
            Self::Read => "read",
            Self::Write => "write",
            Self::Create => "create",
            Self::Host => "host",
            Self::Cost => "cost",
        })
    }
}

/// One thing that rules match. A request is as many of them as it takes, and the strictest
/// decides.
#[derive(Debug)]
pub(crate) enum Thing {
    Tool(String),
    Path(Access, Place),
    Command(Part),
    NoCommand,
    Host(Peer),
    Cost(NanoUsd),
}

impl Thing {
    /// All things that a request is about; at least one.
    pub(crate) fn all_of(request: &Request) -> Vec<Self> {
        let path = |touch: &Touch| Self::Path(touch.access, Place::new(&touch.path));
        match request {
            Request::Tool { name, paths } => {
                [Self::Tool(name.clone())].into_iter().chain(paths.iter().map(path)).collect()
            }
            Request::Path(touch) => vec![path(touch)],
            Request::Command { line } => match split(line) {
                parts if parts.is_empty() => vec![Self::NoCommand],
                parts => parts.into_iter().map(Self::Command).collect(),
            },
            Request::Host { name, port, method } => {
                vec![Self::Host(Peer::new(name, *port, method.as_deref()))]
            }
            Request::Cost { amount } => vec![Self::Cost(*amount)],
        }
    }

    pub(crate) fn subject(&self) -> Subject {
        match self {
            Self::Tool(_) => Subject::Tool,
            Self::Path(access, _) => Subject::of(*access),
            Self::Command(_) | Self::NoCommand => Subject::Command,
            Self::Host(_) => Subject::Host,
            Self::Cost(_) => Subject::Cost,
        }
    }
}

impl fmt::Display for Thing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tool(name) => f.write_str(name),
            Self::Path(_, place) => write!(f, "{place}"),
            Self::Command(part) => write!(f, "{part}"),
            Self::NoCommand => Ok(()),
            Self::Host(peer) => write!(f, "{peer}"),
            Self::Cost(amount) => write!(f, "{amount}"),
        }
    }
}
