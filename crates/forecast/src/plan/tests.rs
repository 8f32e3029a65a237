//! What a plan owes: the budget kept, more for more, and nearly the best there is.

use proptest::collection::vec;
use proptest::prelude::*;
use tenfold_domain::NanoUsd;

use super::{Backlog, Goal, Plan, Task, value};
use crate::{Interval, Refusal};

fn task(key: u32, value: f64, curve: &[(u64, f64)]) -> Task<u32> {
    let chance = |likely: f64| Interval { low: likely / 2.0, likely, high: likely };
    let curve = curve.iter().map(|&(cents, likely)| (cents_of(cents), chance(likely))).collect();
    Task { key, value, curve }
}

fn cents_of(cents: u64) -> NanoUsd {
    NanoUsd(cents * 10_000_000)
}

fn plan(tasks: &[Task<u32>], cents: u64) -> Plan<u32> {
    Backlog::new(tasks.to_vec(), Goal::Value, 0.0).unwrap().plan(cents_of(cents))
}

fn spends(plan: &Plan<u32>) -> Vec<(u32, u64)> {
    plan.funded.iter().map(|one| (one.task, one.spend.0 / 10_000_000)).collect()
}

#[test]
fn the_next_dollar_goes_where_it_buys_most() {
    let tasks = [
        task(1, 10.0, &[(100, 0.5), (200, 0.6)]),
        task(2, 4.0, &[(100, 0.5), (200, 0.9)]),
        task(3, 1.0, &[(100, 0.9)]),
    ];
    // A dollar buys 5 of the first, then 2 and 1.6 of the second, 1 of the first, 0.9 of the third.
    assert_eq!(spends(&plan(&tasks, 100)), [(1, 100)]);
    assert_eq!(spends(&plan(&tasks, 300)), [(1, 100), (2, 200)]);
    let some = plan(&tasks, 300);
    assert!((some.value - 8.6).abs() < 1e-9 && (some.price - 1.0).abs() < 1e-9);
    assert!((some.solved - 1.4).abs() < 1e-9);
    // 100 × ½ × ½ and 16 × 0.9 × 0.1.
    assert!((some.deviation - (25.0_f64 + 1.44).sqrt()).abs() < 1e-9);
    assert_eq!(some.left_out[0].in_at, Some(cents_of(500)));
    assert_eq!(spends(&plan(&tasks, 500)), [(1, 200), (2, 200), (3, 100)]);
    assert_eq!(plan(&tasks, 500).price, 0.0);
}

#[test]
fn what_is_left_buys_a_part_of_a_step() {
    // The hull of the first goes straight to the third point; 20 cents are not enough for it.
    let tasks = [task(1, 1.0, &[(10, 0.05), (20, 0.1), (50, 0.9)]), task(2, 0.1, &[(20, 0.5)])];
    assert_eq!(spends(&plan(&tasks, 20)), [(1, 20)]);
    assert_eq!(spends(&plan(&tasks, 70)), [(1, 50), (2, 20)]);
    // Or whole steps of others, if two of them gain more than any one move.
    let others = [task(2, 0.5, &[(20, 0.5)]), task(3, 0.3, &[(10, 0.5)])];
    let tasks = [&[task(1, 1.0, &[(10, 0.05), (50, 0.9)])][..], &others].concat();
    assert_eq!(spends(&plan(&tasks, 30)), [(3, 10), (2, 20)]);
}

#[test]
fn without_regard_to_value_the_most_tasks_are_solved() {
    let tasks =
        [task(1, 100.0, &[(300, 0.5)]), task(2, 1.0, &[(100, 0.9)]), task(3, 0.0, &[(200, 0.9)])];
    let blind = |goal| {
        let backlog = Backlog::new(tasks.to_vec(), goal, 0.0).unwrap();
        backlog.plan(cents_of(300))
    };
    assert_eq!(spends(&blind(Goal::Value)), [(1, 300)]);
    assert_eq!(spends(&blind(Goal::Solved)), [(2, 100), (3, 200)]);
    assert!(blind(Goal::Solved).solved > blind(Goal::Value).solved);
}

#[test]
fn what_costs_more_than_it_is_worth_is_left_at_any_budget() {
    let tasks = [task(1, 3.0, &[(100, 0.5), (200, 0.6)]), task(2, 1.0, &[(200, 0.9)])];
    let backlog = Backlog::new(tasks.to_vec(), Goal::Value, 1.0).unwrap();
    let all = backlog.plan(NanoUsd::MAX);
    assert_eq!(spends(&all), [(1, 100)]);
    assert_eq!((all.left_out[0].task, all.left_out[0].in_at), (2, None));
}

#[test]
fn nothing_to_plan_and_nothing_to_spend_are_answered() {
    let none = plan(&[], 100);
    assert_eq!((none.spent, none.funded.len(), none.price), (NanoUsd::ZERO, 0, 0.0));
    let broke = plan(&[task(1, 1.0, &[(100, 0.5)])], 0);
    assert_eq!((broke.value, broke.left_out[0].in_at), (0.0, Some(cents_of(100))));
    let hopeless = plan(&[task(1, 1.0, &[]), task(2, 1.0, &[(100, 0.0)])], 500);
    assert!(hopeless.left_out.iter().all(|one| one.in_at.is_none()));
    let solved = plan(&[task(1, 2.0, &[(0, 0.5)])], 500);
    assert_eq!((solved.value, solved.spent), (1.0, NanoUsd::ZERO));
}

