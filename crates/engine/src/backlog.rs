//! Working the backlog: tasks that were asked for and not begun, and those that were interrupted,
//! as many at a time as may be, in the order of [`tenfold_schedule`]. What is decided there is
//! decided on rows of the journal, of which only the next are looked at (`window`); nothing here is
//! kept for longer than the work goes on.

mod window;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tenfold_domain::{
    BacklogEnd, BacklogOutcome, BacklogTerms, Bytes, Millis, NanoUsd, Parked, Progress, TaskId,
    TaskSpec, TaskState, Timestamp,
};
use tenfold_models::Model;
use tenfold_schedule::{Entry, Expected, Host, Limits, Needs, Refused, Scheduler, Used, Why};
use tenfold_store::{TaskQuery, TaskRow, View};
use tokio::sync::{Notify, broadcast, mpsc, oneshot};
use tokio::time::Instant;

use self::window::Window;
use crate::floor::{Hold, Will};
use crate::supervise::How;
use crate::{Engine, EngineError};

/// How many that there is not the money for are passed over before what is left is let be.
const MISFITS: usize = 64;
/// A whole core, in thousandths.
const CORE: u64 = 1_000;

/// The backlog's place in an engine: whether it is worked, and how that goes.
#[derive(Debug, Default)]
pub(crate) struct Backlog {
    so_far: Mutex<BacklogOutcome>,
    /// Where whoever works it is asked about what waits.
    questions: Mutex<Option<mpsc::UnboundedSender<Question>>>,
    /// Told when a task was asked for or reviewed, or nothing more is to be begun.
    stirred: Notify,
}

/// Why some tasks are not begun yet.
#[derive(Debug)]
struct Question {
    tasks: Vec<TaskId>,
    answer: oneshot::Sender<Vec<(TaskId, String)>>,
}

