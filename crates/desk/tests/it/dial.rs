//! The dial of a task: without a past nothing is said, with one there is a curve.

use serde_json::json;
use tenfold_desk::task::{Dial, DialUnit, Instead, dial};
use tenfold_domain::{
    AttemptId, AttemptOutcome, Energy, Fact, Millis, NanoUsd, ProblemKind, ProposalEvent,
    StepEvent, StepId, TaskId, Usage,
};

use tenfold_engine::Pasts;

use crate::home::{Home, became, commit, ended, made};
use crate::schema::fits;

fn turned(home: &Home, task: TaskId, instead: Instead, unit: DialUnit) -> Dial {
    let view = home.view();
    let (row, spec) = (view.task(task).unwrap().unwrap(), view.spec(task).unwrap().unwrap());
    let catalogue = home.house.catalogue().unwrap();
    let dial = dial((&view, &Pasts::default()), &catalogue, (&row, &spec), instead, unit).unwrap();
    fits("Dial", &dial);
    dial
}

/// An attempt at a task of its own, that cost so much.
fn tried(home: &Home, nanos: u64, solves: bool) {
    let attempt = home.begin(home.task("before"));
    let (reply, usage, cost) = (json!({}), Usage::default(), NanoUsd(nanos));
    let event = StepEvent::Result { reply, usage, cost, wall: Millis(5), energy: Energy::NONE };
    home.record(vec![Fact::Step { attempt, step: StepId(1), event }]);
    home.record(match solves {
        true => vec![made(attempt, commit('c')), ended(attempt, AttemptOutcome::Finished)],
        false => vec![ended(attempt, AttemptOutcome::GaveUp)],
    });
}

#[test]
fn a_curve_is_told_once_there_is_a_past() {
    let home = Home::new();
    let task = home.task("fix it");
    let first = turned(&home, task, Instead::default(), DialUnit::Dollars);
    assert!(first.refused.is_some() && first.curve.is_empty() && first.stops.is_none());
    assert_eq!((first.spent, first.budget), (0.0, Some(0.000_005)));
    for number in 1..=12 {
        tried(&home, number * 1_000_000, number % 3 != 0);
    }
    let told = turned(&home, task, Instead::default(), DialUnit::Dollars);
    assert_eq!((told.refused, told.attempts), (None, 12));
    assert!(told.curve.windows(2).all(|pair| pair[0].by < pair[1].by));
    assert!(told.curve.iter().all(|point| point.low <= point.likely && point.likely <= point.high));
    assert_eq!((told.of_this_task, told.model.as_str()), (Some(0), "m"));
    let steps = turned(&home, task, Instead::default(), DialUnit::Steps);
    assert_eq!((steps.unit, steps.budget), (DialUnit::Steps, None));
}

#[test]
fn a_past_is_fitted_once_and_goes_on_with_each_attempt() {
    let home = Home::new();
    let task = home.task("fix it");
    let catalogue = home.house.catalogue().unwrap();
    let turned = |pasts: &Pasts| {
        let view = home.view();
        let (row, spec) = (view.task(task).unwrap().unwrap(), view.spec(task).unwrap().unwrap());
        let of = (&row, &spec);
        dial((&view, pasts), &catalogue, of, Instead::default(), DialUnit::Dollars).unwrap()
    };
    let kept = Pasts::default();
    for number in 1..=10 {
        tried(&home, number * 1_000_000, number % 3 != 0);
        assert_eq!(turned(&kept), turned(&Pasts::default()), "with {number}");
    }
    assert_eq!(kept.attempts_read(), 10, "each is read once");
    turned(&kept);
    assert_eq!(kept.attempts_read(), 10);
    // What was held to be solved is not: nothing of it may be left.
    let attempt = AttemptId { task: TaskId::new(2).unwrap(), number: 1 };
    home.record(vec![became(attempt, ProposalEvent::Rejected { reason: String::new() })]);
    assert_eq!(turned(&kept), turned(&Pasts::default()));
}

#[test]
fn a_model_that_nobody_knows_is_not_found() {
    let home = Home::new();
    let task = home.task("fix it");
    let view = home.view();
    let (row, spec) = (view.task(task).unwrap().unwrap(), view.spec(task).unwrap().unwrap());
    let instead = Instead { model: Some("none-such".to_owned()), strategy: None };
    let catalogue = home.house.catalogue().unwrap();
    let error =
        dial((&view, &Pasts::default()), &catalogue, (&row, &spec), instead, DialUnit::Dollars)
            .unwrap_err();
    assert_eq!(error.problem().kind, ProblemKind::NotFound);
}
