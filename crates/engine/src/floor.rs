//! The tasks at work in this engine: who watches them, and the person's hand on each. What a
//! task does is told here and kept for those who look later; nothing of it is needed for
//! correctness, since what really happened is in the journal.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tenfold_domain::{Progress, TaskId};
use tokio::sync::{Notify, broadcast, watch};

use crate::EngineError;

/// Tasks that one engine works at the same time.
const AT_WORK_MAX: usize = 10_000;
/// Messages that someone who watches may be behind; of more, the oldest are lost to them.
const BEHIND_MAX: usize = 1_024;
/// Notes of one task that are kept for those who look later.
const NOTES_MAX: usize = 32;
/// Tasks that are not at work any more and of which it is still known here how they went.
const ENDED_MAX: usize = 1_024;

/// What the person wants of a task at work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Will {
    /// That it goes on.
    GoOn,
    /// That it leaves off when what is under way has come to its end.
    Pause,
    /// That it ends at once.
    Stop,
    /// That it leaves off at once, because this process ends.
    Leave,
    /// That it ends at once and waits for money, because its account has spent more than it may.
    Park,
}

/// The task's end of the person's hand.
#[derive(Debug)]
pub(crate) struct Hand {
    /// What is wanted of it.
    pub(crate) will: watch::Receiver<Will>,
    /// Told when the person has said something.
    pub(crate) said: Arc<Notify>,
}

/// Where a task tells how it goes.
#[derive(Debug, Clone)]
pub(crate) struct Teller(Arc<Floor>);

impl Teller {
    pub(crate) fn tell(&self, progress: Progress) {
        self.0.tell(progress);
    }
}

/// All tasks that are at work in this engine, and those that were lately.
#[derive(Debug)]
pub(crate) struct Floor {
    places: Mutex<Places>,
    progress: broadcast::Sender<Progress>,
    /// How many are at work, and how many hold the floor for more to come.
    at_work: watch::Sender<usize>,
    holds: AtomicUsize,
}

/// The places of tasks. Each message passes here, so nothing that is done for one looks at all.
#[derive(Debug, Default)]
struct Places {
    all: BTreeMap<TaskId, Place>,
    at_work: usize,
    /// Those that are not at work any more, which ended first in front.
    ended: VecDeque<TaskId>,
}

/// Keeps the floor from counting as idle between two tasks.
#[derive(Debug)]
pub(crate) struct Hold(Arc<Floor>);

impl Drop for Hold {
    fn drop(&mut self) {
        self.0.holds.fetch_sub(1, Ordering::Relaxed);
        self.0.count(&self.0.places());
    }
}

/// A task's place on the floor.
#[derive(Debug)]
struct Place {
    will: watch::Sender<Will>,
    said: Arc<Notify>,
    notes: VecDeque<Progress>,
    doing: Option<Progress>,
    totals: Option<Progress>,
    /// What came of it, once it is not at work any more.
    last: Option<Progress>,
}

impl Floor {
    pub(crate) fn new() -> Self {
        Self {
            places: Mutex::default(),
            progress: broadcast::channel(BEHIND_MAX).0,
            at_work: watch::channel(0).0,
            holds: AtomicUsize::new(0),
        }
    }

    /// Gives a task its place.
    ///
    /// # Errors
    /// [`EngineError::AtWork`] if it has one; [`EngineError::Full`].
    pub(crate) fn enter(&self, task: TaskId) -> Result<Hand, EngineError> {
        let mut places = self.places();
        if places.at_work(task).is_some() {
            return Err(EngineError::AtWork(task));
        }
        if places.at_work >= AT_WORK_MAX {
            return Err(EngineError::Full { most: AT_WORK_MAX });
        }
        let place = Place::new();
        let hand = Hand { will: place.will.subscribe(), said: Arc::clone(&place.said) };
        places.enter(task, place);
        self.count(&places);
        Ok(hand)
    }

    /// Where the tasks tell how they go.
    pub(crate) fn teller(self: &Arc<Self>) -> Teller {
        Teller(Arc::clone(self))
    }

    fn tell(&self, progress: Progress) {
        let mut places = self.places();
        places.keep(&progress);
        // Within the lock, so that who begins to watch gets each message once.
        let _ = self.progress.send(progress);
        self.count(&places);
    }

    /// Lets the person's will be known; false if the task is not at work.
    pub(crate) fn want(&self, task: TaskId, will: Will) -> bool {
        let places = self.places();
        places.at_work(task).is_some_and(|place| {
            // Who stops it does not want it to go on after all.
            place.will.send_if_modified(|known| {
                let before = *known;
                if !matches!(known, Will::Stop | Will::Leave | Will::Park) {
                    *known = will;
                }
                *known != before
            });
            true
        })
    }

