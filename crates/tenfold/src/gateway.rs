//! The gateway of this program: its bank are the engine's books, its embedded models the engine's.
//! Apart from `main` because it knows both the gateway and the engine, and nobody else may.

use std::sync::Arc;
use std::time::Duration;

use tenfold_cli::Serving;
use tenfold_domain::{AccountId, Ask, Energy, Tokens, Turn};
use tenfold_engine::Engine;
use tenfold_gateway::{
    Behind, Embedded, Failed, Gate, Gateway, Later, Leave, Meter, Offered, Open, Shut, Tariff,
    Tell, Terms, Till, Trace, Traces, Turned,
};
use tenfold_llama::{LlamaError, Reply};
use tenfold_models::{Entry, Hosted};
use tokio::task::JoinHandle;
use tracing::Span;

use crate::by_past::ByPast;
use crate::stock::Stock;

/// The longest conversation with a model that does not say its own, in tokens.
const CONTEXT: Tokens = Tokens(8_192);

/// Answers programs until it is told to end.
///
/// # Errors
/// What is wrong with the names, the models or the listener, in words.
pub(crate) fn serve(engine: Arc<Engine>, serving: Serving) -> Result<JoinHandle<()>, String> {
    let Serving { listener, file, leave } = serving;
    let usual = Terms { traces_messages: tenfold_telemetry::tells_messages(), ..Terms::default() };
    let mut stock = Stock::new(Arc::clone(&engine), file, usual);
    let chooser = Arc::new(ByPast::default());
    let behind = Behind {
        bank: Arc::new(Till::new(engine.books(), cutting_off(&engine))),
        gate: Arc::new(EnginesGate(Arc::clone(&engine))),
        chooser: Arc::clone(&chooser) as _,
        traces: Arc::new(Collected),
    };
    let (offer, terms) = stock.now()?;
    let gateway = Gateway::new(behind, &offer, terms);
    let gateway = gateway.map_err(|why| why.to_string())?;
    listener.set_nonblocking(true).map_err(|why| why.to_string())?;
    let listener = tokio::net::TcpListener::from_std(listener).map_err(|why| why.to_string())?;
    Ok(tokio::spawn(async move {
        let left = async {
            // Who has gone without a word has left, too.
            let _ = leave.await;
        };
        tokio::select! {
            () = gateway.serve(listener, left) => {}
            () = stock.follow(&gateway) => {}
            () = chooser.follow(&engine) => {}
        }
    }))
}

/// Cuts off the tasks of accounts that have spent more than they may, when a program has.
fn cutting_off(engine: &Arc<Engine>) -> impl Fn() + Send + Sync + 'static {
    let engine = Arc::downgrade(engine);
    move || {
        let Some(engine) = engine.upgrade() else { return };
        tokio::spawn(async move {
            if let Err(why) = engine.stop_overrun().await {
                tracing::warn!("cutting off what an account pays for: {why}");
            }
        });
    }
}

/// The traces that a collector is told of.
struct Collected;

impl Traces for Collected {
    fn adopt(&self, span: &Span, Trace { parent, state }: &Trace) {
        tenfold_telemetry::adopt(span, parent, state);
    }

    fn of(&self, span: &Span) -> Option<Trace> {
        let (parent, state) = tenfold_telemetry::trace_of(span)?;
        Some(Trace { parent, state })
    }
}

/// The gate before a provider that the engine's own tasks wait at, too.
struct EnginesGate(Arc<Engine>);

impl Gate for EnginesGate {
    fn leave<'a>(
        &'a self,
        hosted: &'a Hosted,
        of: (AccountId, Tokens),
        patience: Duration,
    ) -> Later<'a, Result<Box<dyn Leave>, Shut>> {
        Box::pin(async move {
            let left = self.0.wait_for_leave(hosted, of, patience.into()).await;
            let left = left.map_err(|tenfold_engine::Shut(left)| Shut(left.into()))?;
            Ok(match left {
                Some(leave) => Box::new(EnginesLeave(leave)) as Box<dyn Leave>,
                None => Box::new(Open),
            })
        })
    }
}

/// Leave of that gate.
struct EnginesLeave(tenfold_engine::Leave);

impl Leave for EnginesLeave {
    fn answered(self: Box<Self>, tokens: Tokens) {
        self.0.answered(tokens);
    }

    fn broke_off(self: Box<Self>) {
        self.0.broke_off();
    }

    fn refused(self: Box<Self>, retry_after: Option<Duration>) {
        self.0.refused(retry_after);
    }
}

/// The embedded model of a catalogue's entry.
pub(crate) fn here(engine: &Arc<Engine>, entry: &Entry) -> Offered {
    let tariff = Tariff {
        price: entry.price.clone(),
        slowest: Some(entry.slowest),
        context: entry.context.unwrap_or(CONTEXT),
    };
    let model = Here { engine: Arc::clone(engine), name: entry.name.clone() };
    Offered::embedded(&entry.name, tariff, Arc::new(model))
}

/// A model of the engine's.
struct Here {
    engine: Arc<Engine>,
    name: String,
}

impl Embedded for Here {
    fn turn(&self, turn: Turn, in_pieces: bool, tell: Tell) -> Later<'_, Result<Turned, Failed>> {
        Box::pin(async move {
            let llama = self.engine.embedded(&self.name).await;
            let llama = llama.map_err(|why| Failed::Down(why.to_string()))?;
            let llama = llama.ok_or_else(|| Failed::Down("it is not here".to_owned()))?;
            let answered = match in_pieces {
                true => llama.talk(turn, tell).await,
                false => llama.ask(Ask::Turn(turn), Some(tell)).await,
            };
            let turned = |reply: Reply| Turned { answer: reply.answer, usage: reply.usage };
            answered.map(turned).map_err(|why| match why {
                LlamaError::Refused(why) => Failed::Refused(why),
                why => Failed::Down(why.to_string()),
            })
        })
    }

    fn meter(&self) -> Meter {
        match self.engine.power() {
            Ok(power) => {
                let work = power.begin();
                Box::new(|| work.end())
            }
            // Without a catalogue nothing is offered either.
            Err(_) => Box::new(|| Energy::NONE),
        }
    }

    fn tokens(&self, turn: Turn) -> Later<'_, Option<Tokens>> {
        Box::pin(async move {
            let llama = self.engine.embedded(&self.name).await.ok()??;
            llama.count(&Ask::Turn(turn)).await
        })
    }
}
