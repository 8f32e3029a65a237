//! An engine that is opened on what is there: how long that takes, what it takes of the memory, and
//! how long what a person asks of it first. In a process of its own, where nothing else was done.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use serde_json::{Value, json};
use tenfold_store::TaskQuery;

use crate::ground::Ground;
use crate::scripted::{Latency, Scripted, Then};
use crate::{Failure, machine};

pub(crate) async fn measure(folder: &Path) -> Result<Value, Failure> {
    let ground = Ground::at(folder);
    let model = Arc::new(Scripted::new(0, Then::GivesUp, Latency::None));
    let seconds = |began: Instant| began.elapsed().as_secs_f64();
    let began = Instant::now();
    let engine = ground.engine(model).await?;
    let opened = seconds(began);
    let memory = machine::memory("VmRSS")?;
    let view = engine.store().view()?;
    let began = Instant::now();
    let page = view.tasks(&TaskQuery::default())?.len();
    let listed = seconds(began);
    let began = Instant::now();
    let tasks: u64 = view.how_many(None)?.values().sum();
    Ok(json!({
        "tasks": tasks,
        "open_seconds": opened,
        "memory_bytes": memory,
        "listed": page,
        "list_ms": listed * 1e3,
        "count_ms": seconds(began) * 1e3,
    }))
}

/// As [`measure`], by another process.
pub(crate) fn aside(ground: &Ground) -> Result<Value, Failure> {
    let program = std::env::current_exe()?;
    let done = Command::new(program).arg("open").arg(ground.dir()).output()?;
    match done.status.success() {
        true => Ok(serde_json::from_slice(&done.stdout)?),
        false => Err(String::from_utf8_lossy(&done.stderr).into()),
    }
}
