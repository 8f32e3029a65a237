//! Who gets how much: shares between accounts, turns within one, and the bound on waiting.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use tenfold_domain::{AccountId, Millis, NanoUsd, Priority, Seed, Standing, TaskId, Timestamp};
use tenfold_schedule::{Entry, Expected, Limits, Scheduler, Used};

use crate::made_up::{HOUR, MINUTE, entry, four_at_once, of, one_at_once, task};

/// Tasks that each take as long as they expect, on a clock of their own.
struct Office {
    scheduler: Scheduler,
    now: u64,
    entries: BTreeMap<TaskId, Entry>,
    /// When each task at work ends.
    ends: BTreeMap<(u64, TaskId), u64>,
    /// What each account was at work, in milliseconds.
    worked: BTreeMap<u32, u64>,
    /// When each task started.
    started: BTreeMap<TaskId, u64>,
}

impl Office {
    fn new(limits: Limits) -> Self {
        Self {
            scheduler: Scheduler::new(limits),
            now: 0,
            entries: BTreeMap::new(),
            ends: BTreeMap::new(),
            worked: BTreeMap::new(),
            started: BTreeMap::new(),
        }
    }

    fn admit(&mut self, entry: Entry) {
        self.scheduler.admit(&entry, Timestamp(self.now)).unwrap();
        self.entries.insert(entry.task, entry);
    }

    fn start_all(&mut self) {
        while let Some(id) = self.scheduler.next(Timestamp(self.now)) {
            let wall = self.entries[&id].expected.wall.0;
            self.started.insert(id, self.now);
            self.ends.insert((self.now + wall, id), wall);
        }
    }

    /// Lets the next task end, and returns it.
    fn end_one(&mut self) -> Option<Entry> {
        let ((at, id), wall) = self.ends.pop_first()?;
        self.now = self.now.max(at);
        let entry = self.entries.remove(&id).unwrap();
        *self.worked.entry(entry.account.0).or_default() += wall;
        let millicores = entry.needs.millicores;
        let used = Used { cost: entry.expected.cost, wall: Millis(wall), millicores };
        self.scheduler.ended(id, used, Timestamp(self.now));
        Some(entry)
    }
}

/// A task whose only cost is the time of its core.
fn long(number: u64, account: u32, wall_ms: u64) -> Entry {
    let mut entry = of(account, entry(number));
    (entry.expected.cost, entry.expected.wall) = (NanoUsd::ZERO, Millis(wall_ms));
    entry
}

/// Two accounts whose queues are always full, for two days; how much of it account 1 was at work.
fn part_of_the_first(limits: Limits, walls: [u64; 2], weights: [u32; 2], jitter: u64) -> f64 {
    let mut office = Office::new(limits);
    let mut draws = Seed(jitter).draws();
    let mut number = 0;
    let mut admit = |office: &mut Office, account: usize| {
        number += 1;
        let wall = walls[account] / 2 + draws.below(walls[account] as usize) as u64;
        let arrived = Timestamp(office.now);
        office.admit(Entry { arrived, ..long(number, account as u32 + 1, wall.max(1)) });
    };
    for account in [0, 1] {
        office.scheduler.weigh(AccountId(account as u32 + 1), weights[account]);
        for _ in 0..8 {
            admit(&mut office, account);
        }
    }
    while office.now < 48 * HOUR {
        office.start_all();
        let ended = office.end_one().unwrap();
        admit(&mut office, ended.account.0 as usize - 1);
    }
    let [first, second] = [1, 2].map(|account| office.worked[&account] as f64);
    first / (first + second)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// Within five hundredths of its share, whatever the sizes: as long as an account of that
    /// share starts something more often than it loses its patience.
    #[test]
    fn full_queues_share_by_weight(
        walls in [MINUTE..90 * MINUTE, MINUTE..90 * MINUTE],
        weights in [1..4u32, 1..4u32],
        jitter: u64,
    ) {
        let limits = Limits { patience: Limits::default().patience, ..four_at_once() };
        let part = part_of_the_first(limits, walls, weights, jitter);
        let [mine, other] = weights.map(f64::from);
        prop_assert!((part - mine / (mine + other)).abs() < 0.05, "{part} of {weights:?}");
    }
}

