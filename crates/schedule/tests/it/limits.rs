//! What holds a task up, in which words, and for whom room is kept.

use std::path::PathBuf;

use tenfold_domain::{Bytes, Timestamp};
use tenfold_schedule::{Entry, Host, Limits, Needs, Refused, Scheduler};

use crate::made_up::{HOUR, as_expected, entry, four_at_once, of, one_at_once, task};

const NOW: Timestamp = Timestamp(1_000);
const OVERDUE: Timestamp = Timestamp(1_000 + HOUR);

fn scheduler(limits: Limits, entries: &[Entry]) -> Scheduler {
    let mut scheduler = Scheduler::new(limits);
    for entry in entries {
        scheduler.admit(entry, NOW).unwrap();
    }
    scheduler
}

/// All that start now.
fn starts(scheduler: &mut Scheduler, now: Timestamp) -> Vec<u64> {
    std::iter::from_fn(|| scheduler.next(now)).map(|task| task.number()).collect()
}

fn end(scheduler: &mut Scheduler, number: u64, now: Timestamp) {
    scheduler.ended(task(number), as_expected(), now);
}

fn why(scheduler: &Scheduler, number: u64) -> String {
    scheduler.why_waiting(task(number)).unwrap().to_string()
}

fn with(number: u64, change: impl FnOnce(&mut Needs)) -> Entry {
    let mut entry = entry(number);
    change(&mut entry.needs);
    entry
}

/// A task with this many cores.
fn with_cores(number: u64, cores: u64) -> Entry {
    with(number, |needs| needs.millicores = cores * 1_000)
}

/// A task on the repository that several work on.
fn on_shared(number: u64) -> Entry {
    with(number, |needs| needs.repository = PathBuf::from("/src/shared"))
}

#[test]
fn each_limit_holds_and_is_named() {
    let limits = Limits { at_once: 9, repository: 1, provider: 2, ..four_at_once() };
    let other = |number| with(number, |needs| needs.provider = "other".to_owned());
    let large = with(6, |needs| {
        (needs.provider, needs.millicores) = ("third".to_owned(), 2_500);
    });
    let entries = [on_shared(1), on_shared(2), entry(3), entry(4), other(5), large];
    let mut scheduler = scheduler(limits, &entries);
    assert_eq!(starts(&mut scheduler, NOW), [1, 3, 5]);
    assert_eq!(why(&scheduler, 2), "repository /src/shared has 1 at work");
    assert_eq!(why(&scheduler, 4), "acme is at its limit of 2");
    assert_eq!(why(&scheduler, 6), "no host has 2.500 cores and 1024 MiB of memory free");
    assert_eq!(scheduler.why_waiting(task(1)), None);
    assert_eq!(scheduler.host_of(task(1)), Some("here"));
    end(&mut scheduler, 1, NOW);
    assert_eq!(starts(&mut scheduler, NOW), [2]);
}

#[test]
fn who_goes_first_is_named() {
    let entries = [entry(1), entry(2), entry(3), of(2, entry(4))];
    let mut scheduler = scheduler(one_at_once(), &entries);
    assert_eq!(why(&scheduler, 1), "goes next");
    assert_eq!(why(&scheduler, 2), "task 1 of the same account goes first");
    assert_eq!(scheduler.next(NOW), Some(task(1)));
    assert_eq!(why(&scheduler, 2), "all 1 places are taken");
    end(&mut scheduler, 1, NOW);
    assert_eq!(why(&scheduler, 2), "account 1 has had its share; account 2 goes first");
}

#[test]
fn a_task_is_admitted_once() {
    let mut scheduler = scheduler(four_at_once(), &[entry(1)]);
    assert_eq!(scheduler.admit(&entry(1), NOW), Err(Refused::Admitted(task(1))));
    scheduler.next(NOW);
    assert_eq!(scheduler.admit(&entry(1), NOW), Err(Refused::Admitted(task(1))));
}

#[test]
fn what_fits_nowhere_is_refused() {
    let mut scheduler = scheduler(four_at_once(), &[]);
    let refused = scheduler.admit(&with_cores(1, 5), NOW).unwrap_err();
    assert!(matches!(refused, Refused::TooLarge { .. }));
    assert!(refused.to_string().contains("5.000 cores"), "{refused}");
    scheduler.admit(&with_cores(1, 4), NOW).unwrap();
}

