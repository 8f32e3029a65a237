//! That what was planted is found back, and that bad input is answered.

use proptest::collection::vec;
use proptest::prelude::*;
use tenfold_domain::{Draws, Seed};

use super::{Ask, Horizon};
use crate::Refusal;
use crate::read::minutes::TimedRun;

/// What a doubling of the minutes does in the runs that are made here.
const SLOPE: f64 = -0.6;

/// Runs of four models, of which each next one's horizon is twice as long, from 8 minutes on: ten
/// times at each of three tasks of as many families. How much families differ in log odds, and
/// their tasks, is planted.
fn made_apart(seed: u64, families: usize, apart: (f64, f64)) -> Vec<TimedRun> {
    let mut draws = Seed(seed).draws();
    let mut runs = Vec::new();
    for family in 0..families {
        let family_offset = apart.0 * bell(&mut draws);
        for task in 0..3 {
            let length = draws.unit() * 10.0;
            let offset = family_offset + apart.1 * bell(&mut draws);
            for _ in 0..10 {
                for model in 0..4 {
                    let log_odds = SLOPE * (length - 3.0 - f64::from(model)) + offset;
                    let chance = 1.0 / (1.0 + (-log_odds).exp());
                    runs.push(TimedRun {
                        model: format!("model {model}"),
                        family: format!("family {family}"),
                        task: format!("{family}/{task}"),
                        minutes: length.exp2(),
                        solved: draws.unit() < chance,
                    });
                }
            }
        }
    }
    runs
}

fn bell(draws: &mut Draws) -> f64 {
    (0..12).map(|_| draws.unit()).sum::<f64>() - 6.0
}

fn ask<'a>(model: &'a str, family: &'a str, minutes: f64) -> Ask<'a> {
    Ask { model: Some(model), family: Some(family), minutes }
}

fn made_from(seed: u64, families: usize) -> Vec<TimedRun> {
    made_apart(seed, families, (1.0, 0.0))
}

fn made(families: usize) -> Vec<TimedRun> {
    made_from(5, families)
}

#[test]
fn planted_horizons_are_found() {
    let mut held = 0;
    for seed in 0..10 {
        let horizon = Horizon::of(&made_from(seed, 60)).unwrap();
        for (model, planted) in horizon.models().into_iter().zip([8.0, 16.0, 32.0, 64.0]) {
            let half = horizon.minutes_at(model, 0.5).unwrap();
            held += i32::from(half.holds(planted));
            assert!(half.high / half.low < 3.0, "{half:?}");
            let most = horizon.minutes_at(model, 0.8).unwrap();
            let apart = (half.likely / most.likely).log2();
            assert!((apart - 4_f64.ln() / -SLOPE).abs() < 0.7, "{apart} doublings");
        }
    }

    assert!(held >= 34, "of 40 intervals, nine tenths of which should, {held} hold the horizon");
}

#[test]
fn a_family_that_was_seen_is_told_from_its_own_runs() {
    let mut runs = made(30);
    for run in runs.iter_mut().filter(|run| run.family == "family 7") {
        run.solved = false;
    }
    let horizon = Horizon::of(&runs).unwrap();
    let chance = |family| horizon.chance(ask("model 1", family, 16.0)).unwrap();
    let (hard, new) = (chance("family 7"), chance("never seen"));
    assert!(hard.likely < new.likely - 0.1, "{hard:?} {new:?}");
    assert!(new.high - new.low > 0.4, "families differ, so one that is new is unsure: {new:?}");
}

#[test]
fn what_families_and_tasks_differ_by_is_found_and_told() {
    let wide = |apart, family| {
        let horizon = Horizon::of(&made_apart(5, 40, apart)).unwrap();
        let told = horizon.chance(ask("model 1", family, 16.0)).unwrap();
        told.high - told.low
    };
    let alike = wide((0.3, 0.0), "never seen");
    assert!(wide((1.5, 0.0), "never seen") > 1.5 * alike, "families differ");
    let unsure = |apart| {
        let half =
            Horizon::of(&made_apart(5, 40, apart)).unwrap().minutes_at("model 2", 0.5).unwrap();
        (half.high / half.low).log2()
    };
    assert!(unsure((2.0, 0.0)) > 1.5 * unsure((0.3, 0.0)), "and so the middle is less sure");
    assert!(wide((0.3, 1.5), "family 3") > 1.5 * wide((0.3, 0.0), "family 3"), "tasks do");
    let runs = made_apart(5, 40, (0.3, 1.5));
    let told = Horizon::of(&runs).unwrap().chance(ask("model 1", "family 3", 16.0)).unwrap();
    let [low, high] = [told.low, told.high].map(|chance| (chance / (1.0 - chance)).ln());
    let planted = 2.0 * 1.645 * 1.5;
    assert!(high - low > 0.9 * planted, "a task that is new differs from those seen: {told:?}");
}

