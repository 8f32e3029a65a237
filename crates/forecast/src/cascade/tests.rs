//! What a cascade learns and does, on tasks that are drawn from a seed.

use jiff::civil::{Date, date};
use proptest::prelude::*;
use tenfold_domain::{Draws, Seed};

use super::*;
use crate::Trial;

const TODAY: Date = date(2026, 3, 1);

/// A rung as it really is.
struct Truth {
    name: &'static str,
    /// It solves what is no harder than this, of hardness from 0 to 1, but for chance.
    reach: f64,
    /// What it costs when it solves, and when it fails.
    dollars: [f64; 2],
}

const WEAK: Truth = Truth { name: "weak", reach: 0.45, dollars: [0.01, 0.02] };
const STRONG: Truth = Truth { name: "strong", reach: 0.75, dollars: [0.4, 0.9] };

fn rung(name: &str) -> Rung {
    Rung { name: name.to_owned(), date: date(2026, 1, 1), dollars: None }
}

fn bought(name: &str, spend: f64, end: End) -> Bought {
    Bought { rung: name.to_owned(), trial: Trial { spend, end }, right: None }
}

fn cascade(goal: Goal, leak: f64) -> Cascade {
    Cascade::new(Settings { goal, leak, seed: Seed(5) }).unwrap()
}

/// Works so many tasks; how many were solved, what was paid, and what was bought.
fn work(
    cascade: &mut Cascade,
    truths: &[Truth],
    tasks: usize,
    seed: Seed,
) -> (usize, f64, Vec<Vec<Bought>>) {
    let rungs: Vec<Rung> = truths.iter().map(|truth| rung(truth.name)).collect();
    let mut draws = seed.draws();
    let (mut right, mut paid, mut all) = (0, 0.0, Vec::new());
    for _ in 0..tasks {
        let hardness = draws.unit();
        let mut tried = Vec::new();
        while let Choice::Try { rung, cap, .. } = cascade.next(&tried, &rungs, TODAY, None) {
            let truth = truths.iter().find(|truth| truth.name == rung).unwrap();
            let (trial, solved) = attempt(truth, hardness, cap, cascade.settings.leak, &mut draws);
            paid += trial.spend;
            right += usize::from(solved && trial.end == End::Solved);
            tried.push(Bought { rung, trial, right: None });
        }
        cascade.learn(&tried).unwrap();
        all.push(tried);
    }
    (right, paid, all)
}

fn attempt(
    truth: &Truth,
    hardness: f64,
    cap: Option<f64>,
    leak: f64,
    draws: &mut Draws,
) -> (Trial, bool) {
    let solved = hardness + 0.2 * (draws.unit() - 0.5) < truth.reach;
    let passes = solved || draws.unit() < leak;
    let end = if passes { End::Solved } else { End::Failed };
    let spend = truth.dollars[usize::from(!solved)] * (0.5 + draws.unit());
    (Trial { spend, end }.seen_until(cap.unwrap_or(f64::INFINITY)), solved)
}

#[test]
fn what_is_cheap_goes_first_and_what_it_fails_goes_on() {
    let mut learned = cascade(Goal::AsBest, 0.0);
    work(&mut learned, &[WEAK, STRONG], 150, Seed(1));
    let (right, paid, bought) = work(&mut learned, &[WEAK, STRONG], 300, Seed(2));
    let first = bought.iter().filter(|task| task[0].rung == "weak").count();
    assert!(first > 270, "{first} of 300 began with the cheap one");
    assert!(right > 205, "{right} of 300 are solved, and the strong one alone solves 3 in 4");
    assert!(paid < 0.75 * 300.0 * 0.525, "${paid:.0} is no less than it costs alone");
    let rungs = [rung("weak"), rung("strong")];
    let Choice::Try { why, .. } = learned.next(&[], &rungs, TODAY, None) else { panic!() };
    let Why::Best { hope, then: Some(then), .. } = why else { panic!("{why}") };
    assert!((hope.chance - 0.45).abs() < 0.08, "{hope}");
    // Of the 55 that the weak one fails the strong one solves 30, and of all 75 in 100.
    assert!((0.4..0.7).contains(&then.chance), "{then}");
}

#[test]
fn a_check_that_leaks_makes_the_weak_one_dear() {
    let begins_weak = |leak: f64| {
        let mut learned = cascade(Goal::Value(10.0), leak);
        work(&mut learned, &[WEAK, STRONG], 500, Seed(3));
        let (.., bought) = work(&mut learned, &[WEAK, STRONG], 100, Seed(4));
        bought.iter().filter(|task| task.first().is_some_and(|one| one.rung == "weak")).count()
    };
    assert!(begins_weak(0.0) > 90);
    let weak = begins_weak(0.5);
    assert!(weak < 60, "{weak} of 100: half of the wrong ones pass, and end the task");
}

