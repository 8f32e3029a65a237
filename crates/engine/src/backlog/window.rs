//! The part of the backlog that is looked at: the first of those tasks that nothing holds up, in
//! their turn. All others stay rows of the store, so that a backlog of a million costs no more
//! than one of a few hundred. Apart from who begins them; it begins nothing.

use std::collections::BTreeSet;

use tenfold_domain::TaskId;
use tenfold_schedule::Turn;
use tenfold_store::{StoreError, View};

/// How many tasks are looked at, at the least.
const TASKS: usize = 256;

/// The tasks that are next, and how far the backlog was read for them.
#[derive(Debug)]
pub(super) struct Window {
    tasks: BTreeSet<Turn>,
    /// How many there are to be.
    size: usize,
    /// All up to here were looked at.
    read_to: Option<Turn>,
    /// Those that are not to be begun, though the journal says that they may be: they were, and
    /// their work broke.
    passed: BTreeSet<TaskId>,
}

/// How the window has moved.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Moved {
    /// Those that came into it.
    pub(super) come: Vec<TaskId>,
    /// Those that left it.
    pub(super) gone: Vec<TaskId>,
}

impl Window {
    /// A window for as many tasks at work, of which nothing was read yet.
    pub(super) fn new(at_once: u32) -> Self {
        let size = TASKS.max(2 * at_once as usize);
        Self { tasks: BTreeSet::new(), size, read_to: None, passed: BTreeSet::new() }
    }

    /// Whether half of it is gone.
    pub(super) fn is_low(&self) -> bool {
        self.tasks.len() <= self.size / 2
    }

    /// Reads on, `anew` from the first turn, because tasks may have come that go before. Those
    /// that `is_busy` names are passed over.
    pub(super) fn fill(
        &mut self,
        view: &View,
        anew: bool,
        is_busy: impl Fn(TaskId) -> bool,
    ) -> Result<Moved, StoreError> {
        let before = self.tasks.clone();
        if anew {
            self.tasks.clear();
            self.read_to = None;
        }
        while self.tasks.len() < self.size {
            let page = view.in_turn(self.read_to, self.size as u32)?;
            let Some(last) = page.last() else { break };
            self.read_to = Some(*last);
            let is_next = |turn: &Turn| !self.passed.contains(&turn.task) && !is_busy(turn.task);
            self.tasks.extend(page.into_iter().filter(is_next));
        }
        let only = |these: &BTreeSet<Turn>, those: &BTreeSet<Turn>| {
            these.difference(those).map(|turn| turn.task).collect()
        };
        Ok(Moved { come: only(&self.tasks, &before), gone: only(&before, &self.tasks) })
    }

    /// The task is not among the next any more; it comes back if the backlog is read anew.
    pub(super) fn remove(&mut self, task: TaskId) {
        self.tasks.retain(|turn| turn.task != task);
    }

    /// The task is not to come back.
    pub(super) fn pass_over(&mut self, task: TaskId) {
        self.remove(task);
        self.passed.insert(task);
    }

    /// The task that comes first; `None` if all that there are were looked at.
    pub(super) fn first(&self) -> Option<TaskId> {
        self.tasks.first().map(|turn| turn.task)
    }

    /// Whether the task is one that is not to come back.
    pub(super) fn is_passed(&self, task: TaskId) -> bool {
        self.passed.contains(&task)
    }

    /// How many are not to come back.
    pub(super) fn passed(&self) -> u64 {
        self.passed.len() as u64
    }
}

#[cfg(test)]
mod tests {
    use tenfold_domain::{Budget, Millis, NanoUsd, Priority, Standing, TaskSpec};
    use tenfold_store::Store;

    use super::*;

    fn ask(store: &Store, count: usize, priority: Priority) {
        for _ in 0..count {
            let budget = Budget { money: NanoUsd(1), time: Millis(1), attempts: 1 };
            let standing = Standing { priority, ..Standing::default() };
            store.new_task(TaskSpec { standing, ..TaskSpec::new("x", "/w", "m", budget) }).unwrap();
        }
    }

    fn numbers(tasks: &[TaskId]) -> Vec<u64> {
        tasks.iter().map(|task| task.number()).collect()
    }

    #[test]
    fn it_moves_on_as_tasks_begin_and_back_when_one_comes_that_goes_first() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("s.db")).unwrap();
        let view = || store.view().unwrap();
        ask(&store, 10, Priority::Normal);
        let mut window = Window { size: 4, ..Window::new(1) };
        let moved = window.fill(&view(), false, |task| task.number() == 2).unwrap();
        assert_eq!(numbers(&moved.come)[..4], [1, 3, 4, 5], "the second is busy");
        let shown = moved.come.len();
        assert!(shown < 9, "not all are looked at: {shown}");
        assert!(!window.is_low());
        assert_eq!(window.fill(&view(), false, |_| false).unwrap(), Moved::default());

        let mut begun = moved.come;
        loop {
            begun.iter().for_each(|task| window.remove(*task));
            let moved = window.fill(&view(), false, |_| false).unwrap();
            assert!(moved.gone.is_empty());
            if moved.come.is_empty() {
                break;
            }
            begun = moved.come;
        }
        assert_eq!(window.first(), None, "each came once");

        let moved = window.fill(&view(), true, |_| false).unwrap();
        assert_eq!(numbers(&moved.come)[..4], [1, 2, 3, 4]);
        window.pass_over(moved.come[0]);
        ask(&store, 9, Priority::Highest);
        let moved = window.fill(&view(), true, |_| false).unwrap();
        assert_eq!(numbers(&moved.come)[..4], [11, 12, 13, 14]);
        assert_eq!(numbers(&moved.gone)[..3], [2, 3, 4]);
        assert_eq!(window.first().map(TaskId::number), Some(11));
    }
}
