//! Attempts that wait for the person's answer: what they cost an engine that does not touch them,
//! and how long it takes until some that are answered run to their check.

use std::sync::Arc;
use std::time::Instant;

use serde_json::{Value, json};
use tenfold_domain::{AttemptEvent, EffectKind, Fact, StepEvent, TaskId, TaskState, Timestamp};
use tenfold_engine::{Engine, How};
use tenfold_store::{About, Handed, Store};

use crate::ground::Ground;
use crate::pattern::Pattern;
use crate::scripted::{Latency, Scripted, Then};
use crate::{Failure, opened};

/// How many of them have a long past, and how often these have read; the others have read once.
const LONG: usize = 1_000;
const LONG_TURNS: usize = 45;
/// Facts that are recorded in one commit.
const TOGETHER: usize = 10_000;

pub(crate) async fn measure(count: usize, woken: usize) -> Result<Value, Failure> {
    let ground = Ground::new()?;
    let (short, long) =
        (Pattern::made(&ground, 1).await?, Pattern::made(&ground, LONG_TURNS).await?);
    let before = opened::aside(&ground)?;
    let began = Instant::now();
    let (tasks, events) = record(&ground, count, (&short, &long)).await?;
    let recorded = began.elapsed().as_secs_f64();
    let after = opened::aside(&ground)?;
    let disk = ground.disk();
    let memory = |opened: &Value| opened["memory_bytes"].as_f64().unwrap_or(0.0);
    Ok(json!({
        "tasks": count,
        "events": events,
        "events_of_each": [short.events(), long.events()],
        "recorded_seconds": recorded,
        "opened": after,
        "opened_on_none": before,
        "bytes_of_each": (memory(&after) - memory(&before)) / count as f64,
        "disk_mb": disk as f64 / 1e6,
        "woken": wake(&ground, &tasks, woken).await?,
    }))
}

/// Records so many, of which a thousand have a long past. Returns them, and how many events they
/// have.
async fn record(
    ground: &Ground,
    count: usize,
    (short, long): (&Pattern, &Pattern),
) -> Result<(Vec<TaskId>, usize), Failure> {
    let store = Store::open(&ground.store())?;
    let first = store.view()?.how_many(None)?.values().sum::<u64>() + 1;
    let mut reserved = store.view()?.ledger()?.common().last_reservation;
    let tasks: Vec<TaskId> = (first..)
        .take(count)
        .map(|number| TaskId::new(number).ok_or("no task"))
        .collect::<Result<_, _>>()?;
    let (mut facts, mut events, mut under_way) = (Vec::new(), 0, None::<Handed>);
    for (place, task) in tasks.iter().enumerate() {
        // They are spread over all.
        let is_long = place % count.div_ceil(LONG) == 0;
        let pattern = if is_long { long } else { short };
        facts.extend(pattern.of(*task, &mut reserved));
        events += pattern.events();
        if facts.len() >= TOGETHER {
            // One is written while the next is made.
            let handed = store.hand_in(std::mem::take(&mut facts)).await?;
            if let Some(before) = under_way.replace(handed) {
                before.durable().await?;
            }
        }
    }
    store.append_async(facts).await?;
    Ok((tasks, events))
}

/// Answers the newest of them, so many at once, and waits until all have come to their end.
async fn wake(ground: &Ground, tasks: &[TaskId], count: usize) -> Result<Value, Failure> {
    let model = Arc::new(Scripted::new(1, Then::Asks, Latency::None));
    let engine = ground.engine(model).await?;
    let woken: Vec<TaskId> = tasks.iter().rev().take(count).copied().collect();
    let began = Instant::now();
    let answering = woken.iter().map(|task| {
        let (engine, task) = (Arc::clone(&engine), *task);
        tokio::spawn(async move {
            engine.answer(task, "yes".to_owned(), None).await?;
            engine.begin(task, How::default())
        })
    });
    for answered in answering.collect::<Vec<_>>() {
        answered.await??;
    }
    engine.idle().await;
    let seconds = began.elapsed().as_secs_f64();
    let (mut to_check, mut to_end) = (Vec::new(), Vec::new());
    for task in &woken {
        let [check, end] = times(&engine, *task)?;
        to_check.push(check);
        to_end.push(end);
    }
    let share = |times: &mut Vec<u64>, part: f64| {
        times.sort_unstable();
        times.get((times.len() as f64 * part) as usize).copied()
    };
    Ok(json!({
        "tasks": woken.len(),
        "seconds": seconds,
        "check_p50_ms": share(&mut to_check, 0.5),
        "check_p99_ms": share(&mut to_check, 0.99),
        "end_p50_ms": share(&mut to_end, 0.5),
        "end_p99_ms": share(&mut to_end, 0.99),
    }))
}

/// How long it took from the answer until the check began, and until the end, in milliseconds; by
/// the journal.
fn times(engine: &Engine, task: TaskId) -> Result<[u64; 2], Failure> {
    let view = engine.store().view()?;
    let state = view.task(task)?.map(|row| row.state);
    if state != Some(TaskState::ToReview) {
        return Err(format!("task {task} was answered, and then it is {state:?}").into());
    }
    let [mut answered, mut checked, mut ended] = [Timestamp(0); 3];
    for event in view.each_event(About::Task(task).into()) {
        let event = event?;
        match event.fact {
            Fact::Attempt { event: AttemptEvent::Answered { .. }, .. } => answered = event.at,
            Fact::Step { event: StepEvent::Intent { kind: EffectKind::Check, .. }, .. } => {
                checked = event.at;
            }
            Fact::Attempt { event: AttemptEvent::Ended { .. }, .. } => ended = event.at,
            _ => {}
        }
    }
    Ok([checked, ended].map(|at| at.since(answered).0))
}
