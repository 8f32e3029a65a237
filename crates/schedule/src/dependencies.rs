//! Which tasks wait for which. Apart, because it is a graph and nothing else: it knows neither
//! shares nor room. It never begins a task.

use std::collections::{BTreeSet, HashMap, HashSet};

use tenfold_domain::TaskId;

/// The tasks that wait for others, and what became of those.
#[derive(Debug, Clone, Default)]
pub(crate) struct Dependencies {
    /// For each task that waits: those that it still waits for.
    waits_for: HashMap<TaskId, BTreeSet<TaskId>>,
    /// For each task that is waited for: those that wait.
    waited_for_by: HashMap<TaskId, BTreeSet<TaskId>>,
    solved: HashSet<TaskId>,
    unsolved: HashSet<TaskId>,
}

impl Dependencies {
    /// Lets `task` wait for those of `after` that are not solved; whether there are any.
    ///
    /// # Errors
    /// The circle that this would make, from the task and back to it.
    pub(crate) fn add(&mut self, task: TaskId, after: &[TaskId]) -> Result<bool, Vec<TaskId>> {
        let unmet: BTreeSet<_> =
            after.iter().copied().filter(|dep| !self.solved.contains(dep)).collect();
        if unmet.is_empty() {
            return Ok(false);
        }
        if let Some(circle) = self.circle(task, &unmet) {
            return Err(circle);
        }
        for dep in &unmet {
            self.waited_for_by.entry(*dep).or_default().insert(task);
        }
        self.waits_for.insert(task, unmet);
        Ok(true)
    }

    /// The circle that would be closed if `task` waited for `unmet`. Only a task that is
    /// waited for can close one, so that for most nothing is searched.
    fn circle(&self, task: TaskId, unmet: &BTreeSet<TaskId>) -> Option<Vec<TaskId>> {
        if !self.waited_for_by.contains_key(&task) && !unmet.contains(&task) {
            return None;
        }
        let mut came_from: HashMap<TaskId, TaskId> = unmet.iter().map(|dep| (*dep, task)).collect();
        let mut to_visit: Vec<TaskId> = unmet.iter().copied().collect();
        while let Some(at) = to_visit.pop() {
            if at == task {
                return Some(way_back(task, &came_from));
            }
            for dep in self.waits_for.get(&at).into_iter().flatten() {
                if !came_from.contains_key(dep) {
                    came_from.insert(*dep, at);
                    to_visit.push(*dep);
                }
            }
        }
        None
    }

    /// The task waits for nothing any more; others may still wait for it.
    pub(crate) fn remove(&mut self, task: TaskId) {
        for dep in self.waits_for.remove(&task).unwrap_or_default() {
            self.forget_edge(dep, task);
        }
    }

    fn forget_edge(&mut self, dep: TaskId, task: TaskId) {
        if let Some(waiting) = self.waited_for_by.get_mut(&dep) {
            waiting.remove(&task);
            if waiting.is_empty() {
                self.waited_for_by.remove(&dep);
            }
        }
    }

    /// The task is solved: returns those that now wait for nothing.
    pub(crate) fn solved(&mut self, task: TaskId) -> Vec<TaskId> {
        self.unsolved.remove(&task);
        self.solved.insert(task);
        let waiting = self.waited_for_by.remove(&task).unwrap_or_default();
        waiting.into_iter().filter(|waiting| self.met(*waiting, task)).collect()
    }

    /// Strikes `dep` from what `task` waits for; whether it was the last.
    fn met(&mut self, task: TaskId, dep: TaskId) -> bool {
        let Some(unmet) = self.waits_for.get_mut(&task) else { return false };
        unmet.remove(&dep);
        let last = unmet.is_empty();
        if last {
            self.waits_for.remove(&task);
        }
        last
    }

    /// The task will not be solved: returns those that wait for it in vain, and those that
    /// wait for these.
    pub(crate) fn unsolved(&mut self, task: TaskId) -> BTreeSet<TaskId> {
        self.solved.remove(&task);
        self.unsolved.insert(task);
        let mut stranded = BTreeSet::new();
        let mut to_visit = vec![task];
        while let Some(at) = to_visit.pop() {
            for waiting in self.waited_for_by.get(&at).into_iter().flatten() {
                if stranded.insert(*waiting) {
                    to_visit.push(*waiting);
                }
            }
        }
        stranded
    }

    /// The task is to be worked on again, whatever became of it before.
    pub(crate) fn reopen(&mut self, task: TaskId) {
        self.solved.remove(&task);
        self.unsolved.remove(&task);
    }

    /// Whether it is known that the task will not be solved.
    pub(crate) fn is_unsolved(&self, task: TaskId) -> bool {
        self.unsolved.contains(&task)
    }

    /// What the task waits for: first what it waits for in vain, if there is such a one.
    pub(crate) fn first_unmet(&self, task: TaskId) -> Option<TaskId> {
        let unmet = self.waits_for.get(&task)?;
        unmet.iter().find(|dep| self.is_unsolved(**dep)).or_else(|| unmet.first()).copied()
    }
}

/// From `task` along what was found and back to it.
fn way_back(task: TaskId, came_from: &HashMap<TaskId, TaskId>) -> Vec<TaskId> {
    let mut circle = vec![task];
    let mut at = task;
    while let Some(before) = came_from.get(&at).copied() {
        circle.push(before);
        at = before;
        if at == task {
            break;
        }
    }
    circle.reverse();
    circle
}
