//! What a forecast of more samples owes, whatever the samples are; and that it finds back what
//! was planted.

use proptest::collection::vec;
use proptest::prelude::*;
use tenfold_domain::Seed;

use super::{Sampling, Tally, solved_by};
use crate::{Interval, Refusal};

fn tally(drawn: u64, right: u64) -> Tally {
    Tally { drawn, right }
}

/// Tallies of as many problems, their chances thinning out towards none as the 0.4th power.
fn power_tail(problems: u64, drawn: u64) -> Vec<Tally> {
    let mut draws = Seed(3).draws();
    let one = |place: u64| {
        let chance = 0.3 * ((place as f64 + 0.5) / problems as f64).powf(1.0 / 0.4);
        tally(drawn, (0..drawn).filter(|_| draws.unit() < chance).count() as u64)
    };
    (0..problems).map(one).collect()
}

/// The share of those problems that k samples solve, for certain.
fn truly_solved(problems: u64, k: f64) -> f64 {
    let one = |place: u64| {
        let chance: f64 = 0.3 * ((place as f64 + 0.5) / problems as f64).powf(1.0 / 0.4);
        1.0 - (1.0 - chance).powf(k)
    };
    (0..problems).map(one).sum::<f64>() / problems as f64
}

#[test]
fn the_unbiased_share_is_that_of_its_definition() {
    // Of four samples one is right: two of them hold it in three of six ways.
    assert!((solved_by(tally(4, 1), 2) - 0.5).abs() < 1e-12);
    assert_eq!(solved_by(tally(4, 0), 4), 0.0);
    assert_eq!(solved_by(tally(4, 1), 4), 1.0);
    assert_eq!(solved_by(tally(4, 3), 0), 0.0);
}

#[test]
fn a_hundred_samples_foretell_a_thousand_and_ten_thousand() {
    let sampling = Sampling::of(&power_tail(150, 100)).unwrap();
    for (k, off) in [(1_000, 0.05), (10_000, 0.08)] {
        let (told, true_share) = (sampling.share(k).unwrap(), truly_solved(150, k as f64));
        assert!((told.likely - true_share).abs() < off, "{told:?} for {true_share} at {k}");
        assert!(told.holds(true_share), "{told:?} for {true_share} at {k}");
    }
    let each = sampling.estimates(1_000).unwrap();
    assert!((each.together - sampling.share(1_000).unwrap().likely).abs() < 1e-9);
    let law = each.power_law.unwrap();
    let between = (each.beta_binomial + each.logit_normal) / 2.0;
    assert!(
        (each.together - law).abs() > 1e-3 && (each.together - (law + between) / 2.0).abs() < 0.05
    );
    let back = sampling.back_test().unwrap();
    assert_eq!((back.shown, back.foretold), (10, 100));
    assert!(back.error() < 0.1, "{back:?}");
}

#[test]
fn within_what_was_drawn_the_unbiased_share_is_told() {
    let tallies = power_tail(80, 100);
    let sampling = Sampling::of(&tallies).unwrap();
    for k in [1, 10, 100] {
        let mean = tallies.iter().map(|one| solved_by(*one, k)).sum::<f64>() / 80.0;
        assert!((sampling.share(k).unwrap().likely - mean).abs() < 1e-9, "{k}");
    }
}

#[test]
fn more_problems_make_it_surer() {
    let wide = |problems| {
        let told = Sampling::of(&power_tail(problems, 100)).unwrap().share(500).unwrap();
        told.high - told.low
    };
    // Up to where what is left is how far apart the two estimates are.
    assert!(wide(80) < 0.7 * wide(10));
}

#[test]
fn one_problem_is_told_from_its_own_samples_and_its_like() {
    let sampling = Sampling::of(&power_tail(150, 100)).unwrap();
    let chance = |drawn, right| sampling.chance(tally(drawn, right), 100).unwrap().likely;
    assert!(chance(1_000, 0) < chance(10, 0), "more failures");
    assert!(chance(10, 0) < chance(0, 0), "than none");
    assert!(chance(0, 0) < chance(10, 1) && chance(10, 1) < chance(10, 5));
    // Nothing known of this one: what half a hundred more samples do for its like.
    assert!((chance(0, 0) - truly_solved(150, 100.0)).abs() < 0.08);
}

#[test]
fn some_problems_may_have_no_chance_at_all() {
    let (hopeless, half) = ([tally(2_000, 0); 40], [tally(2_000, 1_000); 40]);
    let sampling = Sampling::of(&[hopeless, half].concat()).unwrap();
    let told = sampling.chance(tally(100, 0), 1_000).unwrap();
    assert!(told.low == 0.0 && told.likely < 0.2, "{told:?}");
    let told = sampling.chance(tally(100, 1), 1_000).unwrap();
    assert!(told.low > 0.5, "one right sample, and there is a chance: {told:?}");
}

