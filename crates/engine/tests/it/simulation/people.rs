//! People: what they do at moments of their own, without asking whether it fits; and at the end,
//! when nothing fails any more, what brings every task to its end.

use std::sync::Arc;
use std::time::Duration;

use tenfold_domain::{
    Accept, AcceptAs, AccountChange, AccountId, AccountKind, Allowance, BacklogTerms, Budget,
    Millis, NanoUsd, Parked, Period, ProblemKind, Progress, Quantity, Seed, Strategy, TaskId,
    TaskSpec, TaskState, Timestamp,
};
use tenfold_engine::{Engine, EngineError, Fork, How};
use tenfold_ledger::Ledger;
use tenfold_store::{TaskQuery, TaskRow};

use super::commands::CHECK;
use super::life::Life;
use super::world::MODEL;

/// How many tasks there are at most.
const TASKS: usize = 4;
/// How often each task is gone on with at the end, at most.
const ROUNDS: usize = 60;
/// Longer than any quota of the provider's lasts.
const HALF_A_DAY: Duration = Duration::from_secs(12 * 3_600);
/// What is enough for anything.
const PLENTY: Budget =
    Budget { money: NanoUsd(1_000_000_000_000), time: Millis(10_000_000_000), attempts: 3 };

/// A person with an engine.
pub(super) struct Person {
    life: Arc<Life>,
    engine: Arc<Engine>,
}

impl Person {
    pub(super) fn new(life: Arc<Life>, engine: Arc<Engine>) -> Self {
        Self { life, engine }
    }

    /// Does so much, and leaves.
    pub(super) async fn live(&self) {
        self.engine.keep_house();
        for _ in 0..self.life.fate.deeds {
            let wait = {
                let mut state = self.life.world.state();
                let most = if state.one_in(3) { 90_000 } else { 4_000 };
                state.within(1..most)
            };
            tokio::time::sleep(Duration::from_millis(wait)).await;
            self.life.moment("a person does something").await;
            self.does_something().await;
        }
        self.leaves().await;
    }

    /// Brings every task to its end, where nothing fails.
    pub(super) async fn finish(&self) {
        self.lifts_all_limits().await;
        self.waits_for_quotas().await;
        for _ in 0..ROUNDS {
            let open: Vec<TaskRow> = self.rows().into_iter().filter(is_open).collect();
            if open.is_empty() {
                break;
            }
            for row in open {
                self.goes_on(&row).await;
            }
            self.engine.idle().await;
        }
        self.leaves().await;
    }

    async fn leaves(&self) {
        self.engine.stop_backlog();
        self.engine.leave();
        self.engine.idle().await;
    }

    fn rows(&self) -> Vec<TaskRow> {
        self.engine.store().view().unwrap().tasks(&TaskQuery::default()).unwrap()
    }

    async fn goes_on(&self, row: &TaskRow) {
        let task = row.id;
        self.said("a budget", self.engine.set_budget(task, PLENTY).await);
        if row.question.is_some() {
            self.said("an answer", self.engine.answer(task, "yes".to_owned(), None).await);
        }
        let how = How { time_anew: true, ..How::default() };
        self.begun(task, self.engine.begin(task, how));
    }

    /// Has it told what comes of a task that was begun.
    fn begun(&self, task: TaskId, begun: Result<(), EngineError>) {
        let is_begun = begun.is_ok();
        self.said(&format!("work on {task}"), begun);
        if !is_begun {
            return;
        }
        let (life, mut watching) = (Arc::clone(&self.life), self.engine.watch(Some(task)));
        tokio::spawn(async move {
            while let Some(progress) = watching.next().await {
                match progress {
                    Progress::Failed { problem, .. } => {
                        life.tell(|| format!("work on {task} breaks: {}", problem.what));
                        if !life.disk_failed() {
                            let wrong = format!("work on {task} breaks: {}", problem.what);
                            life.world.state().wrongs.push(wrong);
                        }
                    }
                    Progress::Worked(outcome) => {
                        life.tell(|| format!("work on {task} ends: {}", outcome.note));
                    }
                    _ => {}
                }
            }
        });
    }

