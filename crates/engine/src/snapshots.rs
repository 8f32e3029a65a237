//! Snapshots of the person's files, one at a time for each folder: all who have asked for one by
//! the time that it begins are served by it, since it shows the files as they are after each of
//! them asked. So a thousand tasks that begin together do not read the same files a thousand
//! times.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use tenfold_workspace::{Snapshot, Workspace};
use tokio::sync::oneshot;

use crate::EngineError;
use crate::engine::blocking;

/// Who asks: the name that the commit is kept under, and where to send what came of it.
type Asked = (String, oneshot::Sender<Snapshot>);

/// All who wait for a snapshot.
#[derive(Debug, Default)]
pub(crate) struct Snapshots {
    lines: Mutex<HashMap<PathBuf, Arc<Line>>>,
}

/// Those of one folder.
#[derive(Debug, Default)]
struct Line {
    waiting: Mutex<Vec<Asked>>,
    /// Held by whoever takes one, for all.
    turn: tokio::sync::Mutex<()>,
}

impl Snapshots {
    /// A snapshot that begins after this was called, kept under this name.
    ///
    /// # Errors
    /// As for [`Workspace::snapshot`].
    pub(crate) async fn take(
        &self,
        workspace: &Arc<Workspace>,
        name: String,
    ) -> Result<Snapshot, EngineError> {
        let root = workspace.root();
        let line = Arc::clone(self.lines().entry(root.to_owned()).or_default());
        let snapshot = |names: Vec<String>| {
            let workspace = Arc::clone(workspace);
            blocking(move || {
                let snapshot = workspace.snapshot()?;
                workspace.keep_all(names.iter().map(|name| (name.as_str(), &snapshot.commit)))?;
                Ok(snapshot)
            })
        };
        let taken = line.take(name, snapshot).await;
        let mut lines = self.lines();
        drop(line);
        // Nobody joins while the lines are held.
        if lines.get(root).is_some_and(|line| Arc::strong_count(line) == 1) {
            lines.remove(root);
        }
        taken
    }

    fn lines(&self) -> std::sync::MutexGuard<'_, HashMap<PathBuf, Arc<Line>>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Line {
    /// `snapshot` takes one and keeps it under some names.
    async fn take<F: Future<Output = Result<Snapshot, EngineError>>>(
        &self,
        name: String,
        snapshot: impl Fn(Vec<String>) -> F,
    ) -> Result<Snapshot, EngineError> {
        loop {
            let (send, mut served) = oneshot::channel();
            self.waiting().push((name.clone(), send));
            let turn = self.turn.lock().await;
            match served.try_recv() {
                Ok(snapshot) => return Ok(snapshot),
                // Whoever took one for all was interrupted, or it failed: once more, for itself.
                Err(oneshot::error::TryRecvError::Closed) => continue,
                Err(oneshot::error::TryRecvError::Empty) => {}
            }
            let mut all = std::mem::take(&mut *self.waiting());
            // Who has gone away is no reason to keep anything.
            all.retain(|(_, waits)| !waits.is_closed());
            let names = all.iter().map(|(name, _)| name.clone()).collect();
            let snapshot = snapshot(names).await?;
            drop(turn);
            for (_, waits) in all {
                let _ = waits.send(snapshot.clone());
            }
            return Ok(snapshot);
        }
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, Vec<Asked>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    fn of(number: usize) -> Snapshot {
        let commit = format!("{number:040x}").parse().unwrap();
        Snapshot { commit, notes: Vec::new() }
    }

    #[tokio::test]
    async fn who_asks_while_one_is_taken_is_served_by_the_next() {
        let (line, taken) = (Line::default(), RefCell::new(Vec::new()));
        let snapshot = |names: Vec<String>| {
            let number = taken.borrow().len();
            taken.borrow_mut().push(names.len());
            async move {
                tokio::task::yield_now().await;
                Ok(of(number))
            }
        };
        let ask = |name: usize| line.take(name.to_string(), snapshot);
        let (first, second, third) = tokio::join!(ask(1), ask(2), ask(3));
        assert_eq!(first.unwrap(), of(0));
        assert_eq!((second.unwrap(), third.unwrap()), (of(1), of(1)), "it began after they asked");
        assert_eq!(taken.take(), [1, 2]);
    }

    #[tokio::test]
    async fn one_that_fails_is_taken_again_by_each_who_waits() {
        let (line, calls) = (Line::default(), RefCell::new(0));
        let calls = &calls;
        let snapshot = |_: Vec<String>| async move {
            tokio::task::yield_now().await;
            *calls.borrow_mut() += 1;
            match *calls.borrow() {
                3 => Ok(of(3)),
                _ => Err(EngineError::NoTask(tenfold_domain::TaskId::new(1).unwrap())),
            }
        };
        let ask = || line.take("a".to_owned(), snapshot);
        let (first, second, third) = tokio::join!(ask(), ask(), ask());
        assert!(first.is_err() && second.is_err());
        assert_eq!(third.unwrap(), of(3));
    }
}
