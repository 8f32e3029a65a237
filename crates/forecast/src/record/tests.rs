//! What a record says of planted odds, and what a surprise costs.

use proptest::collection::vec;
use proptest::prelude::*;
use tenfold_domain::Seed;

use super::{Record, Records, Review, Work};
use crate::Refusal;

fn work(passed: bool, review: Review) -> Work {
    Work { told: None, passed: Some(passed), review: Some(review) }
}

fn record(right: usize, wrong: usize) -> Record {
    let mut record = Record::default();
    for place in 0..right + wrong {
        let review = if place < right { Review::Accepted } else { Review::Rejected };
        record.add(work(true, review)).unwrap();
    }
    record
}

#[test]
fn odds_are_jeffreys() {
    let none = Record::default().odds();
    assert!((none.likely - 0.5).abs() < 1e-12 && none.low < 0.01 && none.high > 0.99);
    // Quantiles of Beta(9.5, 1.5), from tables.
    let some = record(9, 1).odds();
    assert!((some.likely - 9.5 / 11.0).abs() < 1e-12);
    assert!((some.low - 0.6675).abs() < 2e-3, "{some:?}");
    assert!((some.high - 0.9834).abs() < 2e-3, "{some:?}");
}

#[test]
fn nine_in_ten_intervals_hold_the_planted_odds() {
    let mut draws = Seed(2).draws();
    let held = (0..400).filter(|_| {
        let odds = 0.1 + 0.8 * draws.unit();
        let right = (0..60).filter(|_| draws.unit() < odds).count();
        record(right, 60 - right).odds().holds(odds)
    });
    let held = held.count();
    assert!((340..=380).contains(&held), "{held} of 400");
}

#[test]
fn autonomy_is_earned_slowly_and_needs_a_passed_check() {
    assert!(!Record::default().earns(0.5, true));
    assert!(!record(90, 0).earns(0.98, true) && record(100, 0).earns(0.98, true));
    assert!(!record(100, 0).earns(0.98, false));
    assert!(!record(100, 1).earns(0.98, true));
    assert!(!record(100, 0).earns(f64::NAN, true));
    let mut unchecked = Record::default();
    for _ in 0..500 {
        let accepted = Work { told: None, passed: None, review: Some(Review::Accepted) };
        unchecked.add(accepted).unwrap();
    }
    assert!(!unchecked.earns(0.6, true), "what nobody checked says nothing of checked work");
    assert!(unchecked.odds().low > 0.98);
}

#[test]
fn what_was_taken_back_was_wrong() {
    let mut record = record(20, 0);
    let before = record.odds();
    record.add(work(true, Review::Reverted)).unwrap();
    assert!(record.odds().likely < before.likely);
    assert_eq!((record.reviews(), record.reverted()), (21, 1));
}

#[test]
fn a_surprise_is_told_and_halves_what_is_older() {
    let told = |told| Work { told: Some(told), ..work(true, Review::Rejected) };
    let (mut calm, mut startled) = (record(40, 0), record(40, 0));
    assert_eq!(calm.add(told(0.94)), Ok(None));
    let surprise = startled.add(told(0.95)).unwrap().unwrap();
    assert_eq!((surprise.told, surprise.right), (0.95, false));
    assert_eq!(startled.surprises(), [surprise]);
    assert!(startled.odds().low < calm.odds().low);
    assert_eq!(startled.odds(), record(20, 1).odds());
    let lucky = Work { told: Some(0.05), ..work(true, Review::Accepted) };
    assert!(startled.add(lucky).unwrap().is_some_and(|surprise| surprise.right));
    assert!(matches!(startled.add(told(f64::NAN)), Err(Refusal::Nonsense { .. })));
    assert!(matches!(startled.add(told(1.1)), Err(Refusal::Nonsense { .. })));
    assert_eq!(startled.reviews(), 42, "what is refused is not added");
}

#[test]
fn what_a_check_lets_through_is_known_from_reviews() {
    let nothing = Record::default().check_error();
    assert!((nothing.passed_wrong.likely - 1.0 / 12.0).abs() < 1e-12);
    assert!(nothing.passed_wrong.low < 0.01 && nothing.passed_wrong.high > 0.2);
    // 400 pass, of which a tenth is wrong; 160 fail, of which nobody looks at any.
    let mut record = record(180, 20);
    for place in 0..360 {
        let unseen = Work { told: None, passed: Some(place >= 160), review: None };
        record.add(unseen).unwrap();
    }
    let error = record.check_error();
    assert!(error.passed_wrong.holds(0.1) && (error.passed_wrong.likely - 0.1).abs() < 0.01);
    // 40 of 200 wrong ones passed.
    assert!(error.wrong_passed.holds(0.2) && (error.wrong_passed.likely - 0.2).abs() < 0.02);
    assert!(error.wrong_passed.high - error.wrong_passed.low < 0.2, "{error:?}");
    assert_eq!(record.odds().likely, record.odds_if_passed().likely, "unseen work says nothing");
}

#[test]
fn kinds_are_apart() {
    let mut records: Records<(&str, &str)> = Records::default();
    records.add(("coder", "rust"), work(true, Review::Accepted)).unwrap();
    assert_eq!(records.of(&("coder", "rust")).reviews(), 1);
    assert_eq!(records.of(&("coder", "go")), Record::default());
    assert_eq!(records.all().count(), 1);
}

#[test]
fn a_hundred_thousand_reviews_make_it_nearly_sure() {
    let many = record(99_000, 1_000).odds();
    assert!(many.holds(0.99) && many.high - many.low < 0.002, "{many:?}");
}

fn any_work() -> impl Strategy<Value = Work> {
    let review =
        prop_oneof![Just(Review::Accepted), Just(Review::Rejected), Just(Review::Reverted)];
    let told = proptest::option::of(0.0..=1.0);
    (told, any::<Option<bool>>(), proptest::option::of(review))
        .prop_map(|(told, passed, review)| Work { told, passed, review })
}

proptest! {
    #[test]
    fn odds_are_chances_whatever_comes(all in vec(any_work(), 0..60)) {
        let mut record = Record::default();
        for work in all {
            record.add(work).unwrap();
        }
        let error = record.check_error();
        let intervals =
            [record.odds(), record.odds_if_passed(), error.passed_wrong, error.wrong_passed];
        for one in intervals {
            prop_assert!(0.0 <= one.low && one.low <= one.likely);
            prop_assert!(one.likely <= one.high && one.high <= 1.0);
        }
    }

    #[test]
    fn a_surprise_never_raises_the_bound_of_a_record_that_is_mostly_right(
        right in 1_usize..80,
        share in 0.0..1.0_f64,
        came in any::<bool>(),
    ) {
        let wrong = (right as f64 * share) as usize;
        let review = if came { Review::Accepted } else { Review::Rejected };
        let (mut calm, mut startled) = (record(right, wrong), record(right, wrong));
        calm.add(Work { told: None, ..work(true, review) }).unwrap();
        let told = Some(if came { 0.01 } else { 0.99 });
        startled.add(Work { told, ..work(true, review) }).unwrap();
        prop_assert!(startled.odds_if_passed().low <= calm.odds_if_passed().low);
    }
}
