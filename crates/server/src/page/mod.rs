//! The page, on which people do all that the terminal does: its API under `/api/v1`, one stream of
//! events for each browser, and the files of the page itself. Who comes in is decided by the
//! [door](crate::door) before anything here hears of it; what they see and may do, by
//! [`house::House`]; all else is handed to the engine or read from the store.

mod assets;
mod events;
mod hooks;
mod house;
mod instruments;
mod metrics;
mod new;
mod news;
mod session;
mod settings;
mod sight;
mod tasks;
mod verbs;

use std::future::Future;
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use tenfold_desk::doctor::Machine;
use tenfold_domain::{Problem, ProblemKind};
use tenfold_engine::Engine;

use crate::door::{Door, Rooms, Terms, Tls, Who, may_listen};
use house::House;

/// How the page is opened.
#[derive(Debug, Clone)]
pub struct PageTerms {
    /// What the program knows of itself.
    pub machine: Machine,
    /// Names by which it is reached, beside this machine's own.
    pub hosts: Vec<String>,
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
        let usage = |why: &dyn std::fmt::Display| Problem::new(ProblemKind::Usage, why.to_string());
        let address = listener.local_addr().map_err(|why| usage(&why))?;
        let is_tls = terms.tls.is_some();
        may_listen(address, is_tls, terms.unencrypted)
            .map_err(|why| Problem::new(ProblemKind::Refused, why.to_string()))?;
        let tls = terms.tls.map(|(certificate, key)| Tls::read(&certificate, &key));
        let tls = tls.transpose().map_err(|why| usage(&why))?;
        listener.set_nonblocking(true).map_err(|why| usage(&why))?;
        let listener = tokio::net::TcpListener::from_std(listener).map_err(|why| usage(&why))?;
        let who: Arc<dyn Who> = Arc::new(session::Known(Arc::clone(&engine)));
        let door = Door::new(
            Terms { is_tls, names: terms.hosts, ..Terms::at(address.port()) },
            Arc::clone(&who),
        );
        let desk = tenfold_desk::House::new(engine.places().clone());
        let house = Arc::new(House::new(engine, desk, terms.machine, who));
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
        hooks.abort();
    }
}

/// All calls, by who reaches them.
fn rooms(house: &Arc<House>, door: &Door) -> Rooms {
    let desk = session::Desk { house: Arc::clone(house), door: door.clone() };
    let told = instruments::routes(tasks::routes(session::routes(Router::new())));
    let signed = settings::routes(new::routes(verbs::routes(told)));
    let signed = signed
        .route("/api/v1/events", get(events::events))
        .route("/metrics", get(metrics::metrics));
    let closed = signed.with_state(Arc::clone(house)).merge(session::leaving(desk.clone()));
    Rooms { open: session::signing(desk), closed, page: assets::routes() }
}
