//! The order of the tasks within an account: a task's turn is the moment at which it came, moved
//! back by what speaks for it. All tasks age alike, so a turn never changes and nothing is
//! ever sorted anew; and since it is moved by a bounded time only, nothing that comes later
//! than that can overtake. It never looks at other accounts.

use tenfold_domain::{Millis, NanoUsd, Priority, Standing, TaskId, Timestamp};

use crate::entry::Expected;

/// When it is a task's turn among those of its account; the least goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Turn {
    /// Milliseconds since 1970, which may be before it.
    pub at_ms: i64,
    /// The task, which also decides between two of the same moment.
    pub task: TaskId,
}

impl Turn {
    /// The turn of a task that came at this moment, before that by no more than `reach`.
    pub fn of(
        (task, arrived): (TaskId, Timestamp),
        wanted: &Standing,
        expected: Expected,
        reach: Millis,
    ) -> Self {
        let latest_start =
            wanted.deadline.map(|at| Timestamp(at.0.saturating_sub(expected.wall.0)));
        let bonus = for_priority(wanted.priority, reach)
            + for_value(wanted.value, expected.cost, reach)
            // All of the reach, less the time that it can wait and still be done in time.
            + latest_start.map_or(Millis(0), |at| reach.saturating_sub(at.since(arrived)));
        let bonus = i64::try_from(bonus.min(reach).0).unwrap_or(i64::MAX);
        let arrived = i64::try_from(arrived.0).unwrap_or(i64::MAX);
        Self { at_ms: arrived.saturating_sub(bonus), task }
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