    /// What is wanted of a task at work.
    pub(crate) fn wanted(&self, task: TaskId) -> Option<Will> {
        let places = self.places();
        let will = *places.at_work(task)?.will.borrow();
        Some(will)
    }

    /// Tells a task that the person has said something; false if it is not at work.
    pub(crate) fn said(&self, task: TaskId) -> bool {
        let places = self.places();
        places.at_work(task).is_some_and(|place| {
            place.said.notify_one();
            true
        })
    }

    /// The tasks that are at work.
    pub(crate) fn at_work(&self) -> Vec<TaskId> {
        let places = self.places();
        places.all.iter().filter(|(_, place)| place.is_at_work()).map(|(task, _)| *task).collect()
    }

    /// Has the floor count as at work until this is dropped.
    pub(crate) fn hold(self: &Arc<Self>) -> Hold {
        self.holds.fetch_add(1, Ordering::Relaxed);
        self.count(&self.places());
        Hold(Arc::clone(self))
    }

    /// All that is told from now on.
    pub(crate) fn live(&self) -> broadcast::Receiver<Progress> {
        self.progress.subscribe()
    }

    /// Waits until none is at work.
    pub(crate) async fn idle(&self) {
        let mut count = self.at_work.subscribe();
        // The sender lives as long as this does.
        let _ = count.wait_for(|count| *count == 0).await;
    }

    /// How it goes with one task, or with all that are at work, from where they stand now.
    pub(crate) fn watch(self: &Arc<Self>, task: Option<TaskId>) -> Watching {
        let places = self.places();
        let of = |(id, place): (&TaskId, &Place)| match task {
            Some(task) => (task == *id).then(|| place.so_far()),
            None => place.is_at_work().then(|| place.so_far()),
        };
        let so_far = places.all.iter().filter_map(of).flatten().collect();
        let live = self.progress.subscribe();
        drop(places);
        Watching { floor: Arc::clone(self), task, so_far, live, is_over: false }
    }

    fn count(&self, places: &Places) {
        let count = places.at_work + self.holds.load(Ordering::Relaxed);
        self.at_work.send_if_modified(|known| std::mem::replace(known, count) != count);
    }

    fn places(&self) -> MutexGuard<'_, Places> {
        // Nothing is left half done within the lock.
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Places {
    /// The place of a task that is at work.
    fn at_work(&self, task: TaskId) -> Option<&Place> {
        self.all.get(&task).filter(|place| place.is_at_work())
    }

    fn enter(&mut self, task: TaskId, place: Place) {
        self.ended.retain(|ended| *ended != task);
        self.all.insert(task, place);
        self.at_work += 1;
    }

    fn keep(&mut self, progress: &Progress) {
        let task = progress.task();
        let Some(place) = self.all.get_mut(&task) else { return };
        let was_at_work = place.is_at_work();
        place.keep(progress);
        if was_at_work && !place.is_at_work() {
            self.at_work -= 1;
            self.ended.push_back(task);
        }
        if self.ended.len() > ENDED_MAX
            && let Some(first) = self.ended.pop_front()
        {
            self.all.remove(&first);
        }
    }
}

impl Place {
    fn new() -> Self {
        Self {
            will: watch::channel(Will::GoOn).0,
            said: Arc::new(Notify::new()),
            notes: VecDeque::new(),
            doing: None,
            totals: None,
            last: None,
        }
    }

    fn is_at_work(&self) -> bool {
        self.last.is_none()
    }

    fn keep(&mut self, progress: &Progress) {
        let kept = progress.clone();
        match progress {
            Progress::Doing { .. } => self.doing = Some(kept),
            Progress::Totals(_) => self.totals = Some(kept),
            Progress::Note { .. } => {
                self.notes.push_back(kept);
                if self.notes.len() > NOTES_MAX {
                    self.notes.pop_front();
                }
            }
            Progress::Ended { .. } => {}
            Progress::Worked(_) | Progress::Failed { .. } => self.last = Some(kept),
        }
    }

    fn so_far(&self) -> Vec<Progress> {
        let now = [&self.doing, &self.totals, &self.last];
        self.notes.iter().chain(now.into_iter().flatten()).cloned().collect()
    }
}

/// How it goes with one task or with all of them, as it is told.
#[derive(Debug)]
pub struct Watching {
    floor: Arc<Floor>,
    task: Option<TaskId>,
    so_far: VecDeque<Progress>,
    live: broadcast::Receiver<Progress>,
    is_over: bool,
}

impl Watching {
    /// What is told next; `None` once the task, or the last of all tasks, is not at work any
    /// more. Who is too slow misses some of it, but never the last of it.
    pub async fn next(&mut self) -> Option<Progress> {
        if self.is_over {
            return None;
        }
        loop {
            let next = match self.so_far.pop_front() {
                Some(next) => next,
                None if self.is_idle() => return None,
                None => tokio::select! {
                    biased;
                    told = self.live.recv() => match told {
                        Ok(next) => next,
                        Err(broadcast::error::RecvError::Lagged(_)) => continue,
                        Err(broadcast::error::RecvError::Closed) => return None,
                    },
                    () = self.floor.idle() => continue,
                },
            };
            if self.task.is_some_and(|task| task != next.task()) {
                continue;
            }
            self.is_over = next.is_last() && self.task.is_some();
            return Some(next);
        }
    }

