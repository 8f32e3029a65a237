//! The order of the tasks within an account: a task's turn is the moment at which it came, moved
//! back by what speaks for it. All tasks age alike, so a turn never changes and nothing is
//! ever sorted anew; and since it is moved by a bounded time only, nothing that comes later
//! than that can overtake. It never looks at other accounts.

use tenfold_domain::{Millis, NanoUsd, Priority, TaskId, Timestamp};

use crate::entry::Entry;

/// When it is a task's turn among those of its account; the least goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Turn {
    /// Milliseconds since 1970, which may be before it.
    at_ms: i64,
    /// The task, which also decides between two of the same moment.
    pub(crate) task: TaskId,
}

impl Turn {
    /// The turn of this task, before its arrival by no more than `reach`.
    pub(crate) fn of(entry: &Entry, reach: Millis) -> Self {
        let bonus = for_priority(entry.priority, reach)
            + for_value(entry.value, entry.expected.cost, reach)
            + for_deadline(entry, reach);
        let bonus = i64::try_from(bonus.min(reach).0).unwrap_or(i64::MAX);
        let arrived = i64::try_from(entry.arrived.0).unwrap_or(i64::MAX);
        Self { at_ms: arrived.saturating_sub(bonus), task: entry.task }
    }
}

/// From nothing to half of the reach.
fn for_priority(priority: Priority, reach: Millis) -> Millis {
    let eighths = match priority {
        Priority::Lowest => 0,
        Priority::Low => 1,
        Priority::Normal => 2,
        Priority::High => 3,
        Priority::Highest => 4,
    };
    Millis(reach.0 / 8 * eighths)
}

/// From nothing, for what is worth no more than it costs, to a quarter of the reach, for what
/// is worth a thousand times as much: each doubling counts the same.
fn for_value(value: Option<NanoUsd>, cost: NanoUsd, reach: Millis) -> Millis {
    let ratio = value.map_or(1, |value| value.0 / cost.0.max(1)).max(1);
    Millis(reach.0 / 40 * u64::from(ratio.ilog2().min(10)))
}

/// All of the reach, less the time that it can wait and still be done in time.
fn for_deadline(entry: &Entry, reach: Millis) -> Millis {
    entry.deadline.map_or(Millis(0), |deadline| {
        let latest_start = Timestamp(deadline.0.saturating_sub(entry.expected.wall.0));
        reach.saturating_sub(latest_start.since(entry.arrived))
    })
}