#[test]
fn what_goes_on_for_long_is_cut_off() {
    let runaway = Truth { name: "runaway", reach: 0.5, dollars: [0.05, 1.0] };
    let mut learned = cascade(Goal::Value(0.8), 0.0);
    work(&mut learned, std::slice::from_ref(&runaway), 100, Seed(6));
    let (right, paid, _) = work(&mut learned, &[runaway], 100, Seed(7));
    assert!(right > 35, "{right} of 100 are solved, and half of them can be, for little");
    assert!(paid < 30.0, "${paid:.0} were paid, and without a cap it is $53");
}

#[test]
fn a_new_rung_is_tried_and_dropped_when_it_is_no_good() {
    let bad = Truth { name: "new", reach: 0.1, dollars: [1.0, 1.0] };
    let mut learned = cascade(Goal::AsBest, 0.0);
    work(&mut learned, &[WEAK, STRONG], 200, Seed(7));
    let (.., bought) = work(&mut learned, &[WEAK, STRONG, bad], 300, Seed(8));
    let of = |tasks: &[Vec<Bought>]| tasks.iter().flatten().filter(|one| one.rung == "new").count();
    assert!((3..60).contains(&of(&bought)), "{} tries", of(&bought));
    assert!(of(&bought[200..]) < 6, "{} tries after 200 tasks", of(&bought[200..]));
}

#[test]
fn the_same_tasks_make_the_same_choices() {
    let mut first = cascade(Goal::AsBest, 0.1);
    let (.., bought) = work(&mut first, &[WEAK, STRONG], 80, Seed(9));
    let mut again = cascade(Goal::AsBest, 0.1);
    assert_eq!(work(&mut again, &[WEAK, STRONG], 80, Seed(9)).2, bought);
    // Who only learns them without having been asked believes about the same.
    let mut told = cascade(Goal::AsBest, 0.1);
    bought.iter().for_each(|task| told.learn(task).unwrap());
    for one in [&mut first, &mut told] {
        (0..3).for_each(|_| one.belief.refit(one.tasks.iter().map(Vec::as_slice)));
    }
    for (name, known) in &first.belief.rungs {
        let strength = told.belief.rungs[name].strength;
        assert!((strength - known.strength).abs() < 0.6, "{name}: {strength} {known:?}");
    }
}

#[test]
fn nothing_is_bought_before_its_day_or_without_money_or_twice() {
    let mut new = cascade(Goal::Value(1_000.0), 0.0);
    let later = Rung { date: date(2026, 3, 2), ..rung("later") };
    let stopped = |choice: Choice| match choice {
        Choice::Stop { why } => why,
        Choice::Try { rung, .. } => panic!("{rung} is tried"),
    };
    let rungs = [later];
    assert_eq!(stopped(new.next(&[], &rungs, TODAY, None)), Why::AllTried);
    let rungs = [rung("a")];
    assert_eq!(stopped(new.next(&[], &rungs, TODAY, Some(0.0))), Why::NoMoney);
    assert_eq!(stopped(new.next(&[], &rungs, TODAY, Some(f64::NAN))), Why::NoMoney);
    let failed = [bought("a", 0.1, End::Failed)];
    assert_eq!(stopped(new.next(&failed, &rungs, TODAY, None)), Why::AllTried);
    let passed = [bought("a", 0.1, End::Solved)];
    assert_eq!(stopped(new.next(&passed, &rungs, TODAY, None)), Why::Passed);
    let Choice::Try { cap, .. } = new.next(&[], &rungs, TODAY, Some(0.02)) else { panic!() };
    assert!(cap.is_some_and(|cap| cap <= 0.02), "{cap:?}");
}

#[test]
fn nothing_is_tried_where_nothing_is_worth_it() {
    let mut learned = cascade(Goal::Value(0.001), 0.0);
    let Choice::Stop { why } = learned.next(&[], &[rung("a")], TODAY, None) else { panic!() };
    assert!(matches!(why, Why::NotWorth { .. }), "{why}");
}

#[test]
fn what_cannot_be_is_refused() {
    let settings = |goal, leak| Settings { goal, leak, seed: Seed(1) };
    assert!(Cascade::new(settings(Goal::AsBest, f64::NAN)).is_err());
    assert!(Cascade::new(settings(Goal::AsBest, 1.1)).is_err());
    assert!(Cascade::new(settings(Goal::Value(f64::INFINITY), 0.0)).is_err());
    let mut new = cascade(Goal::AsBest, 0.0);
    for spend in [f64::NAN, -1.0, f64::INFINITY] {
        assert!(new.learn(&[bought("a", spend, End::Failed)]).is_err());
    }
    assert_eq!(new.learned, 0);
}

