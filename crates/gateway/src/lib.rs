//! The OpenAI- and Anthropic-compatible endpoint through which any program spends from an account.
//!
//! A [`Gateway`] is handed a [`Bank`], which keeps accounts, access tokens and leases durably, and
//! the models that it may ask. A request is read as far as it has to be, its worst case is set
//! aside in a block of money that was leased ahead, and only then is it sent: unchanged where the
//! provider speaks the client's protocol, translated where it does not. What it used is read
//! beside the answer, and billed once. Nothing here knows of tasks, keeps an account, or remembers
//! what was said, but for who asks again with the same key.

mod again;
mod ask;
mod bank;
mod bill;
mod blocks;
mod choose;
mod embedded;
mod error;
mod far;
mod gate;
mod headers;
mod hosted;
mod house;
mod local;
mod metrics;
mod names;
mod offer;
mod offered;
pub mod plain;
mod relay;
mod room;
mod routes;
mod scan;
mod serve;
mod settings;
mod spent;
mod splice;
mod sse;
mod terms;
mod ticket;
mod tier;
mod till;
mod traces;
mod translate;
mod trouble;
mod usage;
mod wire;

use std::future::Future;
use std::sync::{Arc, RwLock};
use std::time::Duration;

use tokio::net::TcpListener;

pub use bank::{Bank, Buyer, Denied, Later, Lease, NotRecorded, Payer, Refused, Unbilled};
pub use bill::{Bill, Bound, End, IMAGE_TOKENS_MAX, Tariff, UNSEEN_TOKENS_MAX};
pub use blocks::{BlockTerms, Blocks, Hold, Settled};
pub use choose::{Candidate, CheapestFirst, Chooser, Chosen};
pub use embedded::{Embedded, Failed, Meter, Tell, Turned};
pub use error::GatewayError;
pub use gate::{Gate, Leave, Open, Shut};
pub use names::{AUTO, Aliases, CHEAPEST, NamesError};
pub use offer::{Offer, Withheld};
pub use offered::Offered;
pub use scan::{Limits, Sketch, Unreadable, sketch};
pub use settings::{Settings, SettingsError};
pub use spent::Spent;
pub use sse::{EVENT_BYTES_MAX, Events};
pub use tenfold_domain::{Basis, Scope, Spend};
pub use tenfold_ledger::Left;
pub use terms::Terms;
pub use tier::Tier;
pub use till::Till;
pub use traces::{Trace, Traces, Untraced};
pub use translate::Untranslatable;
pub use usage::{Answered, Seen};
pub use wire::Wire;

use house::House;

/// How often blocks are looked through for those that nobody uses.
const SWEEP: Duration = Duration::from_secs(5);

/// Whom a gateway asks.
#[derive(Clone)]
pub struct Behind {
    /// Who pays.
    pub bank: Arc<dyn Bank>,
    /// Who keeps the limits of providers.
    pub gate: Arc<dyn Gate>,
    /// Who orders the models of [`AUTO`].
    pub chooser: Arc<dyn Chooser>,
    /// Who knows of traces that clients began.
    pub traces: Arc<dyn Traces>,
}

/// The endpoint, with all that its requests share.
#[derive(Clone)]
pub struct Gateway {
    house: Arc<House>,
}

impl Gateway {
    /// A gateway that offers this. Nothing is asked or leased yet.
    ///
    /// # Errors
    /// [`GatewayError`] if a name is taken or stands for nothing, or the system's authorities
    /// can't be read.
    pub fn new(behind: Behind, offer: &Offer, terms: Terms) -> Result<Self, GatewayError> {
        let Behind { bank, gate, chooser, traces } = behind;
        let house = House {
            blocks: Blocks::new(Arc::clone(&bank), terms.blocks),
            bank,
            gate,
            chooser,
            traces,
            names: RwLock::new(Arc::new(names::Names::new(offer)?)),
            client: far::client(terms.connect)?,
            metrics: metrics::Metrics::default(),
            kept: again::Kept::new(&terms),
            room: Arc::default(),
            terms: RwLock::new(terms),
        };
        Ok(Self { house: Arc::new(house) })
    }

    /// Offers this from the next request on. Those that are under way end as they began.
    ///
    /// # Errors
    /// [`NamesError`]; then what was offered before still is.
    pub fn offer(&self, offer: &Offer) -> Result<(), NamesError> {
        self.house.rename(names::Names::new(offer)?);
        Ok(())
    }

    /// Goes by these terms from the next request on, but for those of blocks and of what is kept,
    /// which stay as they were at the beginning.
    pub fn set(&self, terms: Terms) {
        self.house.set(terms);
    }

    /// Its calls, to be put beside others.
    pub fn router(&self) -> axum::Router {
        routes::router(Arc::clone(&self.house))
    }

    /// Answers whoever connects until `leave` is ready, and gives back what is leased.
    pub async fn serve(&self, listener: TcpListener, leave: impl Future<Output = ()>) {
        tokio::select! {
            () = serve::serve(Arc::clone(&self.house), listener, leave) => {}
            () = self.sweep() => {}
        }
        self.close().await;
    }

    /// Gives back the blocks that nobody uses, every few seconds, without an end.
    pub async fn sweep(&self) {
        let mut ticks = tokio::time::interval(SWEEP);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.house.blocks.sweep().await;
        }
    }

    /// Gives back all that is leased and that no request holds.
    pub async fn close(&self) {
        self.house.blocks.close().await;
    }

    /// What was done, as Prometheus reads it.
    #[must_use]
    pub fn metrics(&self) -> String {
        self.house.metrics.text()
    }
}