    /// What was asked for may not be possible, but may not be a fault of Tenfold's.
    fn said<T>(&self, what: &str, said: Result<T, EngineError>) {
        let why = match said {
            Ok(_) => {
                self.life.tell(|| format!("{what}: done"));
                return;
            }
            Err(why) => why,
        };
        self.life.tell(|| format!("{what}: {why}"));
        let is_fault = matches!(why.kind(), ProblemKind::Internal | ProblemKind::Store);
        if is_fault && !self.life.disk_failed() {
            self.life.world.state().wrongs.push(format!("{what}: {why}"));
        }
    }

    async fn does_something(&self) {
        let rows = self.rows();
        let (drawn, of) = {
            let mut state = self.life.world.state();
            (state.draws.below(27), state.draws.below(rows.len()))
        };
        if rows.is_empty() || (drawn < 3 && rows.len() < TASKS) {
            return self.asks().await;
        }
        let (row, engine) = (&rows[of], &self.engine);
        let task = row.id;
        match drawn {
            0..7 => {
                let from_scratch = self.one_in(6);
                let how = How { time_anew: self.one_in(2), from_scratch, seed: None };
                self.begun(task, engine.begin(task, how));
            }
            7..9 => self.said("resume", engine.resume(task)),
            9 => self.said("pause", engine.pause(task)),
            10 => self.said("stop", engine.stop(task)),
            11..13 => {
                let said = engine.steer(task, format!("hurry {drawn}")).await;
                self.said("steer", said);
            }
            13 | 14 => self.said("answer", engine.answer(task, "yes".to_owned(), None).await),
            15 | 16 => self.budgets(row).await,
            17 => self.accepts(task).await,
            18 => self.said("reject", engine.reject(task, "no".to_owned()).await),
            19 => self.said("undo", engine.undo(task).await),
            20 => self.forks(row).await,
            21 => {
                let revised = engine.revise(task).await;
                let is_revised = revised.is_ok();
                self.said("revise", revised);
                if is_revised {
                    self.begun(task, engine.resume(task));
                }
            }
            22 => {
                let (at_once, money) = (2, None);
                let terms = BacklogTerms { at_once, money, time: None, stays: false };
                self.said("the backlog", engine.start(terms));
            }
            23 => engine.stop_backlog(),
            _ => self.changes_accounts().await,
        }
    }

    fn one_in(&self, times: usize) -> bool {
        self.life.world.state().one_in(times)
    }

    /// Asks for a task.
    async fn asks(&self) {
        let budget = self.budget();
        let text = "Make the file right";
        let mut spec = TaskSpec::new(text, self.life.world.files(), MODEL, budget);
        spec.strategy = Strategy::Loop;
        spec.check = (!self.one_in(6)).then(|| CHECK.to_owned());
        spec.questions = self.one_in(2);
        spec.best_of = if self.one_in(5) { 2 } else { 1 };
        spec.account = self.account();
        let asked = self.engine.ask(spec).await;
        let task = asked.as_ref().ok().copied();
        self.said("a task", asked);
        if let Some(task) = task {
            self.life.world.state().asked.insert(task);
        }
    }

    fn accounts(&self) -> Ledger {
        self.engine.store().view().unwrap().ledger().unwrap()
    }

    /// An account that there is.
    fn account(&self) -> AccountId {
        let accounts: Vec<AccountId> = self.accounts().accounts().collect();
        let of = self.life.world.state().draws.below(accounts.len());
        accounts.get(of).copied().unwrap_or(AccountId::DEFAULT)
    }

