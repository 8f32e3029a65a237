//! Passkeys: a person adds, names, lists and removes theirs, and signs in by one. What a browser
//! and its authenticator have to say to each other for that is in [`ceremony`].

mod ceremony;

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::Uri;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tenfold_domain::{Access, DeedEvent, Passkey, PersonId};
use tenfold_engine::EngineError;
use tenfold_people::Refusal as NotLetIn;
use utoipa::ToSchema;

use super::calls::{Calls, Needs};
use super::house::{House, deed};
use super::session::{Desk, Session, WithCookie, signed_in};
use crate::door::{By, Caller, Peer, Secret, Turned, Way};
use crate::problem::Refusal;
use ceremony::Adder;
pub(super) use ceremony::Ceremonies;

type Said<T> = Result<Json<T>, JsonRejection>;

/// One's own passkeys.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Passkeys {
    /// The origin whose pages can use them; none if there is no such.
    at: Option<String>,
    /// Why there is none.
    why_not: Option<String>,
    passkeys: Vec<PasskeyCard>,
}

/// A passkey, as it is listed.
#[derive(Debug, Serialize, ToSchema)]
struct PasskeyCard {
    id: String,
    name: String,
    added_at_ms: u64,
    /// Whether there is a copy of it, so that it lets nobody in any more.
    is_copied: bool,
    /// Whether several devices may share it.
    is_synced: bool,
}

/// What a browser hands to its authenticator.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PasskeyAsked {
    /// As `navigator.credentials` takes it, in the form of WebAuthn's JSON.
    #[schema(value_type = Object)]
    options: Value,
}

/// What an authenticator has made.
#[derive(Deserialize, ToSchema)]
pub(super) struct PasskeyMade {
    /// What the passkey is to be called.
    name: String,
    /// The credential, in the form of WebAuthn's JSON.
    #[schema(value_type = Object)]
    credential: Value,
}

/// What an authenticator has answered.
#[derive(Deserialize, ToSchema)]
pub(super) struct PasskeyShown {
    /// The credential, in the form of WebAuthn's JSON.
    #[schema(value_type = Object)]
    credential: Value,
}

/// A call of who has nothing to say but that they want to begin.
#[derive(Deserialize, ToSchema)]
pub(super) struct Nothing {}

/// The calls of who is signed in.
pub(super) fn calls(calls: Calls<Arc<House>>) -> Calls<Arc<House>> {
    let by = Needs::Only(Access::Viewer);
    calls
        .get("/api/v1/passkeys", by.call("passkeys", "One's own passkeys."), list)
        .post("/api/v1/passkeys", by.call("add_passkey", "Adds the passkey that was made."), add)
        .post(
            "/api/v1/passkeys/begin",
            by.call("begin_passkey", "What to make a passkey by, within two minutes."),
            begin_adding,
        )
}

/// The calls of who is not yet.
pub(super) fn signing(calls: Calls<Desk>) -> Calls<Desk> {
    let by = Needs::Nothing;
    calls
        .post(
            "/api/v1/session/passkey/begin",
            by.call("begin_sign_in_by_passkey", "What to show a passkey for, within two minutes."),
            begin_signing_in,
        )
        .post(
            "/api/v1/session/passkey",
            by.call("sign_in_by_passkey", "Signs in by a passkey."),
            sign_in,
        )
}

/// Who can have passkeys: a person.
fn person(caller: &Caller) -> Result<PersonId, Refusal> {
    match caller.by {
        By::Person(person) => Ok(person),
        By::Token(_) => Err(Turned::forbidden("a program has no passkeys").into()),
    }
}

/// `GET /passkeys`
async fn list(State(house): State<Arc<House>>, caller: Caller) -> Result<Json<Passkeys>, Refusal> {
    let person = person(&caller)?;
    let people = house.engine.people().await?;
    let cards = people.passkeys(person).iter().map(|passkey| {
        let Passkey { id, name, added_at, is_synced, is_copied, .. } = passkey.clone();
        PasskeyCard { id, name, added_at_ms: added_at.0, is_synced, is_copied }
    });
    let at = house.sign_in.passkeys.origin();
    Ok(Json(Passkeys {
        at: at.ok().map(str::to_owned),
        why_not: at.err().map(str::to_owned),
        passkeys: cards.collect(),
    }))
}

/// `POST /passkeys/begin`
async fn begin_adding(
    State(house): State<Arc<House>>,
    caller: Caller,
    said: Said<Nothing>,
) -> Result<Json<PasskeyAsked>, Refusal> {
    let Json(Nothing {}) = said?;
    let person = person(&caller)?;
    let people = house.engine.people().await?;
    let adder = Adder { name: &caller.name, passkeys: people.passkeys(person) };
    Ok(Json(PasskeyAsked { options: house.sign_in.passkeys.begin_adding(&adder)? }))
}

/// `POST /passkeys`
async fn add(
    State(house): State<Arc<House>>,
    caller: Caller,
    uri: Uri,
    said: Said<PasskeyMade>,
) -> Result<Json<()>, Refusal> {
    let Json(PasskeyMade { name, credential }) = said?;
    person(&caller)?;
    let deed = deed(&caller, &format!("POST {}", uri.path()), None);
    let made = house.sign_in.passkeys.finish_adding(&credential, name, house.engine.now());
    match made {
        Ok(passkey) => Ok(Json(house.engine.add_passkey(passkey, deed).await?)),
        Err(why) => {
            house.engine.record_deeds(vec![DeedEvent::Refused(deed)]).await?;
            Err(why.into())
        }
    }
}

/// `POST /session/passkey/begin`
async fn begin_signing_in(
    State(desk): State<Desk>,
    peer: Peer,
    said: Said<Nothing>,
) -> Result<Json<PasskeyAsked>, Refusal> {
    let Json(Nothing {}) = said?;
    desk.door.begin(peer)?;
    Ok(Json(PasskeyAsked { options: desk.house.sign_in.passkeys.begin_signing_in()? }))
}

/// `POST /session/passkey`
async fn sign_in(
    State(desk): State<Desk>,
    peer: Peer,
    uri: Uri,
    said: Said<PasskeyShown>,
) -> Result<WithCookie<Session>, Refusal> {
    let Json(PasskeyShown { credential }) = said?;
    let tried = desk.door.sign_in(peer, Way::Passkey).await?;
    let engine = &desk.house.engine;
    let people = engine.people().await?;
    let find = |id: &str| people.passkey(id).map(|(_, passkey)| passkey.clone());
    let used = desk.house.sign_in.passkeys.finish_signing_in(&credential, find)?;
    let used = used.ok_or(EngineError::People(NotLetIn::UnknownPasskey))?;
    let secret = engine.sign_in_by_passkey(used, format!("POST {} (copied)", uri.path())).await?;
    tried.succeeded();
    signed_in(&desk, Secret::from(secret)).await
}