#[test]
fn all_failed_and_all_right_are_answered_with_doubt() {
    let failed = Sampling::of(&[tally(50, 0); 40]).unwrap();
    let told = failed.share(500).unwrap();
    assert!(told.low < 0.01 && told.likely < 0.1 && told.high > told.likely, "{told:?}");
    let right = Sampling::of(&[tally(50, 50); 40]).unwrap();
    assert!(right.share(500).unwrap().likely > 0.999);
    let once = Sampling::of(&[tally(1, 1); 3]).unwrap();
    assert!(is_rising(once.share(1).unwrap(), once.share(2).unwrap()), "not even by doubt");
    let one = Sampling::of(&[tally(1, 0)]).unwrap().share(100).unwrap();
    assert!(one.high - one.low > 0.5, "one failure says next to nothing: {one:?}");
    // Nor does it say of ten like it, of which one was right once, which of them more will solve.
    let few = Sampling::of(&[tally(100, 1); 3]).unwrap().share(120).unwrap();
    assert!(few.high - few.low > 0.25, "{few:?}");
}

#[test]
fn what_cannot_be_answered_is_refused() {
    assert!(matches!(Sampling::of(&[]), Err(Refusal::TooFew { .. })));
    assert!(matches!(Sampling::of(&[tally(0, 0)]), Err(Refusal::TooFew { .. })));
    assert!(matches!(Sampling::of(&[tally(3, 4)]), Err(Refusal::Nonsense { .. })));
    assert!(matches!(Sampling::of(&[tally(u64::MAX, 1)]), Err(Refusal::Nonsense { .. })));
    let many = Sampling::of(&[tally(1_000_000_000, 5); 3]).unwrap();
    assert!(many.share(1_000_000).is_ok() && many.back_test().is_some());
    let sampling = Sampling::of(&[tally(10, 1); 3]).unwrap();
    assert!(sampling.share(10_000).is_ok());
    assert!(matches!(sampling.share(10_001), Err(Refusal::Beyond { .. })));
    assert!(matches!(sampling.chance(tally(0, 4), 1), Err(Refusal::Nonsense { .. })));
    assert!(matches!(sampling.chance(tally(3, 4), 1), Err(Refusal::Nonsense { .. })));
    assert!(sampling.back_test().is_none(), "ten samples are too few for it");
}

#[test]
fn a_hundred_thousand_problems_are_no_more_work() {
    let mut draws = Seed(1).draws();
    let tallies = (0..100_000).map(|_| {
        let drawn = 1 + draws.below(300) as u64;
        tally(drawn, draws.below(drawn as usize + 1) as u64)
    });
    let told = Sampling::of(&tallies.collect::<Vec<_>>()).unwrap().share(300).unwrap();
    assert!(told.likely > 0.9 && told.high - told.low < 0.05, "{told:?}");
}

fn any_tallies() -> impl Strategy<Value = Vec<Tally>> {
    let one = (1_u64..200, 0.0..1.0_f64)
        .prop_map(|(drawn, chance)| tally(drawn, (drawn as f64 * chance.powi(4)).round() as u64));
    vec(one, 1..12)
}

fn is_rising(before: Interval, after: Interval) -> bool {
    before.low <= after.low && before.likely <= after.likely && before.high <= after.high
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn shares_are_chances_that_rise_and_do_not_hang_on_the_order(
        tallies in any_tallies(),
        ks in vec(1_u64..1_000, 2..6),
    ) {
        let sampling = Sampling::of(&tallies).unwrap();
        let turned: Vec<Tally> = tallies.iter().rev().copied().collect();
        let turned = Sampling::of(&turned).unwrap();
        let mut ks = ks;
        ks.sort_unstable();
        let mut before = Interval { low: 0.0, likely: 0.0, high: 0.0 };
        for k in ks {
            let here = sampling.share(k).unwrap();
            prop_assert_eq!(here, turned.share(k).unwrap());
            prop_assert!(is_rising(before, here), "{:?} then {:?}", before, here);
            prop_assert!(0.0 <= here.low && here.low <= here.likely);
            prop_assert!(here.likely <= here.high && here.high <= 1.0);
            before = here;
        }
    }

    #[test]
    fn one_problems_chance_rises_with_samples_and_with_what_was_right(
        tallies in any_tallies(),
        drawn in 1_u64..100,
        right in 0_u64..100,
        more in 1_u64..500,
    ) {
        let sampling = Sampling::of(&tallies).unwrap();
        let right = right.min(drawn - 1);
        let here = sampling.chance(tally(drawn, right), more).unwrap();
        let longer = sampling.chance(tally(drawn, right), more + 100).unwrap();
        let better = sampling.chance(tally(drawn, right + 1), more).unwrap();
        prop_assert!(is_rising(here, longer));
        prop_assert!(here.likely <= better.likely + 1e-9);
        prop_assert!(0.0 <= here.low && here.high <= 1.0);
    }
}
