//! A large backlog: asked for, listed, and found again by the next engine.

use std::sync::Arc;
use std::time::Instant;

use serde_json::{Value, json};
use tenfold_models::StandIn;
use tenfold_store::TaskQuery;

use crate::ground::Ground;
use crate::scripted::{Latency, Scripted, Then};
use crate::{Failure, machine};

pub(crate) async fn measure(count: usize) -> Result<Value, Failure> {
    let ground = Ground::new()?;
    let model: Arc<dyn StandIn> = Arc::new(Scripted::new(3, Then::GivesUp, Latency::None));
    let engine = ground.engine(Arc::clone(&model)).await?;
    let timed = |began: Instant| began.elapsed().as_secs_f64();
    let began = Instant::now();
    ground.ask(&engine, count).await?;
    let asked = timed(began);
    let began = Instant::now();
    let page = engine.store().view()?.tasks(&TaskQuery::default())?.len();
    let listed = timed(began);
    drop(engine);
    let began = Instant::now();
    let engine = ground.engine(model).await?;
    let opened = timed(began);
    drop(engine);
    Ok(json!({
        "tasks": count,
        "asked_seconds": asked,
        "listed": page,
        "list_ms": listed * 1e3,
        "open_seconds": opened,
        "disk_mb": ground.disk() as f64 / 1e6,
        "memory_mb": machine::memory("VmHWM")? as f64 / 1e6,
    }))
}