#[test]
fn no_more_is_remembered_than_is_said() {
    let mut long = cascade(Goal::AsBest, 0.0);
    for _ in 0..100_000 {
        long.learn(&[bought("a", 0.1, End::Failed)]).unwrap();
    }
    assert_eq!((long.tasks.len(), long.learned), (REMEMBERED, 100_000));
}

#[test]
fn all_failed_and_all_solved_are_believed_and_not_for_certain() {
    for end in [End::Failed, End::Solved] {
        let mut learned = cascade(Goal::Value(5.0), 0.0);
        (0..50).for_each(|_| learned.learn(&[bought("a", 0.0, end)]).unwrap());
        learned.belief.refit(learned.tasks.iter().map(Vec::as_slice));
        let chance =
            learned.belief.chance(learned.belief.of(&rung("a")).strength, &learned.belief.eases);
        let sure = if end == End::Solved { chance } else { 1.0 - chance };
        assert!((0.9..0.9999).contains(&sure), "{end:?}: {chance}");
    }
}

#[test]
fn reasons_read_as_sentences() {
    let hope = |rung: &str, chance, dollars, attempts| Hope {
        rung: rung.to_owned(),
        chance,
        dollars,
        attempts,
    };
    let then = Some(hope("sonnet", 0.3, 0.4, 12));
    let why = Why::Best { hope: hope("haiku", 0.56, 0.031, 40), then, value: 1.2 };
    assert_eq!(
        why.to_string(),
        "haiku solves 56 % of such tasks for $0.03 an attempt (known from 40 attempts), where a \
         solved one is worth $1.20; what it fails sonnet solves 30 % of"
    );
    assert_eq!(
        Why::Scout(hope("opus", 0.5, 0.002, 0)).to_string(),
        "opus solves 50 % of such tasks for $0.0020 an attempt, as far as can be guessed, and may \
         be the best there is: it is tried out"
    );
}

fn any_task() -> impl Strategy<Value = Vec<Bought>> {
    let spend = prop_oneof![Just(0.0), Just(1e-12), Just(1e12), 0.0..10.0_f64];
    let end = prop_oneof![Just(End::Solved), Just(End::Failed), Just(End::Cut)];
    let right = prop_oneof![Just(None), Just(Some(true)), Just(Some(false))];
    let one = ("[abc]", spend, end, right).prop_map(|(rung, spend, end, right)| Bought {
        rung,
        trial: Trial { spend, end },
        right,
    });
    prop::collection::vec(one, 0..4)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_was_bought_chances_are_chances(
        tasks in prop::collection::vec(any_task(), 0..30),
        leak in prop_oneof![Just(0.0), Just(1.0), 0.0..1.0_f64],
    ) {
        let mut learned = cascade(Goal::AsBest, leak);
        for task in &tasks {
            learned.learn(task).unwrap();
        }
        let rungs = ["a", "b", "c", "d"].map(rung);
        let choice = learned.next(&[], &rungs, TODAY, None);
        if let Choice::Try { why: Why::Best { hope, .. } | Why::Scout(hope), cap, .. } = choice {
            prop_assert!((0.0..=1.0).contains(&hope.chance), "{hope:?}");
            prop_assert!(hope.dollars.is_finite() && hope.dollars >= 0.0, "{hope:?}");
            prop_assert!(cap.is_none_or(|cap| cap > 0.0 && cap.is_finite()));
        }
        // What has failed makes no other likelier to solve it, and a higher cap none less likely.
        let known = learned.belief.of(&rungs[1]);
        let failed = [bought("a", 0.1, End::Failed)];
        let [fresh, after] = [&[][..], &failed[..]].map(|tried| learned.belief.after(tried));
        let chance = |eases| learned.belief.chance(known.strength, eases);
        prop_assert!(chance(&after) <= chance(&fresh) + 1e-9);
        let by = |cap: f64| Capped::new(&learned.belief, &known, cap).worth(&fresh);
        let (less, more) = (by(0.1), by(1.0));
        prop_assert!(less.right <= more.right + 1e-9 && less.dollars <= more.dollars + 1e-9);
    }

    #[test]
    fn the_order_in_which_tasks_were_learned_changes_nothing(
        tasks in prop::collection::vec(any_task(), 1..20),
    ) {
        let strengths = |tasks: &[Vec<Bought>]| {
            let mut belief = Belief::new(0.1);
            belief.refit(tasks.iter().map(Vec::as_slice));
            let mut all: Vec<_> = belief.rungs.into_iter().map(|(k, v)| (k, v.strength)).collect();
            all.sort_by(|a, b| a.0.cmp(&b.0));
            all
        };
        let reversed: Vec<_> = tasks.iter().rev().cloned().collect();
        for (one, other) in strengths(&tasks).iter().zip(&strengths(&reversed)) {
            prop_assert!((one.1 - other.1).abs() < 1e-6, "{one:?} {other:?}");
        }
    }
}
