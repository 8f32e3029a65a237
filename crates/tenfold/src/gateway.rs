//! The gateway of this program: its bank are the engine's books, its embedded models the engine's.
//! Apart from `main` because it knows both the gateway and the engine, and nobody else may.

use std::sync::Arc;
use std::time::Duration;

use tenfold_cli::Serving;
use tenfold_domain::{AccountId, Ask, Tokens, Turn};
use tenfold_engine::Engine;
use tenfold_gateway::{
    Aliases, Embedded, Failed, Gate, Gateway, Later, Leave, Offered, Open, Shut, Tariff, Tell,
    Terms, Till, Turned,
};
use tenfold_llama::LlamaError;
use tenfold_models::{Entry, Hosted, key};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// The longest conversation with a model that does not say its own, in tokens.
const CONTEXT: Tokens = Tokens(8_192);

/// Answers programs until it is told to end.
///
/// # Errors
/// What is wrong with the names, the models or the listener, in words.
pub(crate) fn serve(engine: Arc<Engine>, serving: Serving) -> Result<JoinHandle<()>, String> {
    let Serving { listener, names, leave } = serving;
    let aliases: Aliases = toml::from_str(&names).map_err(|why| why.to_string())?;
    let bank = Arc::new(Till::new(engine.books()));
    let gate = Arc::new(EnginesGate(Arc::clone(&engine)));
    let terms = Terms { traces_messages: tenfold_telemetry::tells_messages(), ..Terms::default() };
    let gateway = Gateway::new((bank, gate), offered(&engine)?, &aliases, terms);
    let gateway = gateway.map_err(|why| why.to_string())?;
    listener.set_nonblocking(true).map_err(|why| why.to_string())?;
    let listener = tokio::net::TcpListener::from_std(listener).map_err(|why| why.to_string())?;
    Ok(tokio::spawn(async move {
        let left = async {
            // Who has gone without a word has left, too.
            let _ = leave.await;
        };
        gateway.serve(listener, left).await;
    }))
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

    fn refused(self: Box<Self>, retry_after: Option<Duration>) {
        self.0.refused(retry_after);
    }
}

/// All models that can be asked: those that are here, and those at providers that there are a key
/// and a price for.
fn offered(engine: &Arc<Engine>) -> Result<Vec<Offered>, String> {
    let catalogue = engine.catalogue().map_err(|why| why.to_string())?;
    let mut offered = Vec::new();
    for entry in catalogue.entries() {
        if entry.chat_template && engine.has_model(&entry.name) {
            offered.push(here(engine, entry));
        }
    }
    for hosted in catalogue.hosted() {
        match Offered::hosted(hosted, key) {
            Ok(model) => offered.push(model),
            Err(why) => tracing::warn!("{} is not offered: {why}", hosted.name),
        }
    }
    Ok(offered)
}

fn here(engine: &Arc<Engine>, entry: &Entry) -> Offered {
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
    fn turn<'a>(&'a self, turn: Turn, tell: &'a Tell) -> Later<'a, Result<Turned, Failed>> {
        Box::pin(async move {
            let llama = self.engine.embedded(&self.name).await;
            let llama = llama.map_err(|why| Failed::Down(why.to_string()))?;
            let llama = llama.ok_or_else(|| Failed::Down("it is not here".to_owned()))?;
            let (send, mut used) = mpsc::unbounded_channel();
            let mut asking = std::pin::pin!(llama.ask(Ask::Turn(turn), Some(send)));
            loop {
                tokio::select! {
                    biased;
                    answered = &mut asking => {
                        return answered
                            .map(|reply| Turned { answer: reply.answer, usage: reply.usage })
                            .map_err(|why| match why {
                                LlamaError::Refused(why) => Failed::Refused(why),
                                why => Failed::Down(why.to_string()),
                            });
                    }
                    Some(usage) = used.recv() => tell(usage),
                }
            }
        })
    }

    fn tokens(&self, turn: Turn) -> Later<'_, Option<Tokens>> {
        Box::pin(async move {
            let llama = self.engine.embedded(&self.name).await.ok()??;
            llama.count(&Ask::Turn(turn)).await
        })
    }
}
