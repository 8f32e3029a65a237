//! Tasks that come after others.

use tenfold_domain::{Standing, Timestamp};
use tenfold_schedule::{Became, Entry, Refused, Scheduler, Why};

use crate::made_up::{as_expected, entry, four_at_once, task};

const NOW: Timestamp = Timestamp(1_000);

fn after(number: u64, others: &[u64]) -> Entry {
    let after = others.iter().copied().map(task).collect();
    Entry { standing: Standing { after, ..Standing::default() }, ..entry(number) }
}

fn scheduler(entries: &[Entry]) -> Scheduler {
    let mut scheduler = Scheduler::new(four_at_once());
    for entry in entries {
        scheduler.admit(entry, NOW).unwrap();
    }
    scheduler
}

fn why(scheduler: &Scheduler, number: u64) -> String {
    scheduler.why_waiting(task(number)).unwrap().to_string()
}

#[test]
fn a_task_begins_when_all_that_it_is_after_are_solved() {
    let mut scheduler = scheduler(&[after(1, &[2, 3]), after(2, &[3]), entry(3)]);
    assert_eq!(why(&scheduler, 1), "waits for task 2");
    for number in [3, 2, 1] {
        assert_eq!(scheduler.next(NOW), Some(task(number)));
        assert_eq!(scheduler.next(NOW), None);
        scheduler.ended(task(number), as_expected(), Became::Solved, NOW);
    }
}

#[test]
fn a_task_that_waits_for_a_person_is_not_solved_before_it_is_settled() {
    let mut scheduler = scheduler(&[entry(1), after(2, &[1])]);
    assert_eq!(scheduler.next(NOW), Some(task(1)));
    scheduler.ended(task(1), as_expected(), Became::Waits, NOW);
    assert_eq!(scheduler.at_work(), 0);
    assert_eq!(scheduler.next(NOW), None);
    scheduler.settled(task(1), Became::Solved, NOW);
    assert_eq!(scheduler.next(NOW), Some(task(2)));
}

#[test]
fn who_waits_in_vain_is_named_and_goes_on_if_it_is_solved_after_all() {
    let mut scheduler = scheduler(&[entry(1), after(2, &[1]), after(3, &[2])]);
    assert_eq!(scheduler.next(NOW), Some(task(1)));
    let in_vain = scheduler.ended(task(1), as_expected(), Became::Unsolved, NOW);
    assert_eq!(in_vain, [task(2), task(3)]);
    assert_eq!(scheduler.why_waiting(task(2)), Some(Why::InVain(task(1))));
    assert!(why(&scheduler, 2).contains("task 1, which was not solved"));
    assert_eq!(why(&scheduler, 3), "waits for task 2");

    scheduler.admit(&entry(1), NOW).unwrap();
    assert_eq!(why(&scheduler, 2), "waits for task 1");
    assert_eq!(scheduler.next(NOW), Some(task(1)));
    scheduler.ended(task(1), as_expected(), Became::Solved, NOW);
    assert_eq!(scheduler.next(NOW), Some(task(2)));
}

#[test]
fn a_circle_is_refused_with_all_that_are_in_it() {
    let mut scheduler = scheduler(&[after(1, &[2, 9]), after(2, &[3])]);
    let refused = scheduler.admit(&after(3, &[1]), NOW).unwrap_err();
    assert_eq!(refused, Refused::Circle([3, 1, 2, 3].map(task).to_vec()));
    let words = refused.to_string();
    assert!(words.contains("3 waits for 1 waits for 2 waits for 3"), "{words}");
    // Nothing of it is left: the same task without the circle is taken.
    scheduler.admit(&entry(3), NOW).unwrap();
    assert_eq!(scheduler.next(NOW), Some(task(3)));

    let refused = scheduler.admit(&after(4, &[4]), NOW).unwrap_err();
    assert_eq!(refused, Refused::Circle([4, 4].map(task).to_vec()));
}

#[test]
fn a_task_that_nobody_heard_of_is_waited_for() {
    let mut scheduler = scheduler(&[after(1, &[7, 8])]);
    assert_eq!(scheduler.next(NOW), None);
    scheduler.settled(task(7), Became::Solved, NOW);
    assert_eq!(why(&scheduler, 1), "waits for task 8");
    scheduler.settled(task(8), Became::Solved, NOW);
    // What was solved before needs not be waited for.
    scheduler.admit(&after(2, &[7]), NOW).unwrap();
    assert_eq!((scheduler.next(NOW), scheduler.next(NOW)), (Some(task(1)), Some(task(2))));
}

#[test]
fn a_task_is_admitted_once() {
    let mut scheduler = scheduler(&[entry(1)]);
    assert_eq!(scheduler.admit(&entry(1), NOW), Err(Refused::Admitted(task(1))));
    scheduler.next(NOW);
    assert_eq!(scheduler.admit(&entry(1), NOW), Err(Refused::Admitted(task(1))));
}
