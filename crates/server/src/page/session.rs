//! Signing in and out, and who one is.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};
use tenfold_domain::{Access, AccessToken, AccountId, BoardView, Scope};
use tenfold_engine::{Engine, EngineError};
use tenfold_people::Signed;
use utoipa::ToSchema;

use super::calls::{Calls, Needs};
use super::house::House;
use super::oidc::{Oidc, ProviderToSee};
use super::passkeys::Ceremonies;
use crate::door::{Caller, Door, Holder, Peer, Secret, Tls, Way, Who};
use crate::problem::Refusal;

/// An answer by which a browser keeps a session, or forgets it.
pub(super) type WithCookie<T> = ([(HeaderName, HeaderValue); 1], Json<T>);

/// Whoever signs in reaches these without being signed in.
#[derive(Clone)]
pub(super) struct Desk {
    pub(super) house: Arc<House>,
    pub(super) door: Door,
}

/// Who is signed in, and what of.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct Session {
    person: Me,
    /// The release of Tenfold.
    version: &'static str,
    /// How many tasks are at work.
    at_work: usize,
    /// The tier of the sandbox.
    tier: String,
    /// What does not work as it should, in words for people.
    degraded: Vec<String>,
    /// The views of the board that they keep.
    views: Vec<BoardView>,
}

/// Who is signed in.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct Me {
    id: u32,
    name: String,
    access: Access,
    account: u32,
    account_path: String,
    /// Whether they see all accounts, and so what concerns all of them.
    sees_all: bool,
}

#[derive(Deserialize, ToSchema)]
pub(super) struct ByPassword {
    name: String,
    password: String,
}

#[derive(Deserialize, ToSchema)]
pub(super) struct ByLink {
    secret: String,
}

/// How people can sign in, beside by a password and by a link.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Ways {
    /// The origin whose pages can use passkeys; none if there is no such.
    passkeys_at: Option<String>,
    /// The provider at which one can sign in, if there is one.
    provider: Option<ProviderToSee>,
}

/// What knows people by other things than a password or a link.
pub(super) struct SignIn {
    pub(super) passkeys: Ceremonies,
    pub(super) oidc: Oidc,
}

/// Knows who is signed in from what the engine keeps in memory.
pub(super) struct Known(pub(super) Arc<Engine>);

impl Who for Known {
    fn session(&self, hash: &str) -> Option<Signed> {
        self.0.session(hash)
    }

    fn token(&self, hash: &str) -> Option<Holder> {
        let token = self.0.books().admit_by(hash, self.0.now()).ok()?.token;
        let scopes = token.scopes();
        let spends = scopes.contains(&Scope::Ask);
        let is_any = spends || scopes.contains(&Scope::Look);
        let AccessToken { token, label, account, .. } = token;
        is_any.then_some(Holder { token, label, account, spends })
    }
}

/// The calls of who is signed in.
pub(super) fn calls(calls: Calls<Arc<House>>) -> Calls<Arc<House>> {
    let by = Needs::Only(Access::Viewer);
    calls.get("/api/v1/session", by.call("session", "Who one is, and how the house is."), look)
}

/// The call of who wants to be signed in no more.
pub(super) fn leaving() -> Calls<Desk> {
    let by = Needs::Only(Access::Viewer);
    Calls::new().delete("/api/v1/session", by.call("sign_out", "Ends one's session."), sign_out)
}

/// The calls of who is not yet.
pub(super) fn signing() -> Calls<Desk> {
    let by = Needs::Nothing;
    let link = by.call("sign_in_by_link", "Signs in by a link, which is used up by that.");
    Calls::new()
        .get("/api/v1/session/ways", by.call("ways", "How one can sign in."), ways)
        .post("/api/v1/session", by.call("sign_in", "Signs in by a password."), by_password)
        .post("/api/v1/session/link", link, by_link)
}

/// `GET /session`
async fn look(State(house): State<Arc<House>>, caller: Caller) -> Result<Json<Session>, Refusal> {
    Ok(Json(told(&house, &caller).await?))
}

async fn told(house: &Arc<House>, caller: &Caller) -> Result<Session, Refusal> {
    let engine = &house.engine;
    let account = caller.account;
    let shown = engine.books().look(move |sheet| sheet.ledger().shown(account)).await;
    let weak = engine.sandbox().report().iter().filter(|line| !line.ok);
    let weak = weak.map(|line| format!("{}: {}", line.what, line.detail));
    let tls = house.tls.as_ref().and_then(Tls::trouble);
    let tls = tls.map(|why| format!("the new certificate is not used: {why}"));
    Ok(Session {
        person: Me {
            id: caller.person().0,
            name: caller.name.clone(),
            access: caller.access,
            account: account.0,
            sees_all: account == AccountId::DEFAULT,
            account_path: shown.map_err(Refusal::internal)?,
        },
        version: env!("CARGO_PKG_VERSION"),
        at_work: engine.at_work().len(),
        tier: engine.sandbox().tier().to_string(),
        degraded: weak.chain(tls).collect(),
        views: engine.people().await?.views(caller.person()).to_vec(),
    })
}

/// `GET /session/ways`
async fn ways(State(desk): State<Desk>) -> Result<Json<Ways>, Refusal> {
    let SignIn { passkeys, oidc } = &desk.house.sign_in;
    let passkeys_at = passkeys.origin().ok().map(str::to_owned);
    Ok(Json(Ways { passkeys_at, provider: oidc.to_see() }))
}

/// `POST /session`
async fn by_password(
    State(desk): State<Desk>,
    peer: Peer,
    said: Result<Json<ByPassword>, JsonRejection>,
) -> Result<WithCookie<Session>, Refusal> {
    let Json(ByPassword { name, password }) = said?;
    let tried = desk.door.sign_in(peer, Way::Password(name.clone())).await?;
    let engine = Arc::clone(&desk.house.engine);
    // It counts until the password was looked at, though whoever asked has gone.
    let signing = tokio::spawn(async move {
        let secret = engine.sign_in(name, password).await?;
        tried.succeeded();
        Ok::<_, EngineError>(secret)
    });
    let secret = signing.await.map_err(Refusal::internal)??;
    signed_in(&desk, Secret::from(secret)).await
}

/// `POST /session/link`
async fn by_link(
    State(desk): State<Desk>,
    peer: Peer,
    said: Result<Json<ByLink>, JsonRejection>,
) -> Result<WithCookie<Session>, Refusal> {
    let Json(ByLink { secret }) = said?;
    let tried = desk.door.sign_in(peer, Way::Link).await?;
    let secret = desk.house.engine.sign_in_by_link(&secret).await?;
    tried.succeeded();
    signed_in(&desk, Secret::from(secret)).await
}

pub(super) async fn signed_in(desk: &Desk, secret: Secret) -> Result<WithCookie<Session>, Refusal> {
    let caller = Caller::of_session(&*desk.house.who, secret.text());
    let caller = caller.ok_or_else(|| Refusal::internal("the session is gone already"))?;
    let told = told(&desk.house, &caller).await?;
    Ok(([(SET_COOKIE, desk.door.cookie(&secret))], Json(told)))
}

/// `DELETE /session`
async fn sign_out(State(desk): State<Desk>, caller: Caller) -> Result<WithCookie<()>, Refusal> {
    if let Some(hash) = caller.session() {
        desk.house.engine.sign_out(hash).await?;
    }
    Ok(([(SET_COOKIE, desk.door.no_cookie())], Json(())))
}
