//! Sandboxes that stand before anybody asks for them. Most commands of a task are run in
//! sandboxes that are built from the same, and building takes longer than all that follows; so
//! when the same has been asked for before, another is raised while the command of the last one
//! runs.
//!
//! It is used once, as any other. What is never shared is what a command may have touched.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::process::Child;
use tokio::runtime::{Handle, Id};
use tokio::sync::oneshot;

use super::engine_side;
use crate::spec::Frame;

/// How many stand at a time, and how many frames that were asked for are remembered. With more
/// than these in turn none would be used before it had to make room.
const MOST: usize = 2;
/// How long one stands. While it does, what it shows of the host can't be unmounted there, and
/// its few copies of files in `/etc` stay as they were.
const KEPT: Duration = Duration::from_secs(60);
/// How long a command runs before another sandbox is raised beside it: longer than it takes to
/// start one, so that this doesn't take longer for it.
const BESIDE: Duration = Duration::from_millis(20);

#[derive(Debug, Default)]
pub(super) struct Spares(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    standing: VecDeque<Spare>,
    asked: VecDeque<Frame>,
    raised: u64,
}

#[derive(Debug)]
struct Spare {
    number: u64,
    frame: Frame,
    shim: Child,
    /// The runtime that hears of its end.
    runtime: Id,
}

impl Spares {
    /// One that is built from this, if any stands.
    pub(super) fn take(&self, frame: &Frame) -> Option<Child> {
        let here = Handle::current().id();
        let mut kept = self.kept();
        while let Some(at) = kept.standing.iter().position(|spare| spare.frame == *frame) {
            let Spare { mut shim, runtime, .. } = kept.standing.remove(at)?;
            if runtime == here && matches!(shim.try_wait(), Ok(None)) {
                return Some(shim);
            }
        }
        None
    }

    /// Raises one for whoever asks next, if this is not the first time that somebody does. It
    /// is gone after a while, or with the last who could ask. It is out of the way of the run that
    /// has just begun: raised when that has gone on for a while, or is over, in that the other end
    /// of `run` is gone.
    pub(super) fn raise_another(self: &Arc<Self>, frame: Frame, run: oneshot::Receiver<()>) {
        if frame.ways.any() || !frame.place.can_stand_first() || !self.kept().is_usual(&frame) {
            return;
        }
        let spares = Arc::downgrade(self);
        tokio::spawn(async move {
            let _ = tokio::time::timeout(BESIDE, run).await;
            if spares.upgrade().is_none_or(|spares| spares.kept().is_enough(&frame)) {
                return;
            }
            // If it can't be raised, who asks for one hears why.
            let Ok(shim) = engine_side::raise(&frame).await else { return };
            let Some(number) = spares.upgrade().map(|spares| spares.kept().add(frame, shim)) else {
                return;
            };
            tokio::time::sleep(KEPT).await;
            if let Some(spares) = spares.upgrade() {
                spares.kept().standing.retain(|spare| spare.number != number);
            }
        });
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    /// Whether it has been asked for lately; it has now.
    fn is_usual(&mut self, frame: &Frame) -> bool {
        let known = self.asked.iter().position(|asked| asked == frame);
        let asked = known.and_then(|at| self.asked.remove(at));
        self.asked.push_front(asked.unwrap_or_else(|| frame.clone()));
        self.asked.truncate(MOST);
        known.is_some()
    }

    fn is_enough(&self, frame: &Frame) -> bool {
        self.standing.iter().filter(|spare| spare.frame == *frame).count() >= MOST
    }

    /// The oldest make room. Returns its number.
    fn add(&mut self, frame: Frame, shim: Child) -> u64 {
        self.raised += 1;
        let runtime = Handle::current().id();
        self.standing.push_back(Spare { number: self.raised, frame, shim, runtime });
        if self.standing.len() > MOST {
            self.standing.pop_front();
        }
        self.raised
    }
}
