//! Access tokens, by which programs spend from accounts, and what each is good for. Apart from
//! accounts because a token is somebody's right and no money: it has a label, a time and scopes.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{AccountId, Timestamp, TokenId};

/// What an access token may be good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// Asking models, and handing out work: spending.
    Ask,
    /// Seeing what there is: models, what is left, and what became of work.
    Look,
    /// Reading the gateway's numbers, which are of all accounts.
    Metrics,
}

impl Scope {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Ask, Self::Look, Self::Metrics];

    /// As it is written on the command line and in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ask => "ask",
            Self::Look => "look",
            Self::Metrics => "metrics",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Scope {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|scope| scope.name() == text).ok_or_else(|| {
            let known = Self::ALL.map(Self::name).join(", ");
            format!("a token can't be for '{text}': there are {known}")
        })
    }
}

/// A program's right to spend from an account. Of the secret there is only a hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct AccessToken {
    /// Its number.
    pub token: TokenId,
    /// Whose money it is.
    pub account: AccountId,
    /// What people call it.
    pub label: String,
    /// SHA-256 of the secret, in hexadecimal.
    pub hash: String,
    /// When it stops being valid, if ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub expires: Option<Timestamp>,
    /// The models that may be asked with it, as an account's are named; `None` for all that the
    /// account may ask.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub models: Option<Vec<String>>,
    /// What it is good for; `None` for asking and looking, and, of the topmost account, metrics:
    /// as all were before that could be said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub scopes: Option<Vec<Scope>>,
    /// Who wanted so.
    pub by: String,
}

impl AccessToken {
    /// What it is good for.
    #[must_use]
    pub fn scopes(&self) -> Vec<Scope> {
        let is_topmost = self.account == AccountId::DEFAULT;
        let usual = || match is_topmost {
            true => Scope::ALL.to_vec(),
            false => vec![Scope::Ask, Scope::Look],
        };
        self.scopes.clone().unwrap_or_else(usual)
    }
}

/// Why an access token is no good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// There is none with this secret.
    #[error("there is no such access token: `tenfold account token` makes one")]
    Unknown,
    /// It was revoked.
    #[error("this access token was revoked")]
    Revoked,
    /// Its time is over.
    #[error("this access token expired at {0}")]
    Expired(Timestamp),
}
