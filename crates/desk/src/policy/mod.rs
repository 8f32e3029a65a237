//! The policy: what it says of one thing here, and the person's own file in [`own`].

mod own;

use serde::{Deserialize, Serialize};
use tenfold_domain::{NanoUsd, Verdict};
use tenfold_policy::{Access, Decision, Matched, Policy, Request, Touch, Unattended};
use utoipa::ToSchema;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};

use crate::DeskError;

pub use own::{NewPolicy, OwnPolicy, TestedPolicy, TriedPolicy, own, save, tried};

/// One thing, and for whom.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct PolicyAsked {
    /// What.
    pub request: Thing,
    /// As it is for a coworker of this role.
    #[serde(default)]
    pub role: Option<String>,
}

/// What a coworker might do.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Thing {
    /// Run a line of shell.
    Command {
        /// The line.
        line: String,
    },
    /// Touch a path, from the top of the workspace.
    Path {
        /// The path.
        path: String,
        /// How.
        access: Touching,
    },
    /// Speak to a host.
    Host {
        /// Its name.
        name: String,
        /// At this port.
        #[serde(default)]
        port: Option<u16>,
        /// By this method of HTTP.
        #[serde(default)]
        method: Option<String>,
    },
    /// Call a tool.
    Tool {
        /// Its name.
        name: String,
    },
    /// Spend so much.
    Cost {
        /// In nano-dollars.
        amount: NanoUsd,
    },
}

/// How a path is touched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Touching {
    /// It is read.
    Read,
    /// It is changed.
    Write,
    /// It is made.
    Create,
}

/// What the policy says.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = PolicyDecision)]
pub struct Decided {
    /// The answer.
    pub verdict: Verdict,
    /// The name of the rule that decided; none if a default did.
    pub rule: Option<String>,
    /// What was decided on.
    pub on: String,
    /// Why, for people.
    pub why: String,
    /// Every rule that matched, each once.
    pub matched: Vec<MatchedRule>,
    /// What becomes of a question where nobody can be asked.
    #[schema(schema_with = unattended)]
    pub unattended: Unattended,
}

/// A rule that matched.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MatchedRule {
    /// The rule's name.
    pub rule: String,
    /// What it says.
    pub verdict: Verdict,
    /// What it matched first.
    pub on: String,
}

fn unattended() -> RefOr<Schema> {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(["deny", "park"])).into()
}

impl Decided {
    fn new(decision: Decision, unattended: Unattended) -> Self {
        let Decision { verdict, rule, on, why, matched } = decision;
        let matched = matched.into_iter().map(|Matched { rule, verdict, on }| MatchedRule {
            rule,
            verdict,
            on,
        });
        Self { verdict, rule, on, why, matched: matched.collect(), unattended }
    }
}

/// Asks a policy.
///
/// # Errors
/// If a host is none.
pub fn decide(policy: Policy, asked: PolicyAsked) -> Result<Decided, DeskError> {
    let policy = match &asked.role {
        Some(role) => policy.for_role(role),
        None => policy,
    };
    let request = asked.request.request()?;
    let decision = match &request {
        Request::Host { name, port: Some(port), method } => {
            let (decided, _) = policy.decide_host(name, *port, method.as_deref());
            policy.decide(&request).and(decided)
        }
        request => policy.decide(request),
    };
    Ok(Decided::new(decision, policy.unattended()))
}

impl Thing {
    fn request(self) -> Result<Request, DeskError> {
        Ok(match self {
            Self::Command { line } => Request::Command { line },
            Self::Path { path, access } => {
                let access = match access {
                    Touching::Read => Access::Read,
                    Touching::Write => Access::Write,
                    Touching::Create => Access::Create,
                };
                Request::Path(Touch { path, access })
            }
            Self::Host { name, port, method } => {
                let host = port.map_or_else(|| name.clone(), |port| format!("{name}:{port}"));
                Request::host(&host, method).map_err(|error| DeskError::usage(error.to_string()))?
            }
            Self::Tool { name } => Request::Tool { name, paths: Vec::new() },
            Self::Cost { amount } => Request::Cost { amount },
        })
    }
}
