//! A million tasks: no decision looks at all of them. What is counted is what was looked at,
//! not time.

use tenfold_domain::{AccountId, Bytes, Timestamp};
use tenfold_schedule::{Host, Limits, Scheduler};

use crate::made_up::{as_expected, entry, task};

const TASKS: u64 = 1_000_000;
const AT_ONCE: u32 = 500;

#[test]
fn a_million_tasks_are_taken_with_a_few_looks_at_each() {
    let host = Host { name: "here".to_owned(), millicores: 1_000_000, memory: Bytes(1 << 50) };
    let limits = Limits {
        at_once: AT_ONCE,
        provider: 100,
        repository: 2,
        hosts: vec![host],
        ..Limits::default()
    };
    let mut scheduler = Scheduler::new(limits);
    let now = Timestamp(TASKS);
    for number in 1..=TASKS {
        // 3,000 accounts that work on 5,000 repositories, eight providers, two sizes.
        let mut entry = entry(number);
        entry.account = AccountId((number * 7 % 3_000) as u32);
        entry.needs.repository = format!("/src/{}", number % 5_000).into();
        entry.needs.provider = format!("provider {}", number % 8);
        entry.needs.millicores = 1_000 + 500 * (number / 8 % 2);
        scheduler.admit(&entry, now).unwrap();
    }
    assert!(scheduler.looks() <= TASKS, "to admit: {}", scheduler.looks());

    let before = scheduler.looks();
    let (mut taken, mut rounds) = (0, 0);
    while taken < TASKS {
        let started: Vec<_> = std::iter::from_fn(|| scheduler.next(now)).collect();
        assert!(!started.is_empty() && scheduler.at_work() <= AT_ONCE);
        taken += started.len() as u64;
        rounds += 1;
        for id in started {
            scheduler.ended(id, as_expected(), now);
        }
    }
    assert_eq!((scheduler.waiting(), scheduler.at_work()), (0, 0));
    assert!(rounds < 1_000_000 / 100, "places idled: {rounds} rounds");
    let each = (scheduler.looks() - before) / TASKS;
    // 16 lanes to choose from, 32 to put the account in order twice, and the few accounts that
    // wait for the same repository.
    assert!(each < 100, "{each} looks for each task");
    assert_eq!(scheduler.why_waiting(task(1)), None);
}
