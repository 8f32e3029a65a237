//! Whatever happens to a task, in whatever order: it can be told, and what is told agrees.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::select;
use tenfold_desk::task::{Became, Cards, Column, Heards, Verb, WordKind, page, steps};
use tenfold_domain::{
    AttemptEvent, AttemptId, AttemptOutcome, Fact, Parked, Place, ProposalEvent, Side, Spend,
    StepEvent, StepId, TaskEvent, TaskId, TaskState, Timestamp,
};

use tenfold_engine::{Pasts, Trajectories};
use tenfold_forecast::Unit;
use tenfold_store::About;

use crate::home::{Home, became, commit, ended, made, of, of_task};

fn place() -> Place {
    Place { path: "so".to_owned(), line: None, side: Side::Proposed }
}

fn any_of_attempt(attempt: AttemptId) -> Vec<Fact> {
    let step = StepId(1);
    let text = "so".to_owned();
    let proposed = |event| became(attempt, event);
    vec![
        made(attempt, commit('c')),
        proposed(ProposalEvent::Made { commit: commit('d'), evidence: None }),
        proposed(ProposalEvent::Branching { branch: text.clone(), commit: text.clone() }),
        proposed(ProposalEvent::AcceptedAsBranch { branch: text.clone(), commit: text.clone() }),
        proposed(ProposalEvent::Applying { before: commit('1'), after: commit('2') }),
        proposed(ProposalEvent::AcceptedInPlace { before: commit('1'), after: commit('2') }),
        proposed(ProposalEvent::TakingBack),
        proposed(ProposalEvent::Rejected { reason: text.clone() }),
        proposed(ProposalEvent::Undone),
        proposed(ProposalEvent::Commented { place: place(), text: text.clone() }),
        of(attempt, AttemptEvent::Asked { step, question: text.clone(), call: None }),
        of(attempt, AttemptEvent::Answered { step, text: text.clone() }),
        of(attempt, AttemptEvent::Paused),
        of(attempt, AttemptEvent::Resumed),
        of(attempt, AttemptEvent::FilesRemoved),
        ended(attempt, AttemptOutcome::Finished),
        ended(attempt, AttemptOutcome::Stopped),
        ended(attempt, AttemptOutcome::GaveUp),
        Fact::Step {
            attempt,
            step,
            event: StepEvent::Failed { why: text.clone(), cost: tenfold_domain::NanoUsd(1) },
        },
        of_task(attempt.task, TaskEvent::Steered { text }),
        of_task(
            attempt.task,
            TaskEvent::Parked(Parked::Money { amount: Spend::default(), renews: None }),
        ),
        of_task(attempt.task, TaskEvent::Woken),
    ]
}

fn facts() -> impl Strategy<Value = Vec<Fact>> {
    let task = TaskId::new(1).unwrap();
    let all = (1..=2).flat_map(|number| any_of_attempt(AttemptId { task, number }));
    prop::collection::vec(select(all.collect::<Vec<_>>()), 0..12)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn what_is_told_agrees_with_itself(facts in facts(), at_work: bool) {
        let home = Home::new();
        let task = home.task("fix it");
        home.begin(task);
        home.begin(task);
        let said = facts.iter().filter(|fact| matches!(
            fact,
            Fact::Task { event: TaskEvent::Steered { .. }, .. }
                | Fact::Attempt { event: AttemptEvent::Answered { .. }, .. }
                | Fact::Proposal {
                    event: ProposalEvent::Commented { .. } | ProposalEvent::Rejected { .. },
                    ..
                }
        ));
        let said = said.count();
        home.record(facts.clone());
        let view = home.view();
        let (view, paths) = (&view, &BTreeMap::new());
        let cards = Cards { view, paths, waiting: &BTreeMap::new(), now: Timestamp(0) };
        let told = page(&home.house, &cards, task, (at_work, &Heards::default())).unwrap();
        let card = &told.card;
        prop_assert_eq!(card.column, Column::of(card.state));
        prop_assert_eq!(told.words.len(), 1 + said);
        prop_assert_eq!(told.words[0].kind, WordKind::Asked);
        prop_assert_eq!(card.question.is_some(), told.can.iter().any(|can| {
            can.verb == Verb::Answer && can.may
        }));
        let may = |verb: Verb| told.can.iter().any(|can| can.verb == verb && can.may);
        let waits = card.proposal.as_ref().is_some_and(|row| row.state == Became::ToReview);
        prop_assert_eq!(may(Verb::Accept), waits && !at_work);
        prop_assert_eq!(may(Verb::Pause), at_work);
        prop_assert!(!(may(Verb::Accept) && may(Verb::Undo)));
        prop_assert!(!(may(Verb::Begin) && card.state == TaskState::Accepted));
        for attempt in &told.attempts {
            let id = AttemptId { task, number: attempt.number };
            let told = steps((view, &Trajectories::default()), id, None, 3).unwrap();
            prop_assert!(told.steps.len() <= 3);
        }
        let json = serde_json::to_string(&told).unwrap();
        prop_assert_eq!(serde_json::from_str(&json).ok(), Some(told));
    }

    #[test]
    fn what_is_kept_is_what_reading_anew_says_after_each_event(facts in facts()) {
        let home = Home::new();
        let task = home.task("fix it");
        let attempts = [home.begin(task), home.begin(task)];
        let kept = (Trajectories::default(), Pasts::default(), Heards::default());
        let mut events = 0;
        for fact in facts {
            home.record(vec![fact]);
            let view = home.view();
            for attempt in attempts {
                let anew = Trajectories::default();
                prop_assert_eq!(
                    kept.0.ask(&view, attempt, |went| went.trajectory().clone()).unwrap(),
                    anew.ask(&view, attempt, |went| went.trajectory().clone()).unwrap()
                );
            }
            let (paths, waiting) = (BTreeMap::new(), BTreeMap::new());
            let cards = Cards { view: &view, paths: &paths, waiting: &waiting, now: Timestamp(0) };
            let told = |heards| page(&home.house, &cards, task, (false, heards)).unwrap();
            prop_assert_eq!(told(&kept.2), told(&Heards::default()));
            let all = view.each_event(About::Task(task).into()).count() as u64;
            prop_assert!(all > events && kept.2.events_read() == all, "each is read once");
            events = all;
            for unit in [Unit::Dollars, Unit::Steps] {
                let anew = Pasts::default().of(&view, unit).unwrap();
                let known = kept.1.of(&view, unit).unwrap();
                prop_assert_eq!(known.taken, anew.taken);
                prop_assert_eq!(known.past.trials(), anew.past.trials());
            }
        }
    }
}
