//! So many attempts at work at the same time.

use std::sync::Arc;
use std::time::Instant;

use serde_json::{Value, json};
use tenfold_engine::How;

use crate::ground::Ground;
use crate::scripted::{Latency, Scripted, Then};
use crate::{Failure, machine};

/// Measures them. A step is a request to the model with its answer, the call in that, and what the
/// call came to, 1 kB and more, all in the journal.
pub(crate) async fn measure(
    attempts: usize,
    turns: usize,
    latency: Latency,
) -> Result<Value, Failure> {
    let ground = Ground::new()?;
    let model = Arc::new(Scripted::new(turns, Then::GivesUp, latency));
    let engine = ground.engine(Arc::clone(&model) as _).await?;
    let tasks = ground.ask(&engine, attempts).await?;
    let before = machine::memory("VmRSS")?;
    let (transactions, worked) = (engine.store().transactions(), machine::worked()?);
    let began = Instant::now();
    for task in &tasks {
        engine.begin(*task, How::default())?;
    }
    engine.idle().await;
    let seconds = began.elapsed().as_secs_f64();
    let worked = machine::worked()?.since(worked);
    let between = model.between();
    let share = |part: f64| between.get((between.len() as f64 * part) as usize).copied();
    let millis = |part: f64| share(part).map(|micros| f64::from(micros) / 1e3);
    let steps = attempts * turns;
    Ok(json!({
        "attempts": attempts,
        "latency_ms": match latency {
            Latency::None => 0,
            Latency::Median(median) => median.as_millis(),
        },
        "steps": steps,
        "seconds": seconds,
        "steps_per_second": steps as f64 / seconds,
        "p50_ms": millis(0.5),
        "p99_ms": millis(0.99),
        "cores_busy": worked.all / seconds,
        "journal_busy": worked.journal / seconds,
        "memory_mb": machine::memory("VmHWM")? as f64 / 1e6,
        "memory_before_mb": before as f64 / 1e6,
        "disk_mb": ground.disk() as f64 / 1e6,
        "transactions": engine.store().transactions() - transactions,
    }))
}