    /// Whether nothing more will be told: what is waited for is not at work, and all that was
    /// told of it has been handed on.
    fn is_idle(&self) -> bool {
        let waits = match self.task {
            Some(task) => self.floor.wanted(task).is_some(),
            None => *self.floor.at_work.borrow() > 0,
        };
        !waits && self.live.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use tenfold_domain::{Problem, ProblemKind};

    use super::*;

    fn task(number: u64) -> TaskId {
        TaskId::new(number).unwrap()
    }

    fn note(number: u64, text: &str) -> Progress {
        Progress::Note { task: task(number), text: text.to_owned() }
    }

    fn end(number: u64) -> Progress {
        let problem = Problem::new(ProblemKind::Usage, "over");
        Progress::Failed { task: task(number), problem }
    }

    async fn all(mut watching: Watching) -> Vec<Progress> {
        let mut told = Vec::new();
        while let Some(progress) = watching.next().await {
            told.push(progress);
        }
        told
    }

    #[tokio::test]
    async fn who_looks_late_sees_what_was_told_and_who_looks_early_sees_it_once() {
        let floor = Arc::new(Floor::new());
        let _one = floor.enter(task(1)).unwrap();
        let _two = floor.enter(task(2)).unwrap();
        let early = floor.watch(Some(task(1)));
        let every = floor.watch(None);
        let teller = floor.teller();
        teller.tell(note(1, "a"));
        teller.tell(note(2, "b"));
        let middle = floor.watch(Some(task(1)));
        teller.tell(end(1));
        let late = floor.watch(Some(task(1)));
        teller.tell(end(2));
        for watching in [early, middle, late] {
            assert_eq!(all(watching).await, [note(1, "a"), end(1)]);
        }
        assert_eq!(all(every).await, [note(1, "a"), note(2, "b"), end(1), end(2)]);
        assert_eq!(all(floor.watch(None)).await, []);
        floor.idle().await;
    }

    #[tokio::test]
    async fn a_task_is_at_work_once_and_can_come_back() {
        let floor = Arc::new(Floor::new());
        let _hand = floor.enter(task(1)).unwrap();
        assert!(matches!(floor.enter(task(1)), Err(EngineError::AtWork(_))));
        assert!(floor.want(task(1), Will::Pause) && !floor.want(task(2), Will::Pause));
        floor.teller().tell(end(1));
        assert!(!floor.want(task(1), Will::Stop) && !floor.said(task(1)));
        let hand = floor.enter(task(1)).unwrap();
        assert_eq!(*hand.will.borrow(), Will::GoOn);
    }

    #[tokio::test]
    async fn of_those_that_ended_only_the_last_are_known() {
        let floor = Arc::new(Floor::new());
        let ended = ENDED_MAX as u64 + 10;
        for number in (1..=ended).chain([11]) {
            floor.enter(task(number)).unwrap();
            floor.teller().tell(end(number));
        }
        let _hand = floor.enter(task(12)).unwrap();
        assert_eq!(floor.at_work(), [task(12)]);
        assert_eq!(floor.places().all.len(), ENDED_MAX);
        assert_eq!(all(floor.watch(Some(task(10)))).await, [], "long ago");
        assert_eq!(all(floor.watch(Some(task(11)))).await, [end(11)], "it came back");
        floor.teller().tell(end(12));
        floor.idle().await;
    }

    #[tokio::test]
    async fn a_stop_is_not_taken_back() {
        let floor = Floor::new();
        let hand = floor.enter(task(1)).unwrap();
        for (will, then) in
            [(Will::Pause, Will::Pause), (Will::GoOn, Will::GoOn), (Will::Stop, Will::Stop)]
        {
            assert!(floor.want(task(1), will));
            assert_eq!(*hand.will.borrow(), then);
        }
        floor.want(task(1), Will::GoOn);
        assert_eq!(*hand.will.borrow(), Will::Stop);
    }

    #[tokio::test]
    async fn a_slow_watcher_still_sees_the_end() {
        let floor = Arc::new(Floor::new());
        let _hand = floor.enter(task(1)).unwrap();
        let slow = floor.watch(Some(task(1)));
        for index in 0..5_000 {
            floor.teller().tell(note(1, &index.to_string()));
        }
        floor.teller().tell(end(1));
        assert_eq!(all(slow).await.last(), Some(&end(1)));
    }
}
