//! The order of `tenfold/auto`, by what this program's own tasks have shown of models. Apart from
//! the rest of the gateway because it alone knows the past; how it decides is the engine's.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tenfold_engine::{Engine, EngineError, for_one_answer};
use tenfold_forecast::{Past, Unit};
use tenfold_gateway::{Candidate, Chooser, Chosen};
use tokio::time::{MissedTickBehavior, interval};

/// How often what came of tasks is taken up. Reading all of it for the first time takes seconds
/// where there are many, and nobody waits for that.
const EVERY: Duration = Duration::from_secs(60);

/// Orders models by the chance that they are right, and what they cost.
#[derive(Default)]
pub(crate) struct ByPast {
    past: RwLock<Option<Arc<Past>>>,
}

impl Chooser for ByPast {
    fn order(&self, bytes: u64, candidates: &[Candidate<'_>]) -> Chosen {
        let models: Vec<_> = candidates.iter().map(|model| (model.name, model.cost)).collect();
        let past = self.past.read().unwrap_or_else(PoisonError::into_inner).clone();
        let (order, why) = for_one_answer(past.as_deref(), bytes, &models);
        Chosen { order, why }
    }
}

impl ByPast {
    /// Takes up what comes of tasks, without an end.
    pub(crate) async fn follow(&self, engine: &Arc<Engine>) {
        let mut ticks = interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let engine = Arc::clone(engine);
            let read = move || -> Result<Arc<Past>, EngineError> {
                Ok(engine.pasts().of(&engine.store().view()?, Unit::Dollars)?.past)
            };
            match tokio::task::spawn_blocking(read).await {
                Ok(Ok(past)) => {
                    *self.past.write().unwrap_or_else(PoisonError::into_inner) = Some(past);
                }
                Ok(Err(why)) => tracing::warn!("what came of tasks can't be read: {why}"),
                Err(why) => tracing::warn!("what came of tasks can't be read: {why}"),
            }
        }
    }
}