#[test]
fn what_cannot_be_is_refused() {
    let refused = |task| {
        let refusal = Backlog::new(vec![task], Goal::Value, 0.0).unwrap_err();
        assert!(matches!(refusal, Refusal::Nonsense { .. }), "{refusal:?}");
    };
    refused(task(1, f64::NAN, &[]));
    refused(task(1, -1.0, &[]));
    refused(task(1, 1.0, &[(1, 1.5)]));
    refused(task(1, 1.0, &[(1, f64::NAN)]));
    assert!(Backlog::<u32>::new(Vec::new(), Goal::Value, f64::NAN).is_err());
}

#[test]
fn a_curve_in_dollars_is_one_in_amounts() {
    let chance = Interval { low: 0.1, likely: 0.2, high: 0.3 };
    let task = |dollars| Task::in_dollars(1, 1.0, [(dollars, chance)]);
    assert_eq!(task(0.25).unwrap().curve, [(cents_of(25), chance)]);
    assert_eq!(task(1e-10).unwrap().curve, [(NanoUsd(1), chance)], "never less than it takes");
    for dollars in [f64::NAN, -1.0, f64::INFINITY, 1e300] {
        assert!(matches!(task(dollars), Err(Refusal::Nonsense { .. })));
    }
}

#[test]
fn value_grows_with_capability_as_far_as_was_said() {
    assert_eq!(value(10.0, 4.0, 1.0), Ok(40.0));
    assert_eq!(value(10.0, 4.0, 0.5), Ok(20.0));
    assert!(value(10.0, -1.0, 1.0).is_err() && value(f64::INFINITY, 1.0, 1.0).is_err());
    assert!(value(1e300, 1e300, 1.0).is_err(), "it comes to no number");
}

#[test]
fn ten_thousand_tasks_are_planned() {
    let one = |key: u32| {
        let curve: Vec<(u64, f64)> =
            (1..25).map(|step| (step * 10, 1.0 - 0.9_f64.powi(step as i32))).collect();
        task(key, f64::from(key % 97), &curve)
    };
    let backlog = Backlog::new((0..10_000).map(one).collect(), Goal::Value, 0.0).unwrap();
    let plan = backlog.plan(NanoUsd::dollars(5_000));
    assert!(plan.spent <= plan.budget && plan.funded.len() > 1_000);
}

fn any_tasks(most: usize) -> impl Strategy<Value = Vec<Task<u32>>> {
    let curve = vec((0_u64..40, 0.0..1.0_f64), 0..5);
    vec((0.0..10.0_f64, curve), 0..most).prop_map(|all| {
        let keyed = (0..).zip(all);
        keyed.map(|(key, (value, curve))| task(key, value, &curve)).collect()
    })
}

/// The most that can be had, by trying everything; and the most that one task gains.
fn tried_all(tasks: &[Task<u32>], budget: NanoUsd) -> f64 {
    let Some((first, rest)) = tasks.split_first() else { return 0.0 };
    let points = first.curve.iter().map(|(spend, chance)| (*spend, first.value * chance.likely));
    let fitting = points.chain([(NanoUsd::ZERO, 0.0)]).filter(|(spend, _)| *spend <= budget);
    let each = fitting.map(|(spend, worth)| worth + tried_all(rest, budget.saturating_sub(spend)));
    each.fold(0.0, f64::max)
}

proptest! {
    #[test]
    fn a_plan_keeps_its_budget_and_is_a_step_from_the_best(
        tasks in any_tasks(5),
        cents in 0_u64..120,
    ) {
        let backlog = Backlog::new(tasks.clone(), Goal::Value, 0.0).unwrap();
        let plan = backlog.plan(cents_of(cents));
        prop_assert!(plan.spent <= plan.budget);
        prop_assert_eq!(plan.spent, plan.funded.iter().map(|one| one.spend).sum::<NanoUsd>());
        let best = tried_all(&tasks, plan.budget);
        let step = backlog.steps.iter().map(|step| step.gain).fold(0.0, f64::max);
        prop_assert!(plan.value <= best + 1e-9, "{} is more than there is: {best}", plan.value);
        prop_assert!(plan.value >= best - step - 1e-9, "{} of {best}, step {step}", plan.value);
    }

    #[test]
    fn more_budget_plans_for_more_and_each_dollar_for_less(tasks in any_tasks(8)) {
        let backlog = Backlog::new(tasks, Goal::Value, 0.0).unwrap();
        let (mut value, mut price) = (0.0, f64::INFINITY);
        for cents in 0..150 {
            let plan = backlog.plan(cents_of(cents));
            prop_assert!(plan.value >= value - 1e-9, "{} after {value} at {cents}", plan.value);
            prop_assert!(plan.price <= price);
            (value, price) = (plan.value, plan.price);
        }
        let curve = backlog.curve();
        let slopes = curve.windows(2).map(|pair| {
            (pair[1].1 - pair[0].1) / (pair[1].0.0 - pair[0].0.0) as f64
        });
        let slopes: Vec<f64> = slopes.collect();
        prop_assert!(slopes.is_sorted_by(|a, b| a >= &(b * (1.0 - 1e-6))));
    }

    #[test]
    fn the_order_of_tasks_does_not_matter_and_the_left_out_come_in(
        tasks in any_tasks(8),
        cents in 0_u64..100,
    ) {
        let here = plan(&tasks, cents);
        let turned: Vec<Task<u32>> = tasks.iter().rev().cloned().collect();
        prop_assert_eq!(&here, &plan(&turned, cents));
        for one in &here.left_out {
            let Some(budget) = one.in_at else { continue };
            prop_assert!(budget > here.budget);
            let then = Backlog::new(tasks.clone(), Goal::Value, 0.0).unwrap().plan(budget);
            prop_assert!(then.funded.iter().any(|funded| funded.task == one.task));
        }
    }
}
