//! The cookie by which a browser keeps a session: sent to this server alone, on requests of its
//! own pages, and seen by no script. Browsers send cookies to all ports of a host, so the port is
//! in its name and two servers do not take it from each other.

use axum::http::{HeaderMap, HeaderValue, header};

use super::{Secret, Terms};

/// As long as a session holds.
const MAX_AGE_S: u64 = tenfold_people::SESSION.0 / 1_000;

/// Browsers take a `__Host-` cookie only by TLS, for the whole of one host, and from nobody else.
fn name(terms: &Terms) -> String {
    let prefix = if terms.is_tls { "__Host-" } else { "" };
    format!("{prefix}tenfold-{}", terms.port)
}

pub(crate) fn kept(terms: &Terms, secret: &Secret) -> HeaderValue {
    written(terms, secret.text(), MAX_AGE_S)
}

pub(crate) fn forgotten(terms: &Terms) -> HeaderValue {
    written(terms, "", 0)
}

fn written(terms: &Terms, value: &str, max_age_s: u64) -> HeaderValue {
    let name = name(terms);
    let secure = if terms.is_tls { "; Secure" } else { "" };
    let text =
        format!("{name}={value}; Path=/; Max-Age={max_age_s}; HttpOnly; SameSite=Strict{secure}");
    // Digits, letters and punctuation alone.
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""))
}

/// The secret that a browser has kept. Of two with the same name neither is believed: one of
/// them was put there by somebody else.
pub(crate) fn read(terms: &Terms, headers: &HeaderMap) -> Option<String> {
    let name = name(terms);
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut ours = all.flat_map(|value| value.split(';')).filter_map(|pair| {
        let (key, value) = pair.trim().split_once('=')?;
        (key == name).then(|| value.to_owned())
    });
    let secret = ours.next().filter(|secret| !secret.is_empty())?;
    ours.next().is_none().then_some(secret)
}