#[test]
fn a_large_task_is_passed_over_until_room_is_kept_for_it() {
    let mut scheduler = scheduler(four_at_once(), &[with_cores(1, 1), with_cores(2, 4)]);
    assert_eq!(starts(&mut scheduler, NOW), [1]);
    // The host is not idle meanwhile.
    scheduler.admit(&entry(3), NOW).unwrap();
    scheduler.admit(&entry(4), NOW).unwrap();
    assert_eq!(starts(&mut scheduler, NOW), [3, 4]);
    // The first of the account started an hour ago; from now on all that ends is kept.
    scheduler.admit(&entry(5), NOW).unwrap();
    end(&mut scheduler, 1, OVERDUE);
    assert_eq!(starts(&mut scheduler, OVERDUE), [0; 0]);
    assert_eq!(why(&scheduler, 5), "room is kept for task 2, which has waited too long");
    end(&mut scheduler, 3, OVERDUE);
    end(&mut scheduler, 4, OVERDUE);
    assert_eq!(starts(&mut scheduler, OVERDUE), [2]);
    end(&mut scheduler, 2, OVERDUE);
    assert_eq!(starts(&mut scheduler, OVERDUE), [5]);
}

#[test]
fn nothing_idles_while_room_is_kept_on_a_repository() {
    let limits = Limits { repository: 1, ..four_at_once() };
    let mut scheduler = scheduler(limits, &[on_shared(1), on_shared(2)]);
    assert_eq!(starts(&mut scheduler, NOW), [1]);
    for number in 3..9 {
        scheduler.admit(&with_cores(number, 1), OVERDUE).unwrap();
    }
    assert_eq!(starts(&mut scheduler, OVERDUE), [3, 4, 5]);
    // The repository is free and the host is not: now the next place is kept.
    end(&mut scheduler, 1, OVERDUE);
    assert_eq!(starts(&mut scheduler, OVERDUE), [2]);
}

#[test]
fn room_is_kept_on_one_host_until_it_is_found() {
    let host =
        |name: &str| Host { name: name.to_owned(), millicores: 2_000, memory: Bytes(8 << 30) };
    let limits = Limits { at_once: 9, hosts: vec![host("a"), host("b")], ..four_at_once() };
    let mut scheduler = scheduler(limits, &[entry(1), entry(2), entry(3), with_cores(4, 2)]);
    assert_eq!(starts(&mut scheduler, NOW), [1, 2, 3]);
    scheduler.admit(&entry(5), NOW).unwrap();
    assert_eq!(starts(&mut scheduler, OVERDUE), [0; 0]);
    // It is kept on b, where one core was free, although a is as free by now.
    end(&mut scheduler, 1, OVERDUE);
    assert_eq!(starts(&mut scheduler, OVERDUE), [5]);
    assert_eq!(scheduler.host_of(task(5)), Some("a"));
    end(&mut scheduler, 5, OVERDUE);
    scheduler.admit(&entry(6), OVERDUE).unwrap();
    assert_eq!(starts(&mut scheduler, OVERDUE), [6]);
    end(&mut scheduler, 3, OVERDUE);
    assert_eq!(starts(&mut scheduler, OVERDUE), [4]);
    assert_eq!(scheduler.host_of(task(4)), Some("b"));
}

#[test]
fn coming_and_going_does_not_hold_up_others() {
    let large = |number, account| of(account, with_cores(number, 4));
    let mut scheduler = scheduler(four_at_once(), &[entry(1), large(2, 2), large(3, 3)]);
    // Room is kept for account 2, which leaves when its room is nearly there.
    assert_eq!(starts(&mut scheduler, NOW), [1]);
    assert_eq!(starts(&mut scheduler, OVERDUE), [0; 0]);
    scheduler.admit(&large(4, 2), OVERDUE).unwrap();
    scheduler.withdraw(task(2), OVERDUE);
    end(&mut scheduler, 1, OVERDUE);
    assert_eq!(starts(&mut scheduler, OVERDUE), [3]);
}

#[test]
fn a_slow_provider_gets_fewer_and_one_at_the_least() {
    let mut scheduler = scheduler(four_at_once(), &[entry(1), entry(2), entry(3)]);
    scheduler.limit_provider("acme", 0);
    assert_eq!(starts(&mut scheduler, NOW), [1]);
    assert_eq!(why(&scheduler, 2), "acme is at its limit of 1");
    scheduler.limit_provider("acme", 2);
    assert_eq!(starts(&mut scheduler, NOW), [2]);
    // Those at work stay when it is lowered again.
    scheduler.limit_provider("acme", 1);
    end(&mut scheduler, 1, NOW);
    assert_eq!(starts(&mut scheduler, NOW), [0; 0]);
}

#[test]
fn what_is_withdrawn_holds_nothing() {
    let mut scheduler = scheduler(one_at_once(), &[entry(1), entry(2), entry(3)]);
    assert_eq!(scheduler.next(NOW), Some(task(1)));
    scheduler.withdraw(task(1), NOW);
    scheduler.withdraw(task(2), NOW);
    scheduler.withdraw(task(9), NOW);
    assert_eq!(starts(&mut scheduler, NOW), [3]);
    assert_eq!((scheduler.at_work(), scheduler.waiting()), (1, 0));
    // What comes back goes before what came since.
    end(&mut scheduler, 3, NOW);
    for number in [4, 2] {
        scheduler.admit(&entry(number), NOW).unwrap();
    }
    assert_eq!(starts(&mut scheduler, NOW), [2]);
}