#[test]
fn who_was_idle_catches_up_and_locks_nobody_out() {
    let limits =
        Limits { half_life: Millis(6 * HOUR), patience: Millis(1_000 * HOUR), ..one_at_once() };
    let mut office = Office::new(limits);
    for number in 1..2_000 {
        office.admit(long(number, 1, 10 * MINUTE));
    }
    // Account 1 is alone for ten days; then account 2 comes with as much to do.
    while office.now < 240 * HOUR {
        office.start_all();
        office.end_one();
    }
    for number in 2_000..3_000 {
        office.admit(long(number, 2, 10 * MINUTE));
    }
    let came = office.now;
    let mut last = came;
    let mut worked_alone = 0;
    while office.now < came + 24 * HOUR {
        office.start_all();
        let ended = office.end_one().unwrap();
        if ended.account == AccountId(1) && office.started[&ended.task] >= came {
            worked_alone = worked_alone.max(office.now - last);
            last = office.now;
        }
    }
    // It has the room to itself for about a half-life, and not for ten days.
    assert!(worked_alone <= 6 * HOUR + 20 * MINUTE, "{} min", worked_alone / MINUTE);
    assert!(worked_alone >= 5 * HOUR, "it catches up: {} min", worked_alone / MINUTE);
}

#[test]
fn what_was_used_before_a_restart_counts_by_half_lives() {
    let used =
        |hours: u64| Used { wall: Millis(hours * HOUR), millicores: 1_000, ..Used::default() };
    let half_life = Limits::default().half_life.0;
    let mut office = Office::new(one_at_once());
    office.scheduler.charge(AccountId(2), used(5), Timestamp(0));
    office.scheduler.charge(AccountId(1), used(3), Timestamp(half_life));
    office.now = half_life;
    office.admit(long(1, 1, HOUR));
    office.admit(long(2, 2, HOUR));
    office.start_all();
    assert_eq!(office.started.keys().copied().collect::<Vec<_>>(), [task(2)], "2.5 is less than 3");
}

#[test]
fn many_tasks_can_not_begin_before_the_first_is_paid_for() {
    let mut office = Office::new(four_at_once());
    for number in 1..9 {
        office.admit(long(number, if number < 5 { 1 } else { 2 }, HOUR));
    }
    office.start_all();
    let account = |id: &TaskId| office.entries[id].account.0;
    let accounts: Vec<_> = office.started.keys().map(account).collect();
    assert_eq!(accounts, [1, 1, 2, 2]);
}

/// The order in which one place takes them.
fn order(entries: Vec<Entry>) -> Vec<u64> {
    let mut office = Office::new(Limits { reach: Millis(80 * HOUR), ..one_at_once() });
    let count = entries.len();
    entries.into_iter().for_each(|entry| office.admit(entry));
    let one = |office: &mut Office| {
        office.start_all();
        office.end_one().unwrap().task.number()
    };
    (0..count).map(|_| one(&mut office)).collect()
}