#[test]
fn many_runs_of_one_task_tell_little_of_its_family() {
    let mut runs = made_apart(5, 30, (0.3, 1.0));
    runs.retain(|run| run.family != "family 7" || run.task == "7/0");
    runs.iter_mut().filter(|run| run.family == "family 7").for_each(|run| run.solved = false);
    let chance = |runs: &[TimedRun]| {
        Horizon::of(runs).unwrap().chance(ask("model 2", "family 7", 16.0)).unwrap().likely
    };
    let few = chance(&runs);
    let one: Vec<TimedRun> = runs.iter().filter(|run| run.family == "family 7").cloned().collect();
    (0..20).for_each(|_| runs.extend(one.iter().cloned()));
    let many = chance(&runs);
    assert!(many > few / 2.0, "forty failures said {few}, eight hundred {many}");
}

#[test]
fn a_model_that_was_never_seen_is_less_sure() {
    let horizon = Horizon::of(&made(30)).unwrap();
    let told = |model| horizon.chance(ask(model, "family 1", 20.0)).unwrap();
    let any = told("another");
    for model in horizon.models() {
        let one = told(model);
        assert!(any.high - any.low > 1.2 * (one.high - one.low), "{any:?}, {model} {one:?}");
    }
    assert!(matches!(horizon.minutes_at("another", 0.5), Err(Refusal::TooFew { .. })));
}

#[test]
fn what_cannot_be_answered_is_refused() {
    assert!(matches!(Horizon::of(&[]), Err(Refusal::TooFew { .. })));
    let mut runs = made(5);
    let horizon = Horizon::of(&runs).unwrap();
    let longest = runs.iter().map(|run| run.minutes).fold(0.0, f64::max);
    assert!(horizon.chance(ask("model 1", "family 1", 3.9 * longest)).is_ok());
    let beyond = horizon.chance(ask("model 1", "family 1", 4.1 * longest));
    assert!(matches!(beyond, Err(Refusal::Beyond { .. })));
    for minutes in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let nonsense = horizon.chance(ask("model 1", "family 1", minutes));
        assert!(matches!(nonsense, Err(Refusal::Nonsense { .. })));
    }
    assert!(matches!(horizon.minutes_at("model 1", 1.0), Err(Refusal::Nonsense { .. })));
    runs[0].minutes = f64::NAN;
    assert!(matches!(Horizon::of(&runs), Err(Refusal::Nonsense { .. })));
}

#[test]
fn outcomes_that_are_all_alike_leave_doubt() {
    for solved in [false, true] {
        let mut runs = made(4);
        runs.iter_mut().for_each(|run| run.solved = solved);
        let told = Horizon::of(&runs).unwrap().chance(ask("model 1", "new", 8.0)).unwrap();
        assert!(0.0 < told.low && told.high < 1.0, "{told:?}");
        assert!(if solved { told.likely > 0.9 } else { told.likely < 0.1 }, "{told:?}");
    }
    let one = Horizon::of(&made(4)[..1]).unwrap().chance(ask("model 0", "new", 8.0)).unwrap();
    assert!(one.high - one.low > 0.8, "one run says next to nothing: {one:?}");
}

#[test]
fn a_hundred_thousand_runs_of_as_many_families_are_fitted() {
    let mut runs = made(40);
    let other = runs.clone();
    while runs.len() < 100_000 {
        let more = runs.len();
        runs.extend(other.iter().cloned().map(|run| TimedRun {
            family: format!("{}-{more}", run.family),
            task: format!("{}-{more}", run.task),
            ..run
        }));
    }
    let half = Horizon::of(&runs).unwrap().minutes_at("model 2", 0.5).unwrap();
    assert!(half.high / half.low < 1.3, "{half:?}");
}

fn any_runs() -> impl Strategy<Value = Vec<TimedRun>> {
    let one = (0..3_u8, 0..4_u8, -3.0..12.0_f64, any::<bool>()).prop_map(
        |(model, family, length, solved)| TimedRun {
            model: model.to_string(),
            family: family.to_string(),
            task: format!("{family} {length:.0}"),
            minutes: length.round().exp2(),
            solved,
        },
    );
    vec(one, 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn chances_fall_with_the_minutes_and_do_not_hang_on_the_order(runs in any_runs()) {
        let horizon = Horizon::of(&runs).unwrap();
        let turned: Vec<TimedRun> = runs.iter().rev().cloned().collect();
        let turned = Horizon::of(&turned).unwrap();
        let longest = runs.iter().map(|run| run.minutes).fold(0.0, f64::max);
        let mut before: Option<crate::Interval> = None;
        for step in 0..20 {
            let minutes = longest * 0.3_f64.powi(step);
            let here = horizon.chance(ask("1", "2", minutes)).unwrap();
            prop_assert_eq!(here, turned.chance(ask("1", "2", minutes)).unwrap());
            prop_assert!(0.0 <= here.low && here.high <= 1.0);
            if let Some(longer) = before {
                prop_assert!(longer.low <= here.low && longer.high <= here.high);
                prop_assert!(longer.likely <= here.likely);
            }
            before = Some(here);
        }
    }
}
