//! The door, before rooms with nothing in them but a counter, and people who are made up.

mod asking;
mod known;
mod limits;
mod listening;
mod strangers;
mod tags;

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::response::sse::{Event, Sse};
use axum::routing::{any, get, post};
use futures_util::stream;
use tenfold_domain::{Access, AccountId, PersonId, TokenId};
use tenfold_people::{Signed, hash};
use tenfold_server::door::{Caller, Door, Holder, Peer, Rooms, Terms, Turned, Way, Who};

pub(crate) use asking::{Answer, Ask};

pub(crate) const PORT: u16 = 7_100;
const TEAM: AccountId = AccountId(2);

/// Who is signed in, by the hashes of what they show.
#[derive(Default)]
pub(crate) struct Known {
    sessions: Mutex<HashMap<String, Signed>>,
    tokens: Mutex<HashMap<String, Holder>>,
}

impl Who for Known {
    fn session(&self, hash: &str) -> Option<Signed> {
        self.sessions.lock().unwrap().get(hash).cloned()
    }

    fn token(&self, hash: &str) -> Option<Holder> {
        self.tokens.lock().unwrap().get(hash).cloned()
    }
}

/// A door, what is behind it, and how often something was changed there.
pub(crate) struct House {
    pub(crate) door: Door,
    pub(crate) who: Arc<Known>,
    pub(crate) router: Router,
    pub(crate) changes: Arc<AtomicUsize>,
}

impl House {
    pub(crate) fn new() -> Self {
        Self::on(Terms::at(PORT))
    }

    pub(crate) fn on(terms: Terms) -> Self {
        let who = Arc::new(Known::default());
        let door = Door::new(terms, Arc::clone(&who) as Arc<dyn Who>);
        let changes = Arc::new(AtomicUsize::new(0));
        let router = door.router(rooms(&door, &changes));
        let house = Self { door, who, router, changes };
        house.sign_in("ada", 2, Access::Operator, AccountId::DEFAULT);
        for (secret, token, spends) in [("token", 4, true), ("looks", 5, false)] {
            let label = "ci".to_owned();
            let holder = Holder { token: TokenId(token), label, account: TEAM, spends };
            house.who.tokens.lock().unwrap().insert(hash(secret), holder);
        }
        house
    }

    /// By a session whose secret is their name.
    pub(crate) fn sign_in(&self, name: &str, person: u32, access: Access, account: AccountId) {
        let signed = Signed { person: PersonId(person), name: name.to_owned(), access, account };
        self.who.sessions.lock().unwrap().insert(hash(name), signed);
    }

    pub(crate) fn sign_out(&self, name: &str) {
        self.who.sessions.lock().unwrap().remove(&hash(name));
    }

    pub(crate) fn changed(&self) -> usize {
        self.changes.load(Ordering::Relaxed)
    }

    pub(crate) async fn ask(&self, ask: Ask) -> Answer {
        ask.of(&self.router).await
    }
}

fn rooms(door: &Door, changes: &Arc<AtomicUsize>) -> Rooms {
    let change = {
        let changes = Arc::clone(changes);
        move || {
            let changes = Arc::clone(&changes);
            async move { format!("change {}", changes.fetch_add(1, Ordering::Relaxed) + 1) }
        }
    };
    let trying = door.clone();
    let sign_in = move |peer: Peer, name: String| {
        let door = trying.clone();
        async move { door.sign_in(peer, Way::Password(name)).await.map(|_| StatusCode::FORBIDDEN) }
    };
    let closed = Router::new()
        .route("/api/v1/tasks", get(async |caller: Caller| caller.name).post(change.clone()))
        .route("/api/v1/session", get(async |_: Caller| "you").delete(change.clone()))
        .route("/api/v1/any", any(change))
        .route("/api/v1/events", get(async || ticks()))
        .route("/api/v1/slow", get(slow))
        .route("/api/v1/admin", get(async |who: Caller| who.needs(Access::Admin).map(|()| "in")))
        .route("/api/v1/work", get(async |who: Caller| who.needs(Access::Operator).map(|()| "in")))
        .route("/metrics", get(metrics));
    let open = Router::new().route("/api/v1/session", post(sign_in));
    let page = Router::new()
        .route("/", get(async || "the page"))
        .route("/app.js", get(async || ([("cache-control", "max-age=60")], "1")));
    Rooms { open, closed, page }
}

async fn metrics(caller: Caller) -> Result<&'static str, Turned> {
    caller.needs_everything(Access::Viewer)?;
    Ok("tasks 1\n")
}

async fn slow() -> &'static str {
    tokio::time::sleep(Duration::from_millis(300)).await;
    "slowly"
}

/// A tick a second, without an end.
fn ticks() -> impl IntoResponse {
    Sse::new(stream::unfold((), async |()| {
        tokio::time::sleep(Duration::from_secs(1)).await;
        Some((Ok::<_, Infallible>(Event::default().data("tick")), ()))
    }))
}
