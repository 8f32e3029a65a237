//! Who comes in by the network, and what is turned away before anybody hears it.
//!
//! Every request passes the same rooms: its `Host` has to be one of ours, then its `Origin` and
//! what the browser says of where it comes from; what changes something is JSON; nobody asks too
//! often; and whoever wants more than to sign in has to be signed in, on loopback too. It is apart
//! because none of it knows of tasks, people or money: who is who, a [`Who`] says.

mod again;
mod caller;
mod connections;
mod cookie;
mod fetch;
mod headers;
mod hosts;
mod patient;
mod proxies;
mod rates;
mod rooms;
mod secret;
mod serve;
mod streams;
mod tag;
mod terms;
mod tls;
mod tries;
mod turned;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::http::{HeaderMap, HeaderValue};
use tokio::sync::watch;

pub use caller::{By, Caller, Holder, Who};
pub use proxies::Sender;
pub use rates::{Peer, Rate};
pub use rooms::Rooms;
pub use secret::Secret;
pub use terms::{NotSafe, Terms, may_listen};
pub use tls::{Tls, TlsError};
pub use tries::{Try, Way};
pub use turned::Turned;

use again::Kept;
use cookie::For;
use hosts::Hosts;
use rates::Rates;
use streams::Streams;
use tries::Tries;

/// The door, with all that it remembers of who came. Cloning it gives the same door.
#[derive(Clone)]
pub struct Door {
    house: Arc<House>,
}

struct House {
    terms: Terms,
    hosts: Hosts,
    who: Arc<dyn Who>,
    addresses: Rates<Peer>,
    callers: Rates<By>,
    begins: Rates<Peer>,
    tries: Tries,
    streams: Streams,
    kept: Kept,
    ready: AtomicBool,
    stops: watch::Sender<bool>,
}

impl House {
    /// Ready once the server stops.
    async fn stopped(&self) {
        let mut stops = self.stops.subscribe();
        // The one who says so is the house itself.
        let _ = stops.wait_for(|stops| *stops).await;
    }
}

impl Door {
    /// A door on these terms; `who` knows who is signed in.
    pub fn new(terms: Terms, who: Arc<dyn Who>) -> Self {
        let house = House {
            hosts: Hosts::new(&terms),
            who,
            addresses: Rates::new(terms.address_rate),
            callers: Rates::new(terms.caller_rate),
            begins: Rates::new(terms.begin_rate),
            tries: Tries::default(),
            streams: Streams::new(terms.streams_each),
            kept: Kept::new(&terms),
            ready: AtomicBool::new(false),
            stops: watch::Sender::new(false),
            terms,
        };
        Self { house: Arc::new(house) }
    }

    /// Whether whoever asks at `/readyz` is told that there is somebody at home.
    pub fn set_ready(&self, is_ready: bool) {
        self.house.ready.store(is_ready, Ordering::Relaxed);
    }

    /// Somebody wants to sign in this way: lets them try, when it is their turn. To be asked
    /// before a password is looked at, which has to be over when the [`Try`] is dropped.
    ///
    /// # Errors
    /// [`Turned`] with 429 if they have tried too often.
    pub async fn sign_in(&self, peer: Peer, way: Way) -> Result<Try, Turned> {
        self.house.tries.begin(peer, way).await
    }

    /// Somebody begins to sign in, and something is kept open for them.
    ///
    /// # Errors
    /// [`Turned`] with 429 if they have begun too often.
    pub fn begin(&self, peer: Peer) -> Result<(), Turned> {
        let often = |wait| Turned::too_often("signing in was begun too often", wait);
        self.house.begins.take(peer).map_err(often)
    }

    /// The header `set-cookie` by which a browser keeps a session.
    #[must_use]
    pub fn cookie(&self, secret: &Secret) -> HeaderValue {
        cookie::kept(&self.house.terms, For::Session, secret)
    }

    /// The header `set-cookie` by which a browser keeps a secret while it is at a provider, to be
    /// known again when it comes back.
    #[must_use]
    pub fn cookie_at_provider(&self, secret: &Secret) -> HeaderValue {
        cookie::kept(&self.house.terms, For::Provider, secret)
    }

    /// The secret that a browser has kept meanwhile.
    #[must_use]
    pub fn secret_at_provider(&self, headers: &HeaderMap) -> Option<String> {
        cookie::read(&self.house.terms, For::Provider, headers)
    }

    /// The header `set-cookie` by which a browser forgets it.
    #[must_use]
    pub fn no_cookie(&self) -> HeaderValue {
        cookie::forgotten(&self.house.terms)
    }
}
