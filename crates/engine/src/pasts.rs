//! What came of attempts so far, fitted, kept for all who ask: fitting all of it takes a second or
//! more, and taking up what one more attempt has come to takes none. It is apart from what is
//! learned of an attempt ([`learned`](crate::learned)) because it is memory: what is kept follows
//! the journal and is what reading it anew would give, but that it is fitted again only when a
//! tenth has come in.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tenfold_domain::{AccountId, AttemptId, Millis, NanoUsd, Seq, TaskId};
use tenfold_forecast::{Past, Trial, Unit};
use tenfold_store::{AttemptRow, TaskRow, View};

use crate::EngineError;
use crate::learned::{Names, about, trial};

/// So many attempts are learned from, the newest.
pub const REMEMBERED: u32 = 100_000;
/// So many more are kept before the oldest go.
const SPARE: u32 = REMEMBERED / 10;
/// So many events are looked through at a time.
const EVENTS: u32 = 10_000;

/// The past in each unit, as far as anybody has asked.
#[derive(Debug, Default)]
pub struct Pasts {
    dollars: Mutex<Option<Kept>>,
    steps: Mutex<Option<Kept>>,
    samples: Mutex<Option<Kept>>,
    seconds: Mutex<Option<Kept>>,
    attempts_read: AtomicU64,
}

/// What came of the attempts so far, the newest 100,000.
#[derive(Debug, Clone)]
pub struct Fitted {
    /// The attempts as trials, ready to be asked.
    pub past: Arc<Past>,
    /// What those have taken that are over and went on from no other, added up.
    pub taken: Arc<HashMap<Who, Taken>>,
}

/// Who worked, and for whom.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Who {
    /// Who paid.
    pub account: AccountId,
    /// The model.
    pub model: String,
    /// How it worked.
    pub strategy: String,
}

/// What several attempts have taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Taken {
    /// How many they are.
    pub attempts: u64,
    /// What they have cost.
    pub cost: NanoUsd,
    /// How long they have taken.
    pub wall: Millis,
}

impl Pasts {
    /// What came of the attempts up to a view, at least: it may have been asked for in a newer one
    /// already. Who asks while it is read waits.
    ///
    /// # Errors
    /// What the store says.
    pub fn of(&self, view: &View, unit: Unit) -> Result<Fitted, EngineError> {
        let place = match unit {
            Unit::Dollars => &self.dollars,
            Unit::Steps => &self.steps,
            Unit::Samples => &self.samples,
            Unit::Seconds => &self.seconds,
        };
        let mut place = place.lock().unwrap_or_else(PoisonError::into_inner);
        // It is out of its place meanwhile, so that what was taken up in part is not kept.
        let known = match place.take() {
            Some(known) => known.go_on(view)?,
            None => None,
        };
        let (kept, read) = match known {
            Some(known) => known,
            None => Kept::read(view, unit)?,
        };
        self.attempts_read.fetch_add(read, Ordering::Relaxed);
        Ok(place.insert(kept).fitted.clone())
    }

    /// How many attempts were read for all answers so far.
    pub fn attempts_read(&self) -> u64 {
        self.attempts_read.load(Ordering::Relaxed)
    }
}

/// The past in one unit, and how far it was read.
#[derive(Debug)]
struct Kept {
    unit: Unit,
    fitted: Fitted,
    /// What is in it of each attempt that is over.
    attempts: HashMap<AttemptId, Over>,
    /// All up to here is in.
    place: Seq,
}

/// What is in a past of an attempt.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Over {
    trial: Option<Trial>,
    cost: NanoUsd,
    wall: Millis,
}

impl Kept {
    /// All of it, and how many attempts that is.
    fn read(view: &View, unit: Unit) -> Result<(Self, u64), EngineError> {
        let fitted = Fitted { past: Arc::new(Past::new(unit)), taken: Arc::default() };
        let mut kept = Self { unit, fitted, attempts: HashMap::new(), place: view.newest()? };
        let mut read = 0;
        view.newest_attempts(REMEMBERED, |task, attempts| {
            read += attempts.len() as u64;
            for attempt in attempts {
                kept.take_up(task, attempt);
            }
        })?;
        Arc::make_mut(&mut kept.fitted.past).refit();
        Ok((kept, read))
    }

    /// Takes up what was recorded since; `None` if it has to be read anew: something has become of
    /// an attempt that is in it already, or it has grown too large.
    fn go_on(mut self, view: &View) -> Result<Option<(Self, u64)>, EngineError> {
        let mut read = 0;
        loop {
            let changed = view.changed(self.place, EVENTS)?;
            // Steps of an attempt that is not over say nothing yet, and of a thousand at work they
            // are nearly all that is recorded.
            let over = changed.stepped.iter().filter(|attempt| self.attempts.contains_key(attempt));
            let tasks: BTreeSet<TaskId> =
                changed.turned.iter().chain(over).map(|attempt| attempt.task).collect();
            for task in tasks {
                let Some(row) = view.task(task)? else { continue };
                let attempts = view.attempts(task)?;
                read += attempts.len() as u64;
                if !attempts.iter().all(|attempt| self.take_up(&row, attempt)) {
                    return Ok(None);
                }
            }
            self.place = changed.newest;
            if changed.events < EVENTS {
                break;
            }
        }
        if self.attempts.len() > (REMEMBERED + SPARE) as usize {
            return Ok(None);
        }
        if self.fitted.past.is_due() {
            Arc::make_mut(&mut self.fitted.past).refit();
        }
        Ok(Some((self, read)))
    }

    /// Takes up an attempt if it is over; says whether that is all, and what was taken up of it
    /// before holds.
    fn take_up(&mut self, task: &TaskRow, attempt: &AttemptRow) -> bool {
        let over = attempt.ended.as_ref().map(|_| Over {
            trial: trial(task, attempt, self.unit),
            cost: attempt.cost,
            wall: attempt.wall,
        });
        match (self.attempts.get(&attempt.id), over) {
            (None, Some(over)) => self.add((task, attempt), over),
            (was, over) => return was == over.as_ref(),
        }
        true
    }

    fn add(&mut self, (task, attempt): (&TaskRow, &AttemptRow), over: Over) {
        self.attempts.insert(attempt.id, over);
        let strategy = attempt.strategy.to_string();
        if let Some(trial) = over.trial {
            let (names, past) = (Names::of(task), Arc::make_mut(&mut self.fitted.past));
            // What can't be a trial says nothing.
            let _ = past.add(&about(task, &names, &attempt.model, &strategy), trial);
        }
        if !attempt.forked {
            let who = Who { account: task.account, model: attempt.model.clone(), strategy };
            let taken = Arc::make_mut(&mut self.fitted.taken).entry(who).or_default();
            taken.attempts += 1;
            taken.cost = NanoUsd(taken.cost.0.saturating_add(over.cost.0));
            taken.wall = Millis(taken.wall.0.saturating_add(over.wall.0));
        }
    }
}
