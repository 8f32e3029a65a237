//! The page, on which people do all that the terminal does: its API under `/api/v1`, one stream of
//! events for each browser, and the files of the page itself. Who comes in is decided by the
//! [door](crate::door) before anything here hears of it; what they see and may do, by
//! [`house::House`]; all else is handed to the engine or read from the store.

mod assets;
mod calls;
mod events;
mod exports;
mod hooks;
mod house;
mod instruments;
mod meanwhile;
mod metrics;
mod models;
mod new;
mod news;
mod oidc;
mod openapi;
mod parts;
mod passkeys;
mod prices;
mod session;
mod settings;
mod tasks;
mod verbs;

use std::future::Future;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderName, HeaderValue};
use ipnet::IpNet;
use tenfold_desk::doctor::Machine;
use tenfold_domain::{Access, Problem, ProblemKind};
use tenfold_engine::Engine;

use crate::door::{Caller, Door, Rooms, Terms, Tls, Who, may_listen};
use crate::problem::Refusal;
use calls::{Calls, Needs};
use house::House;
use oidc::Oidc;
use passkeys::Ceremonies;
use session::SignIn;

pub use meanwhile::Meanwhile;

/// How the page is opened.
#[derive(Debug, Clone)]
pub struct PageTerms {
    /// What the program knows of itself.
    pub machine: Machine,
    /// The address by which browsers reach it, as links say it.
    pub address: String,
    /// Names by which it is reached, beside this machine's own.
    pub hosts: Vec<String>,
    /// Proxies before it, which are believed when they say whom they speak for.
    pub proxies: Vec<IpNet>,
    /// The files of the certificates and of the key, in PEM, if it encrypts.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// Whether it may listen beyond this machine without.
    pub unencrypted: bool,
}

/// A page that is about to be served.
pub struct Page {
    house: Arc<House>,
    door: Door,
    listener: tokio::net::TcpListener,
    tls: Option<Tls>,
}

impl Page {
    /// The page of an engine at a listener. To be called within the runtime.
    ///
    /// # Errors
    /// If it may not listen so, or can't encrypt.
    pub fn open(
        engine: Arc<Engine>,
        listener: TcpListener,
        terms: PageTerms,
    ) -> Result<Self, Problem> {
        let who: Arc<dyn Who> = Arc::new(session::Known(Arc::clone(&engine)));
        let Doorway { door, listener, tls } = Doorway::open(listener, &terms, Arc::clone(&who))?;
        let desk = tenfold_desk::House::new(engine.places().clone());
        let sign_in = SignIn {
            passkeys: Ceremonies::at(&terms.address),
            oidc: Oidc::read(&desk.places.config, &terms.address)?,
        };
        let house = House::new(engine, desk, terms.machine, who, sign_in, tls.clone());
        let house = Arc::new(house);
        Ok(Self { house, door, listener, tls })
    }

    /// Answers browsers and programs until `leave` is ready; then waits a little for what is under
    /// way.
    pub async fn serve(self, leave: impl Future<Output = ()>) {
        let Self { house, door, listener, tls } = self;
        // Who is signed in is looked up without waiting from then on.
        if let Err(why) = house.engine.people().await {
            tracing::error!("who may sign in can't be read: {why}");
        }
        house.news.begin(&house);
        let hooks = tokio::spawn(hooks::follow(Arc::clone(&house)));
        door.set_ready(true);
        let router = door.router(rooms(&house, &door));
        door.serve(router, listener, tls, leave).await;
        house.news.end();
        house.pulls.end();
        hooks.abort();
    }
}

/// A door at a listener.
struct Doorway {
    door: Door,
    listener: tokio::net::TcpListener,
    tls: Option<Tls>,
}

impl Doorway {
    /// To be called within the runtime.
    ///
    /// # Errors
    /// If it may not listen so, or can't encrypt.
    fn open(listener: TcpListener, terms: &PageTerms, who: Arc<dyn Who>) -> Result<Self, Problem> {
        let usage = |why: &dyn std::fmt::Display| Problem::new(ProblemKind::Usage, why.to_string());
        let address = listener.local_addr().map_err(|why| usage(&why))?;
        let is_tls = terms.tls.is_some();
        may_listen(address, is_tls, terms.unencrypted)
            .map_err(|why| Problem::new(ProblemKind::Refused, why.to_string()))?;
        let tls = terms.tls.as_ref().map(|(certificate, key)| Tls::read(certificate, key));
        let tls = tls.transpose().map_err(|why| usage(&why))?;
        listener.set_nonblocking(true).map_err(|why| usage(&why))?;
        let listener = tokio::net::TcpListener::from_std(listener).map_err(|why| usage(&why))?;
        let terms = Terms {
            is_tls,
            is_reached_by_tls: is_tls || terms.address.starts_with("https://"),
            names: names(terms.hosts.clone(), address),
            proxies: terms.proxies.clone(),
            ..Terms::at(address.port())
        };
        Ok(Self { door: Door::new(terms, who), listener, tls })
    }
}

/// The names that it answers to: those that were given, and the address itself.
fn names(mut hosts: Vec<String>, at: SocketAddr) -> Vec<String> {
    if !at.ip().is_unspecified() && !at.ip().is_loopback() {
        hosts.push(at.to_string());
    }
    hosts
}

/// All calls, by who reaches them.
fn rooms(house: &Arc<House>, door: &Door) -> Rooms {
    let desk = session::Desk { house: Arc::clone(house), door: door.clone() };
    let closed = closed().reached(Arc::clone(house));
    Rooms {
        open: signing().reached(desk.clone()),
        closed: closed.merge(session::leaving().reached(desk)),
        page: assets::routes(),
    }
}

/// The calls of who is signed in.
fn closed() -> Calls<Arc<House>> {
    let by = Needs::Only(Access::Viewer);
    let document = by.call("document", "This document.");
    let stream = by.call("events", "What changes, as it does, of what one sees.");
    let counted = Needs::Everything(Access::Viewer).call("metrics", "Numbers for Prometheus.");
    let told = instruments::calls(tasks::calls(session::calls(passkeys::calls(Calls::new()))));
    let told = exports::calls(prices::calls(models::calls(settings::calls(told))));
    new::calls(verbs::calls(told))
        .get("/api/v1/openapi.json", document, openapi_json)
        .get("/api/v1/events", stream, events::events)
        .get("/metrics", counted, metrics::metrics)
}

/// The calls of who is not signed in yet.
fn signing() -> Calls<session::Desk> {
    oidc::signing(passkeys::signing(session::signing()))
}

/// The document of all calls.
static DOCUMENT: LazyLock<String> = LazyLock::new(|| {
    let told = [closed().told(), session::leaving().told(), signing().told()];
    openapi::text(&told.concat())
});

/// `GET /openapi.json`
async fn openapi_json(
    _caller: Caller,
) -> Result<([(HeaderName, HeaderValue); 1], &'static str), Refusal> {
    Ok(([(CONTENT_TYPE, HeaderValue::from_static("application/json"))], DOCUMENT.as_str()))
}

#[cfg(test)]
mod tests;
