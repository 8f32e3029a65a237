//! What has changed, for all who look at the page: one reader of the journal, however many look.
//!
//! Changes of tasks carry the place in the journal that they are of, so that who was away goes on
//! from there and misses nothing. How it goes with a task at work is told besides, as it comes:
//! of what is told of a task in a moment only the newest counts.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;
use tenfold_desk::DeskError;
use tenfold_desk::events::TaskChanged;
use tenfold_desk::task::Cards;
use tenfold_domain::{AccountId, Progress, Seq, TaskId};
use tenfold_store::{Changed, TaskRow, View};
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::task::JoinHandle;

use super::house::House;
use crate::problem::Refusal;

/// How long more changes are waited for, so that they are read and told together.
const MOMENT: Duration = Duration::from_millis(25);
/// How often it is told how it goes with tasks at work.
const PROGRESS: Duration = Duration::from_millis(150);
/// How many events are looked at in one go. Who is further behind reads all anew.
pub(super) const EVENTS_MAX: u32 = 5_000;
/// How many moments who reads slowly may be behind. In one there may be a message of each task at
/// work, of some hundred bytes to a few kilobytes.
const BEHIND_MAX: usize = 64;

/// Something to tell. The text is made once for all who are told.
#[derive(Debug, Clone)]
pub(super) enum Message {
    /// A task has changed.
    Task { account: AccountId, text: Arc<str> },
    /// All before this place has been told, and what else has changed by it.
    Upto { seq: Seq, ledger: bool, people: bool },
    /// How it goes with tasks at work, each with who pays for it.
    Progress(Arc<[(AccountId, Arc<str>)]>),
    /// Too much has changed to be told.
    Reset { seq: Seq },
}

/// All that is told in one moment: thousands at work have thousands of messages, and who reads is
/// not behind because they come together.
pub(super) type Moment = Arc<[Message]>;

/// The reader, and who listens to it.
#[derive(Debug)]
pub(super) struct News {
    sender: broadcast::Sender<Moment>,
    work: Mutex<Vec<JoinHandle<()>>>,
}

impl News {
    pub(super) fn new() -> Self {
        Self { sender: broadcast::channel(BEHIND_MAX).0, work: Mutex::default() }
    }

    /// All that is told from now on.
    pub(super) fn listen(&self) -> broadcast::Receiver<Moment> {
        self.sender.subscribe()
    }

    /// Tells all who listen.
    fn tell(&self, messages: Vec<Message>) {
        // It does not matter if nobody does.
        let _ = self.sender.send(messages.into());
    }

    /// How many listen.
    pub(super) fn listeners(&self) -> usize {
        self.sender.receiver_count()
    }

    /// Begins to read. To be called once, within the runtime.
    pub(super) fn begin(&self, house: &Arc<House>) {
        let mut work = self.work();
        work.push(tokio::spawn(follow_journal(Arc::clone(house))));
        work.push(tokio::spawn(follow_work(Arc::clone(house))));
    }

    /// Reads no more.
    pub(super) fn end(&self) {
        self.work().drain(..).for_each(|work| work.abort());
    }

