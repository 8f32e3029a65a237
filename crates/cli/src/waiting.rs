//! Why tasks wait that nobody works on: the engine says it as long as it works the backlog; else
//! only what the journal tells is known.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::time::{Duration, SystemTime};

use tenfold_api::WhyWaiting;
use tenfold_domain::{TaskId, TaskState};
use tenfold_engine::why_not_begun;
use tenfold_store::{TaskRow, View};

use crate::connection::Connection;
use crate::context::Context;
use crate::trouble::Trouble;

/// How long an engine is waited for: reading goes without it.
const PATIENCE: Duration = Duration::from_secs(2);
/// The most tasks that are asked about in one call.
const AT_A_TIME: usize = 10_000;

/// Why those of these tasks wait that are queued or parked.
pub(crate) async fn why(
    context: &Context,
    view: &View,
    rows: &[TaskRow],
) -> Result<BTreeMap<TaskId, String>, Trouble> {
    let waiting =
        || rows.iter().filter(|row| matches!(row.state, TaskState::Queued | TaskState::Parked));
    let tasks: Vec<TaskId> = waiting().map(|row| row.id).collect();
    if tasks.is_empty() {
        return Ok(BTreeMap::new());
    }
    let told = tokio::time::timeout(PATIENCE, told(context, &tasks)).await;
    let mut all = told.ok().flatten().unwrap_or_default();
    let now = SystemTime::now().into();
    for row in waiting() {
        if let Entry::Vacant(unsaid) = all.entry(row.id) {
            unsaid.insert(why_not_begun(view, row, now)?);
        }
    }
    Ok(all)
}

/// What the engine says, if there is one.
async fn told(context: &Context, tasks: &[TaskId]) -> Option<BTreeMap<TaskId, String>> {
    context.engine_runs().ok().filter(|runs| *runs)?;
    let engine = Connection::open(context.house.places.socket().ok()?).await.ok()?;
    let mut all = BTreeMap::new();
    for tasks in tasks.chunks(AT_A_TIME) {
        let told = engine.say(&WhyWaiting { tasks: tasks.to_vec() }).await.ok()?;
        all.extend(told.into_iter().map(|waiting| (waiting.task, waiting.why)));
    }
    Some(all)
}
