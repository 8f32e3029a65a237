//! The cookies by which a browser keeps a session, and what it needs to come back from a provider:
//! sent to this server alone, on requests of its own pages, and seen by no script. Browsers send
//! cookies to all ports of a host, so the port is in its name and two servers do not take it from
//! each other.

use axum::http::{HeaderMap, HeaderValue, header};

use super::{Secret, Terms};

/// What a browser keeps a secret for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum For {
    /// A session, as long as that holds.
    Session,
    /// Coming back from a provider, where it is for some minutes.
    Provider,
}

impl For {
    const fn max_age_s(self) -> u64 {
        match self {
            Self::Session => tenfold_people::SESSION.0 / 1_000,
            Self::Provider => 600,
        }
    }

    /// Browsers take a `__Host-` cookie only by TLS, for the whole of one host, and from nobody
    /// else.
    fn name(self, terms: &Terms) -> String {
        let prefix = if terms.is_reached_by_tls { "__Host-" } else { "" };
        let what = match self {
            Self::Session => "",
            Self::Provider => "-provider",
        };
        format!("{prefix}tenfold-{}{what}", terms.port)
    }
}

pub(crate) fn kept(terms: &Terms, what: For, secret: &Secret) -> HeaderValue {
    written(terms, what, secret.text(), what.max_age_s())
}

pub(crate) fn forgotten(terms: &Terms) -> HeaderValue {
    written(terms, For::Session, "", 0)
}

fn written(terms: &Terms, what: For, value: &str, max_age_s: u64) -> HeaderValue {
    let name = what.name(terms);
    let secure = if terms.is_reached_by_tls { "; Secure" } else { "" };
    let text =
        format!("{name}={value}; Path=/; Max-Age={max_age_s}; HttpOnly; SameSite=Strict{secure}");
    // Digits, letters and punctuation alone.
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""))
}

/// The secret that a browser has kept. Of two with the same name neither is believed: one of
/// them was put there by somebody else.
pub(crate) fn read(terms: &Terms, what: For, headers: &HeaderMap) -> Option<String> {
    let name = what.name(terms);
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut ours = all.flat_map(|value| value.split(';')).filter_map(|pair| {
        let (key, value) = pair.trim().split_once('=')?;
        (key == name).then(|| value.to_owned())
    });
    let secret = ours.next().filter(|secret| !secret.is_empty())?;
    ours.next().is_none().then_some(secret)
}