    fn work(&self) -> MutexGuard<'_, Vec<JoinHandle<()>>> {
        self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn follow_journal(house: Arc<House>) {
    let mut newest = house.engine.store().newest();
    let mut told = *newest.borrow_and_update();
    while newest.changed().await.is_ok() {
        tokio::time::sleep(MOMENT).await;
        let until = *newest.borrow_and_update();
        if house.news.sender.receiver_count() == 0 {
            told = until;
            continue;
        }
        match tell(&house, told, until).await {
            Ok(seq) => told = seq,
            Err(why) => {
                tracing::warn!("what has changed can't be told: {why}");
                told = until;
                house.news.tell(vec![Message::Reset { seq: until }]);
            }
        }
    }
}

/// Tells what has changed between two places; returns the place that was reached.
async fn tell(house: &Arc<House>, after: Seq, until: Seq) -> Result<Seq, Refusal> {
    if until.0.saturating_sub(after.0) > u64::from(EVENTS_MAX) {
        house.news.tell(vec![Message::Reset { seq: until }]);
        return Ok(until);
    }
    let (messages, seq) = changes(house, after).await?;
    house.news.tell(messages);
    Ok(seq)
}

/// What has changed after a place, as it is told, and up to where that is; of more than
/// [`EVENTS_MAX`] events only that it was too much.
pub(super) async fn changes(
    house: &Arc<House>,
    after: Seq,
) -> Result<(Vec<Message>, Seq), Refusal> {
    let read = move |_: &House, view: &View| {
        let changed = view.changed(after, EVENTS_MAX)?;
        // Who has heard of more than there is has heard of another journal.
        if changed.events >= EVENTS_MAX || (changed.events == 0 && after > view.newest()?) {
            return Ok((Changed { newest: view.newest()?, ..changed }, None));
        }
        let rows = changed.tasks.iter().map(|task| view.task(*task));
        let rows = rows.filter_map(Result::transpose).collect::<Result<Vec<_>, _>>()?;
        Ok((changed, Some(rows)))
    };
    let (Changed { newest, ledger, people, .. }, rows) = house.read(read).await?;
    let Some(rows) = rows else { return Ok((vec![Message::Reset { seq: newest }], newest)) };
    let paths = house.paths(&rows).await?;
    let waiting = house.waiting(&rows).await;
    let tell = move |house: &House, view: &View| {
        let now = house.engine.now();
        let cards = Cards { view, paths: &paths, waiting: &waiting, now };
        let told = |row: &TaskRow| {
            let text = text(&TaskChanged { seq: newest.0, card: cards.of(row)? });
            Ok(Message::Task { account: row.account, text })
        };
        rows.iter().map(told).collect::<Result<Vec<_>, DeskError>>()
    };
    let mut messages = house.read(tell).await?;
    messages.push(Message::Upto { seq: newest, ledger, people });
    Ok((messages, newest))
}

/// All that is told here has text keys, and so a form in JSON.
fn text(told: &impl Serialize) -> Arc<str> {
    serde_json::to_string(told).unwrap_or_default().into()
}

/// What is told of tasks at work between two moments: of each kind and task the newest.
#[derive(Default)]
struct Newest {
    by_task: BTreeMap<(TaskId, &'static str), Progress>,
    notes: Vec<Progress>,
}

impl Newest {
    fn keep(&mut self, progress: Progress) {
        let kind = match &progress {
            Progress::Doing { .. } => "doing",
            Progress::Totals(_) => "totals",
            // The journal tells of ends, too, and notes are few.
            _ => return self.notes.push(progress),
        };
        self.by_task.insert((progress.task(), kind), progress);
    }

    fn take(&mut self) -> Vec<Progress> {
        let newest = std::mem::take(&mut self.by_task).into_values();
        newest.chain(self.notes.drain(..)).collect()
    }
}

async fn follow_work(house: Arc<House>) {
    let mut live = house.engine.live();
    let mut newest = Newest::default();
    let mut accounts: BTreeMap<TaskId, AccountId> = BTreeMap::new();
    let mut ticks = tokio::time::interval(PROGRESS);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            told = live.recv() => match told {
                Ok(progress) => newest.keep(progress),
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            },
            _ = ticks.tick() => {
                let all = newest.take();
                if all.is_empty() || house.news.sender.receiver_count() == 0 {
                    continue;
                }
                let tasks: BTreeSet<TaskId> = all.iter().map(Progress::task).collect();
                learn(&house, &mut accounts, tasks).await;
                // Whose it is has to be known before anybody is told.
                let told = all.iter().filter_map(|progress| {
                    Some((*accounts.get(&progress.task())?, text(progress)))
                });
                house.news.tell(vec![Message::Progress(told.collect())]);
            }
        }
    }
}

/// Learns who pays for these tasks, and forgets all others.
async fn learn(
    house: &Arc<House>,
    accounts: &mut BTreeMap<TaskId, AccountId>,
    tasks: BTreeSet<TaskId>,
) {
    accounts.retain(|task, _| tasks.contains(task));
    let unknown: Vec<TaskId> =
        tasks.into_iter().filter(|task| !accounts.contains_key(task)).collect();
    if unknown.is_empty() {
        return;
    }
    let found = house
        .read(move |_, view| {
            let mut found = Vec::new();
            for task in unknown {
                found.extend(view.task(task)?.map(|row| (task, row.account)));
            }
            Ok(found)
        })
        .await;
    accounts.extend(found.unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_at_work_put_nobody_behind() {
        let news = News::new();
        let mut live = news.listen();
        let told = Message::Task { account: AccountId::DEFAULT, text: "{}".into() };
        for _ in 0..BEHIND_MAX {
            news.tell(vec![told.clone(); 5_000]);
        }
        assert_eq!(live.try_recv().unwrap().len(), 5_000);
        news.tell(vec![told.clone()]);
        news.tell(vec![told]);
        assert!(live.try_recv().is_err(), "who does not read at all is told to read anew");
    }
}