impl Backlog {
    pub(crate) fn so_far(&self) -> BacklogOutcome {
        self.so_far.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn is_to_end(&self) -> bool {
        self.so_far.lock().unwrap_or_else(PoisonError::into_inner).is_to_end
    }

    /// Tells who works it that tasks were asked for or reviewed.
    pub(crate) fn stir(&self) {
        self.stirred.notify_one();
    }

    fn set(&self, change: impl FnOnce(&mut BacklogOutcome)) {
        change(&mut self.so_far.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Has questions go there from now on.
    fn hand_questions_to(&self, shift: Option<mpsc::UnboundedSender<Question>>) {
        *self.questions.lock().unwrap_or_else(PoisonError::into_inner) = shift;
    }
}

/// Why a task that nobody works on waits now, by what the journal tells.
///
/// # Errors
/// What the store says.
pub fn why_not_begun(view: &View, row: &TaskRow, now: Timestamp) -> Result<String, EngineError> {
    if let Some(parked) = row.parked {
        return Ok(format!("waits {parked}"));
    }
    if let Some(why) = held_up(view, row)? {
        return Ok(why);
    }
    let late = row.standing.deadline.is_some_and(|deadline| deadline < now);
    let not_begun = "not started: `tenfold start`, or the page's Plan, works the backlog";
    Ok(match late {
        true => format!("{not_begun}; its deadline is over"),
        false => not_begun.to_owned(),
    })
}

/// What holds a task up, if anything does: one that it comes after and that is not accepted. Only
/// once that is accepted its work is in the person's files.
fn held_up(view: &View, row: &TaskRow) -> Result<Option<String>, EngineError> {
    for task in &row.standing.after {
        match view.task(*task)?.map(|row| row.state) {
            Some(TaskState::Accepted) => {}
            Some(TaskState::Rejected) | None => {
                return Ok(Some(format!(
                    "waits in vain for task {task}, which was not solved: reopen that one, or ask \
                     for this one again without it"
                )));
            }
            Some(_) => return Ok(Some(format!("waits for task {task}"))),
        }
    }
    Ok(None)
}

impl Engine {
    /// Begins to work the backlog, and goes on whether or not anybody watches.
    ///
    /// # Errors
    /// [`EngineError::BacklogAtWork`] if it is worked already; what the store says.
    pub fn start(self: &Arc<Self>, terms: BacklogTerms) -> Result<(), EngineError> {
        let mut refused = false;
        self.backlog.set(|so_far| {
            refused = so_far.is_at_work;
            if !refused {
                *so_far = BacklogOutcome { is_at_work: true, ..BacklogOutcome::default() };
            }
        });
        if refused {
            return Err(EngineError::BacklogAtWork);
        }
        let (engine, hold) = (Arc::clone(self), self.floor.hold());
        let live = self.floor.live();
        let (ask, questions) = mpsc::unbounded_channel();
        self.backlog.hand_questions_to(Some(ask));
        tokio::spawn(async move {
            let ended = Shift::new(&engine, terms, (live, questions)).work().await;
            engine.backlog.hand_questions_to(None);
            engine.backlog.set(|so_far| {
                so_far.is_at_work = false;
                match ended {
                    Ok(end) => so_far.end = Some(end),
                    Err(error) => so_far.problem = Some(error.problem()),
                }
            });
            drop::<Hold>(hold);
        });
        Ok(())
    }

    /// Begins no more tasks of the backlog, and interrupts those that are at work; the next time
    /// that it is worked they are gone on with.
    pub fn stop_backlog(&self) {
        self.backlog.set(|so_far| so_far.is_to_end = true);
        for task in self.backlog.so_far().at_work {
            self.floor.want(task, Will::Leave);
        }
        self.backlog.stir();
    }

    /// Why tasks are not begun yet, in words for people, as long as the backlog is worked; nothing
    /// of those that it does not wait with.
    pub async fn why_waiting(&self, tasks: Vec<TaskId>) -> Vec<(TaskId, String)> {
        let (answer, answered) = oneshot::channel();
        let asked = {
            let questions = self.backlog.questions.lock().unwrap_or_else(PoisonError::into_inner);
            questions.as_ref().is_some_and(|ask| ask.send(Question { tasks, answer }).is_ok())
        };
        match asked {
            true => answered.await.unwrap_or_default(),
            false => Vec::new(),
        }
    }

    /// How the work on the backlog goes, or how it went.
    pub fn backlog(&self) -> BacklogOutcome {
        self.backlog.so_far()
    }
}

/// One time that the backlog is worked.
struct Shift<'e> {
    engine: &'e Arc<Engine>,
    terms: BacklogTerms,
    scheduler: Scheduler,
    live: broadcast::Receiver<Progress>,
    questions: mpsc::UnboundedReceiver<Question>,
    began: Instant,
    window: Window,
    /// Whether tasks may have come that go before those in the window.
    is_stirred: bool,
    at_work: BTreeMap<TaskId, AtWork>,
    /// Those that there is not the money for, as long as others may give some of theirs back.
    misfits: Vec<Entry>,
    /// When a provider lets something through again, and the task that waits for it.
    lifts: Option<(Timestamp, TaskId)>,
    /// The same, as it was said last.
    said: Option<(Timestamp, TaskId)>,
    spent: NanoUsd,
}

/// A task of the backlog at work.
#[derive(Clone, Copy)]
struct AtWork {
    /// The most that it may cost here.
    most: NanoUsd,
    /// What it had cost before.
    before: NanoUsd,
    began: Instant,
}

impl<'e> Shift<'e> {
    fn new(
        engine: &'e Arc<Engine>,
        terms: BacklogTerms,
        (live, questions): (broadcast::Receiver<Progress>, mpsc::UnboundedReceiver<Question>),
    ) -> Self {
        let cores = engine.around.cores as u64;
        // What each holds of the machine is a place; how many there are is the person's word.
        let host = Host {
            name: "here".to_owned(),
            millicores: CORE * cores.max(u64::from(terms.at_once)),
            memory: Bytes(u64::MAX),
        };
        let limits = Limits {
            at_once: terms.at_once,
            provider: terms.at_once,
            repository: terms.at_once,
            hosts: vec![host],
            ..Limits::default()
        };
        Self {
            engine,
            terms,
            scheduler: Scheduler::new(limits),
            live,
            questions,
            began: Instant::now(),
            window: Window::new(terms.at_once),
            is_stirred: false,
            at_work: BTreeMap::new(),
            misfits: Vec::new(),
            lifts: None,
            said: None,
            spent: NanoUsd::ZERO,
        }
    }

    async fn work(mut self) -> Result<BacklogEnd, EngineError> {
        self.lifts = self.engine.wake_parked().await?;
        loop {
            if self.lifts.is_some_and(|(at, _)| at <= self.engine.around.now()) {
                self.lifts = self.engine.wake_parked().await?;
                self.is_stirred = true;
            }
            let is_to_end = self.engine.backlog.is_to_end() || self.is_out_of_time();
            if !is_to_end {
                self.begin_next()?;
            }
            let rests = self.at_work.is_empty();
            let stays = self.terms.stays || self.lifts.is_some();
            if rests && (is_to_end || !stays) {
                return self.end();
            }
            self.tell()?;
            if rests {
                self.say_why_it_rests();
            }
            self.wait().await;
        }
    }

    /// Says, once, that all that is left waits for a provider.
    fn say_why_it_rests(&mut self) {
        let Some((at, task)) = self.lifts.filter(|_| self.lifts != self.said) else { return };
        self.said = self.lifts;
        let text = format!(
            "task {task} waits, and nothing else can be done, until its model's provider lets \
             something through, at {at}"
        );
        self.engine.floor.teller().tell(Progress::Note { task, text });
    }

    /// Waits until something has changed that may let another begin.
    async fn wait(&mut self) {
        // Once the time is over, only an end of what is at work changes anything.
        let is_over = self.is_out_of_time();
        let left = self.terms.time.filter(|_| !is_over);
        let left = left.map(|time| Duration::from(time).saturating_sub(self.began.elapsed()));
        let now = self.engine.around.now();
        let lifts = self.lifts.filter(|_| !is_over).map(|(at, _)| at.since(now).into());
        let next = left.into_iter().chain(lifts).min();
        let over = async move {
            match next {
                Some(left) => tokio::time::sleep(left).await,
                None => std::future::pending().await,
            }
        };
        tokio::pin!(over);
        loop {
            let has_changed = tokio::select! {
                biased;
                () = self.engine.backlog.stirred.notified() => {
                    self.is_stirred = true;
                    true
                }
                Some(Question { tasks, answer }) = self.questions.recv() => {
                    let why = |task: TaskId| Some((task, self.why_waiting(task)?));
                    // Who asked may be gone.
                    let _ = answer.send(tasks.into_iter().filter_map(why).collect());
                    false
                }
                () = &mut over => true,
                told = self.live.recv() => match told {
                    Ok(progress) => self.hear(&progress),
                    Err(_) => self.count_anew(),
                },
            };
            if has_changed {
                break;
            }
        }
    }

    /// Looks at those tasks that are next, as far as there may be room for them soon.
    fn look(&mut self) -> Result<(), EngineError> {
        let anew = std::mem::take(&mut self.is_stirred);
        if !anew && !self.window.is_low() {
            return Ok(());
        }
        let view = self.engine.store.view()?;
        let floor: BTreeSet<TaskId> = self.engine.at_work().into_iter().collect();
        let moved = self.window.fill(&view, anew, |task| floor.contains(&task))?;
        for task in moved.gone {
            self.scheduler.withdraw(task, self.engine.around.now());
        }
        for task in moved.come {
            if let Some(row) = view.task(task)? {
                self.admit(&view, &row)?;
            }
        }
        Ok(())
    }

    fn admit(&mut self, view: &View, row: &TaskRow) -> Result<(), EngineError> {
        let Some(spec) = view.spec(row.id)? else { return Ok(()) };
        let entry = self.entry(row, &spec);
        match self.scheduler.admit(&entry, self.engine.around.now()) {
            // One that there was not the money for waits there without having left.
            Ok(()) | Err(Refused::Admitted(_)) => {}
            Err(why) => {
                let text = format!("not begun: {why}");
                self.engine.floor.teller().tell(Progress::Note { task: row.id, text });
                self.window.pass_over(row.id);
            }
        }
        Ok(())
    }

    fn entry(&self, row: &TaskRow, spec: &TaskSpec) -> Entry {
        let provider = match self.engine.catalogue().and_then(|all| Ok(all.model(&spec.model)?)) {
            Ok(Model::Hosted(hosted)) => hosted.name,
            _ => "the embedded model".to_owned(),
        };
        Entry {
            task: row.id,
            account: row.account,
            arrived: row.asked_at,
            standing: row.standing.clone(),
            expected: Expected { cost: spec.budget.money, wall: spec.budget.time },
            needs: Needs {
                provider,
                repository: spec.workspace.clone(),
                millicores: CORE,
                memory: Bytes(0),
            },
        }
    }

    fn begin_next(&mut self) -> Result<(), EngineError> {
        for entry in std::mem::take(&mut self.misfits) {
            let _ = self.scheduler.admit(&entry, self.engine.around.now());
        }
        self.look()?;
        while self.misfits.len() < MISFITS
            && let Some(task) = self.scheduler.next(self.engine.around.now())
        {
            self.window.remove(task);
            self.look()?;
            let row = self.engine.row(task)?;
            let most = row.budget.money.saturating_sub(row.spent);
            if !self.has_money_for(most) {
                self.set_aside(&row)?;
                continue;
            }
            match self.engine.begin(task, How::default()) {
                Ok(()) => {
                    let (before, began) = (row.spent, Instant::now());
                    self.at_work.insert(task, AtWork { most, before, began });
                    self.engine.backlog.set(|so_far| so_far.begun += 1);
                }
                // Somebody has begun it meanwhile, or it can't be worked on.
                Err(EngineError::AtWork(_) | EngineError::NotOpen { .. }) => {
                    self.scheduler.withdraw(task, self.engine.around.now());
                }
                Err(error @ EngineError::Full { .. }) if self.at_work.is_empty() => {
                    return Err(error);
                }
                Err(EngineError::Full { .. }) => {
                    self.set_aside(&row)?;
                    break;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Passes a task over until another has ended.
    fn set_aside(&mut self, row: &TaskRow) -> Result<(), EngineError> {
        self.scheduler.withdraw(row.id, self.engine.around.now());
        if let Some(spec) = self.engine.store.view()?.spec(row.id)? {
            self.misfits.push(self.entry(row, &spec));
        }
        Ok(())
    }

    /// Whether what is spent, what those at work may still cost, and this together stay within
    /// the budget: it is never passed, whatever they do.
    fn has_money_for(&self, most: NanoUsd) -> bool {
        let Some(budget) = self.terms.money else { return true };
        let promised = self.at_work.values().map(|at_work| at_work.most);
        let all = promised.chain([self.spent, most]);
        all.fold(0, |sum: u64, each| sum.saturating_add(each.0)) <= budget.0
    }

    /// Why a task is not begun yet; `None` if it does not wait here.
    fn why_waiting(&self, task: TaskId) -> Option<String> {
        if let Some(misfit) = self.misfits.iter().find(|misfit| misfit.task == task) {
            let most = misfit.expected.cost;
            return Some(format!(
                "it may cost {most}, and there is not as much left of the budget"
            ));
        }
        let view = self.engine.store.view().ok()?;
        let row = view.task(task).ok()??;
        let may_be_next = matches!(row.state, TaskState::Queued | TaskState::Working)
            && !self.window.is_passed(task)
            && self.engine.floor.wanted(task).is_none();
        if !may_be_next {
            return None;
        }
        if let Some(why) = held_up(&view, &row).ok()? {
            return Some(why);
        }
        if self.engine.backlog.is_to_end() {
            return Some("nothing more is begun: the backlog was stopped".to_owned());
        }
        if self.is_out_of_time() {
            return Some("nothing more is begun: the time is over".to_owned());
        }
        // Who is not looked at yet comes after all who are.
        let why = self.scheduler.why_waiting(task).or_else(|| {
            let first = self.window.first()?;
            let why = self.scheduler.why_waiting(first)?;
            Some(if why == Why::Next { Why::Turn(first) } else { why })
        });
        why.map(|why| why.to_string())
    }

    fn is_out_of_time(&self) -> bool {
        self.terms.time.is_some_and(|time| Millis::from(self.began.elapsed()) >= time)
    }

    /// Whether a task of the backlog has ended by what is told: all else that a task tells, many
    /// times a second, lets no other begin.
    fn hear(&mut self, progress: &Progress) -> bool {
        let last = Some(progress.task()).filter(|_| progress.is_last());
        let Some((task, known)) = last.and_then(|task| self.at_work.remove_entry(&task)) else {
            return false;
        };
        let asks = matches!(progress, Progress::Worked(outcome) if outcome.waits.is_some());
        self.ended(task, known, asks);
        true
    }

    /// Somebody told more than could be heard: who is not on the floor any more has ended.
    fn count_anew(&mut self) -> bool {
        let floor = self.engine.at_work();
        let gone: Vec<TaskId> =
            self.at_work.keys().filter(|task| !floor.contains(task)).copied().collect();
        for task in &gone {
            if let Some(known) = self.at_work.remove(task) {
                self.ended(*task, known, false);
            }
        }
        !gone.is_empty()
    }

    fn ended(&mut self, task: TaskId, at_work: AtWork, asks: bool) {
        let row = self.engine.row(task).ok();
        let lifts = row.as_ref().and_then(|row| Some((row.parked?.lifts()?, task)));
        self.lifts = self.lifts.into_iter().chain(lifts).min();
        // Its work broke, or was cut off; begun again at once, it would be so for ever.
        if row.as_ref().is_none_or(|row| {
            matches!(row.state, TaskState::Queued | TaskState::Working) && !row.woken
        }) {
            self.window.pass_over(task);
        }
        let AtWork { before, most, began } = at_work;
        // What can't be read counts as much as it may have come to: no budget is passed.
        let cost = row.as_ref().map_or(most, |row| row.spent.saturating_sub(before));
        self.spent = NanoUsd(self.spent.0.saturating_add(cost.0));
        let used = Used { cost, wall: began.elapsed().into(), millicores: CORE };
        self.scheduler.ended(task, used, self.engine.around.now());
        let state = row.as_ref().map(|row| row.state);
        let is_verified =
            row.as_ref().and_then(TaskRow::proposal).is_some_and(|proposal| proposal.verified);
        let spent = self.spent;
        self.engine.backlog.set(|so_far| {
            so_far.spent = spent;
            so_far.worked.retain(|before| *before != task);
            so_far.worked.push(task);
            match state {
                Some(TaskState::ToReview) if is_verified => so_far.verified += 1,
                Some(TaskState::ToReview) => so_far.unverified += 1,
                // It waits, and is counted so.
                Some(TaskState::Parked) => {}
                _ if asks => so_far.asking += 1,
                _ => so_far.unsolved += 1,
            }
        });
    }

    fn tell(&self) -> Result<(), EngineError> {
        let how_many = self.engine.store.view()?.how_many(None)?;
        let of = |state| how_many.get(&state).copied().unwrap_or(0);
        let not_waiting = self.engine.at_work().len() as u64 + self.window.passed();
        let open = (of(TaskState::Queued) + of(TaskState::Working)).saturating_sub(not_waiting);
        let waiting = open + of(TaskState::Parked);
        let (at_work, spent) = (self.at_work.keys().copied().collect(), self.spent);
        self.engine.backlog.set(|so_far| {
            so_far.waiting = waiting;
            so_far.at_work = at_work;
            so_far.spent = spent;
        });
        Ok(())
    }

    /// How it ends if something is parked: for want of money, or else of a provider.
    fn parked_end(&self) -> Result<Option<BacklogEnd>, EngineError> {
        let view = self.engine.store.view()?;
        let is_any = view.how_many(None)?.get(&TaskState::Parked).is_some_and(|tasks| *tasks > 0);
        let parked = match is_any {
            true => {
                view.tasks(&TaskQuery { states: vec![TaskState::Parked], ..TaskQuery::default() })?
            }
            false => Vec::new(),
        };
        let wants_money = |row: &TaskRow| matches!(row.parked, Some(Parked::Money { .. }));
        Ok(match parked.is_empty() {
            true => None,
            false if parked.iter().any(wants_money) => Some(BacklogEnd::OutOfMoney),
            false => Some(BacklogEnd::OutOfQuota),
        })
    }

    fn end(&self) -> Result<BacklogEnd, EngineError> {
        self.tell()?;
        Ok(if self.engine.backlog.is_to_end() {
            BacklogEnd::Stopped
        } else if self.is_out_of_time() {
            BacklogEnd::OutOfTime
        } else if !self.misfits.is_empty() {
            BacklogEnd::OutOfMoney
        } else {
            self.parked_end()?.unwrap_or(BacklogEnd::Done)
        })
    }
}
