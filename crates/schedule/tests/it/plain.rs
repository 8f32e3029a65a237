//! The rules once more, as plainly as they can be said: a list of tasks that is looked through
//! from end to end for each decision. It shares no code with the scheduler.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use tenfold_domain::{AccountId, Bytes, NanoUsd, TaskId, Timestamp};
use tenfold_schedule::{Entry, Limits, Used};

#[derive(Debug, Clone)]
struct Listed {
    entry: Entry,
    /// The host and the beginning, at work.
    at_work: Option<(usize, Timestamp)>,
}

#[derive(Debug, Clone, Default)]
struct Purse {
    amount: f64,
    at: Timestamp,
    weight: u32,
    since: Timestamp,
}

/// What is kept, and for whom.
#[derive(Debug, Clone)]
struct Kept {
    task: TaskId,
    repository: PathBuf,
    provider: Option<String>,
    host: Option<usize>,
}

/// The plain scheduler.
#[derive(Debug, Clone)]
pub(crate) struct Plain {
    limits: Limits,
    now: Timestamp,
    tasks: Vec<Listed>,
    purses: BTreeMap<AccountId, Purse>,
    kept: Option<Kept>,
}

impl Plain {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, now: Timestamp(0), tasks: Vec::new(), purses: BTreeMap::new(), kept: None }
    }

    fn find(&self, id: TaskId) -> Option<&Listed> {
        self.tasks.iter().find(|task| task.entry.task == id)
    }

    fn purse(&mut self, account: AccountId) -> &mut Purse {
        self.purses.entry(account).or_insert_with(|| Purse { weight: 1, ..Purse::default() })
    }

    /// Those that are not at work.
    fn waiting(&self) -> impl Iterator<Item = &Listed> {
        self.tasks.iter().filter(|task| task.at_work.is_none())
    }

    fn first_of(&self, account: AccountId) -> Option<&Listed> {
        let mine = self.waiting().filter(|task| task.entry.account == account);
        mine.min_by_key(|task| self.turn(&task.entry))
    }

    fn turn(&self, entry: &Entry) -> (i128, TaskId) {
        let reach = self.limits.reach.0;
        let priority = reach / 8 * entry.standing.priority as u64;
        let times =
            entry.standing.value.map_or(1, |value| value.0 / entry.expected.cost.0.max(1)).max(1);
        let value = (0..10).filter(|doubling| times >> (doubling + 1) > 0).count() as u64;
        let deadline = entry.standing.deadline.map_or(0, |deadline| {
            let slack = i128::from(deadline.0)
                - i128::from(entry.expected.wall.0)
                - i128::from(entry.arrived.0);
            (i128::from(reach) - slack).clamp(0, i128::from(reach)) as u64
        });
        let bonus = (priority + reach / 40 * value + deadline).min(reach);
        (i128::from(entry.arrived.0) - i128::from(bonus), entry.task)
    }

    pub(crate) fn admit(&mut self, entry: &Entry, now: Timestamp) -> bool {
        self.now = self.now.max(now);
        let fits = self.limits.hosts.iter().any(|host| {
            host.millicores >= entry.needs.millicores && host.memory >= entry.needs.memory
        });
        if self.find(entry.task).is_some() || !fits {
            return false;
        }
        if self.first_of(entry.account).is_none() {
            let now = self.now;
            self.purse(entry.account).since = now;
        }
        self.tasks.push(Listed { entry: entry.clone(), at_work: None });
        true
    }

    pub(crate) fn withdraw(&mut self, id: TaskId, now: Timestamp) {
        self.now = self.now.max(now);
        let Some(account) = self.find(id).map(|task| task.entry.account) else { return };
        if self.kept.as_ref().is_some_and(|kept| kept.task == id) {
            self.kept = None;
            let now = self.now;
            self.purse(account).since = now;
        }
        self.tasks.retain(|task| task.entry.task != id);
    }

    fn charge(&self, cost: NanoUsd, wall_ms: u64, millicores: u64) -> f64 {
        let core_hours = millicores as f64 * wall_ms as f64 / (1_000.0 * 3_600_000.0);
        (cost.0 as f64 + core_hours * self.limits.core_hour.0 as f64).max(1.0)
    }

    fn expected(&self, entry: &Entry) -> f64 {
        self.charge(entry.expected.cost, entry.expected.wall.0, entry.needs.millicores)
    }

    fn decay(&self, since: Timestamp) -> f64 {
        (-(self.now.since(since).0 as f64) / self.limits.half_life.0 as f64).exp2()
    }

    fn spend(&mut self, account: AccountId, amount: f64) {
        let now = self.now;
        let decay = self.purses.get(&account).map_or(1.0, |purse| self.decay(purse.at));
        let purse = self.purse(account);
        purse.amount = purse.amount * decay + amount;
        purse.at = now;
    }

    pub(crate) fn ended(&mut self, id: TaskId, used: Used, now: Timestamp) {
        self.now = self.now.max(now);
        if let Some(task) = self.find(id).cloned()
            && let Some((_, began)) = task.at_work
        {
            let account = task.entry.account;
            let left = self.expected(&task.entry) * self.decay(began);
            self.spend(account, -left);
            let purse = self.purse(account);
            purse.amount = purse.amount.max(0.0);
            let used = self.charge(used.cost, used.wall.0, used.millicores);
            self.spend(account, used);
        }
        self.withdraw(id, now);
    }

    pub(crate) fn limit_provider(&mut self, provider: &str, limit: u32) {
        self.limits.providers.insert(provider.to_owned(), limit.max(1));
    }

    pub(crate) fn weigh(&mut self, account: AccountId, weight: u32) {
        self.purse(account).weight = weight.max(1);
    }

    fn share(&self, account: AccountId) -> f64 {
        let Some(purse) = self.purses.get(&account) else { return f64::NEG_INFINITY };
        (purse.amount / f64::from(purse.weight)).log2()
            + purse.at.0 as f64 / self.limits.half_life.0 as f64
    }

    fn at_work(&self, counts: impl Fn(&Entry) -> bool) -> u32 {
        let at_work = self.tasks.iter().filter(|task| task.at_work.is_some());
        at_work.filter(|task| counts(&task.entry)).count() as u32
    }

    fn has_repository(&self, path: &PathBuf, kept: u32) -> bool {
        self.at_work(|entry| entry.needs.repository == *path) + kept < self.limits.repository
    }

    fn has_provider(&self, name: &str, kept: u32) -> bool {
        let limit = self.limits.providers.get(name).copied().unwrap_or(self.limits.provider);
        self.at_work(|entry| entry.needs.provider == name) + kept < limit
    }

    fn free_on(&self, host: usize) -> (u64, Bytes) {
        let on_it = || {
            let on = self.tasks.iter().filter(|task| task.at_work.is_some_and(|at| at.0 == host));
            on.map(|task| &task.entry.needs)
        };
        let all = &self.limits.hosts[host];
        let cores: u64 = on_it().map(|needs| needs.millicores).sum();
        let memory: Bytes = on_it().map(|needs| needs.memory).sum();
        assert!(cores <= all.millicores && memory <= all.memory, "a host is over its limit");
        (all.millicores - cores, all.memory.saturating_sub(memory))
    }

    fn host_for(&self, entry: &Entry, kept: Option<&Kept>) -> Option<usize> {
        (0..self.limits.hosts.len()).find(|host| {
            let (mut cores, mut memory) = self.free_on(*host);
            if let Some(kept) = kept.filter(|kept| kept.host == Some(*host)) {
                let needs = &self.find(kept.task).unwrap().entry.needs;
                cores = cores.saturating_sub(needs.millicores);
                // What is kept may be more than is free; then nothing of any size fits.
                if memory < needs.memory {
                    return false;
                }
                memory = memory.saturating_sub(needs.memory);
                if self.free_on(*host).0 < needs.millicores {
                    return false;
                }
            }
            cores >= entry.needs.millicores && memory >= entry.needs.memory
        })
    }

    fn fits(&self, entry: &Entry, kept: Option<&Kept>) -> bool {
        let needs = &entry.needs;
        let one_if = |is: bool| u32::from(is);
        let repository = one_if(kept.is_some_and(|kept| kept.repository == needs.repository));
        let at_once = one_if(kept.is_some_and(|kept| kept.provider.is_some()));
        let provider =
            one_if(kept.is_some_and(|kept| kept.provider.as_ref() == Some(&needs.provider)));
        self.has_repository(&needs.repository, repository)
            && self.at_work(|_| true) + at_once < self.limits.at_once
            && self.has_provider(&needs.provider, provider)
            && self.host_for(entry, kept).is_some()
    }

    fn keep(&mut self) {
        let overdue = || {
            let accounts: BTreeSet<_> = self.waiting().map(|task| task.entry.account).collect();
            let since =
                |account: &AccountId| self.purses.get(account).map_or(Timestamp(0), |p| p.since);
            let account = accounts.into_iter().min_by_key(|account| (since(account), *account))?;
            let is_overdue = self.now.since(since(&account)) >= self.limits.patience;
            Some(self.first_of(account).filter(|_| is_overdue)?.entry.task)
        };
        let Some(id) = self.kept.as_ref().map(|kept| kept.task).or_else(overdue) else { return };
        let needs = self.find(id).unwrap().entry.needs.clone();
        let host_before = self.kept.take().and_then(|kept| kept.host);
        let mut kept =
            Kept { task: id, repository: needs.repository.clone(), provider: None, host: None };
        if self.has_repository(&needs.repository, 0) {
            kept.provider = Some(needs.provider.clone());
            if self.at_work(|_| true) < self.limits.at_once && self.has_provider(&needs.provider, 0)
            {
                let all = 0..self.limits.hosts.len();
                let large = all.filter(|host| {
                    let host = &self.limits.hosts[*host];
                    host.millicores >= needs.millicores && host.memory >= needs.memory
                });
                let emptiest = large.rev().max_by_key(|host| self.free_on(*host).0);
                kept.host = host_before.or(emptiest);
            }
        }
        self.kept = Some(kept);
    }

    pub(crate) fn next(&mut self, now: Timestamp) -> Option<TaskId> {
        self.now = self.now.max(now);
        self.keep();
        let entry_of_kept = self.kept.as_ref().map(|kept| &self.find(kept.task).unwrap().entry);
        let entry = match entry_of_kept.filter(|entry| self.fits(entry, None)) {
            Some(entry) => entry.clone(),
            None => {
                let fitting = self.waiting().filter(|t| self.fits(&t.entry, self.kept.as_ref()));
                let order = |a: &&Listed, b: &&Listed| {
                    let (a, b) = (&a.entry, &b.entry);
                    let shares = self.share(a.account).total_cmp(&self.share(b.account));
                    let accounts = a.account.cmp(&b.account);
                    shares.then(accounts).then_with(|| self.turn(a).cmp(&self.turn(b)))
                };
                fitting.min_by(order)?.entry.clone()
            }
        };
        self.start(&entry);
        Some(entry.task)
    }

    fn start(&mut self, entry: &Entry) {
        let is_first =
            self.first_of(entry.account).is_some_and(|first| first.entry.task == entry.task);
        let is_kept_for = self.kept.as_ref().is_some_and(|kept| kept.task == entry.task);
        let now = self.now;
        if is_first || is_kept_for {
            self.purse(entry.account).since = now;
        }
        if is_kept_for {
            self.kept = None;
        }
        let host = self.host_for(entry, self.kept.as_ref()).unwrap();
        self.tasks.iter_mut().find(|task| task.entry.task == entry.task).unwrap().at_work =
            Some((host, now));
        let expected = self.expected(entry);
        self.spend(entry.account, expected);
    }

    /// Those at work.
    pub(crate) fn working(&self) -> Vec<TaskId> {
        let at_work = self.tasks.iter().filter(|task| task.at_work.is_some());
        at_work.map(|task| task.entry.task).collect()
    }

    /// All that are listed.
    pub(crate) fn all(&self) -> Vec<TaskId> {
        self.tasks.iter().map(|task| task.entry.task).collect()
    }
}