    /// Opens an account, limits one, or gives it something.
    async fn changes_accounts(&self) {
        let account = self.account();
        let (drawn, nanos) = {
            let mut state = self.life.world.state();
            (state.draws.below(8), state.within(1_000_000..300_000_000))
        };
        let most = Quantity::Money(NanoUsd(nanos));
        let terms = Allowance { per: Period::Hour, carry: 1, ..Allowance::once(most) };
        let change = match drawn {
            0 => AccountChange::Open {
                parent: account,
                name: format!("a{nanos}"),
                kind: AccountKind::Person,
                allowances: vec![terms],
                models: None,
            },
            1 => AccountChange::Grant { account, terms: Allowance::once(most) },
            2 => AccountChange::Grant { account, terms: Allowance { each: true, ..terms } },
            3 => AccountChange::Grant { account, terms },
            4 => AccountChange::Give { from: None, to: account, amount: most },
            5 => AccountChange::Rename { account, name: format!("r{nanos}") },
            6 => AccountChange::Move { account, to: self.account() },
            _ => AccountChange::Give { from: Some(self.account()), to: account, amount: most },
        };
        self.said("an account", self.engine.change_accounts(&change, "sim").await);
    }

    /// Lifts all limits: whoever waits for money is woken by that.
    async fn lifts_all_limits(&self) {
        for granted in self.accounts().common().allowances {
            let change = AccountChange::Withdraw { allowance: granted.allowance };
            self.said("a limit", self.engine.change_accounts(&change, "sim").await);
        }
        for row in self.rows().iter().filter(|row| matches!(row.parked, Some(Parked::Money { .. })))
        {
            let wrong = format!("task {} is parked, and nothing limits its account", row.id);
            self.life.world.state().wrongs.push(wrong);
        }
    }

    /// Waits until every quota has lifted that lifts within half a day: whoever waits for one is
    /// woken by that.
    async fn waits_for_quotas(&self) {
        self.engine.keep_house();
        tokio::time::sleep(HALF_A_DAY).await;
        let now = Timestamp(self.life.now_ms());
        for row in self.rows() {
            if matches!(row.parked, Some(Parked::Quota { until, .. }) if until < now) {
                let wrong = format!("task {} is parked, and its quota has lifted", row.id);
                self.life.world.state().wrongs.push(wrong);
            }
        }
    }

    fn budget(&self) -> Budget {
        let mut state = self.life.world.state();
        Budget {
            money: NanoUsd(state.within(20_000_000..600_000_000)),
            time: Millis(state.within(20_000..1_500_000)),
            attempts: state.within(1..4) as u32,
        }
    }

    /// Gives more or less.
    async fn budgets(&self, row: &TaskRow) {
        let budget = self.budget();
        self.said("a budget", self.engine.set_budget(row.id, budget).await);
    }

    async fn accepts(&self, task: TaskId) {
        let how = AcceptAs::Branch { name: None };
        let unchecked = self.one_in(2);
        let accept = Accept { how, with_secrets: false, with_check: false, unchecked };
        self.said("accept", self.engine.accept(task, accept).await);
    }

    async fn forks(&self, row: &TaskRow) {
        let attempts = self.engine.store().view().unwrap().attempts(row.id).unwrap();
        let of = self.life.world.state().draws.below(attempts.len());
        let Some(attempt) = attempts.get(of) else { return };
        let text = self.one_in(2).then(|| "another way".to_owned());
        let seed = self.one_in(2).then(|| Seed(self.life.world.state().draws.next_u64()));
        let forked = self.engine.fork(Fork { of: attempt.id, step: None, text, seed }).await;
        let is_forked = forked.is_ok();
        self.said("fork", forked);
        if is_forked {
            self.begun(row.id, self.engine.resume(row.id));
        }
    }
}

/// Whether more can come of it without a person's deciding.
pub(super) fn is_open(row: &TaskRow) -> bool {
    let ended = [TaskState::ToReview, TaskState::Accepted, TaskState::Rejected];
    !ended.contains(&row.state)
}