#[test]
fn within_an_account_priority_value_and_deadline_move_a_task_forward_by_so_much() {
    let at =
        |number, hours: u64| Entry { arrived: Timestamp((100 + hours) * HOUR), ..entry(number) };
    let standing = |standing, entry| Entry { standing, ..entry };
    let priority = |priority, entry| standing(Standing { priority, ..Standing::default() }, entry);
    let value = |dollars, entry| {
        let value = Some(NanoUsd::dollars(dollars));
        standing(Standing { value, ..Standing::default() }, entry)
    };
    let deadline = |hours: u64, entry| {
        let deadline = Some(Timestamp((100 + hours) * HOUR));
        standing(Standing { deadline, ..Standing::default() }, entry)
    };
    assert_eq!(order(vec![at(1, 2), at(2, 1), at(3, 0)]), [3, 2, 1]);
    assert_eq!(
        order(vec![
            at(1, 0),
            priority(Priority::Highest, at(2, 19)),
            priority(Priority::Highest, at(3, 21)),
            priority(Priority::Lowest, at(4, 0)),
            priority(Priority::High, at(5, 0)),
        ]),
        [5, 2, 1, 3, 4]
    );
    // Each doubling of what it is worth for its cost counts two hours.
    assert_eq!(order(vec![at(1, 0), value(8, at(2, 5)), value(8, at(3, 7))]), [2, 1, 3]);
    // An hour of work that has to be done in 30 hours could wait for 29; what could wait for
    // longer than the reach is not moved.
    assert_eq!(
        order(vec![
            at(1, 0),
            deadline(82, at(2, 0)),
            deadline(60, at(3, 0)),
            deadline(30, at(4, 0))
        ]),
        [4, 3, 1, 2]
    );
}

/// How long one task waited that could begin at once, and what is promised, in an office
/// where all is done to hold it up.
fn waited(seed: u64) -> (u64, u64) {
    let (patience, reach, longest) = (30 * MINUTE, 2 * HOUR, HOUR);
    let limits = Limits {
        at_once: 3,
        repository: 1,
        patience: Millis(patience),
        reach: Millis(reach),
        ..four_at_once()
    };
    let mut office = Office::new(limits);
    let mut draws = Seed(seed).draws();
    let start = 10 * HOUR;
    office.now = start;
    // It is large, on a busy repository, and of an account that has used a lot.
    let dear = Expected { cost: NanoUsd::dollars(1_000_000), wall: Millis(1) };
    office.admit(Entry { expected: dear, ..entry(2) });
    office.start_all();
    office.end_one();
    let mut victim = Entry { arrived: Timestamp(start), ..long(1, 1, longest) };
    victim.standing.priority = Priority::Lowest;
    victim.needs.millicores = 4_000;
    victim.needs.repository = "/src/0".into();
    let (mut number, mut accounts) = (10, 1);
    // Lets more come; how many of these may go before the one.
    let mut more = |office: &mut Office| {
        let mut before = 0;
        for _ in 0..2 + draws.below(3) {
            number += 1;
            // Ever new accounts, up to five with something waiting, and now and then the same.
            let account = match draws.below(4) {
                0 => 1,
                _ => 2 + (number % 4) as u32 + 4 * (number / 40) as u32,
            };
            let wall = 1 + draws.below(longest as usize) as u64;
            let mut entry = Entry { arrived: Timestamp(office.now), ..long(number, account, wall) };
            entry.needs.repository = format!("/src/{}", draws.below(2)).into();
            entry.needs.millicores = 500 * (1 + draws.below(4) as u64);
            if account == 1 {
                entry.standing.priority = Priority::Highest;
                before += u64::from(office.now <= start + reach);
            }
            office.admit(entry);
        }
        before
    };
    let mut before = more(&mut office);
    office.start_all();
    office.admit(victim);
    loop {
        let is_waiting = |entry: &&Entry| !office.started.contains_key(&entry.task);
        let waiting: BTreeSet<_> =
            office.entries.values().filter(is_waiting).map(|entry| entry.account).collect();
        accounts = accounts.max(waiting.len() as u64);
        if waiting.len() < 12 {
            before += more(&mut office);
        }
        office.start_all();
        let started = office.started.get(&task(1)).copied();
        let bound = (before + 1) * (patience + 3 * accounts * longest);
        let waited = started.unwrap_or(office.now) - start;
        if started.is_some() || waited > bound {
            return (waited, bound);
        }
        office.end_one().unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_task_starts_within_the_bound(seed: u64) {
        let (waited, bound) = waited(seed);
        prop_assert!(waited <= bound, "waited {} min of {}", waited / MINUTE, bound / MINUTE);
    }
}
