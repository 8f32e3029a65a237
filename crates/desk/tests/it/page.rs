//! The page of a task: what people said, the proof, and what may be done as it goes.

use std::collections::BTreeMap;

use tenfold_desk::task::{Cards, Heards, TaskPage, Verb, VerdictView, Word, WordKind, page, proof};
use tenfold_domain::{
    AttemptEvent, AttemptId, AttemptOutcome, CommitId, Parked, Place, ProblemKind, ProposalEvent,
    Side, StepId, TaskEvent, TaskId, Timestamp,
};

use crate::home::{Home, became, commit, ended, made, of, of_task};
use crate::schema::fits;

fn shown(home: &Home, task: TaskId, at_work: bool) -> TaskPage {
    let view = home.view();
    let (view, paths) = (&view, &BTreeMap::new());
    let cards = Cards { view, paths, waiting: &BTreeMap::new(), now: Timestamp(0) };
    let page = page(&home.house, &cards, task, (at_work, &Heards::default())).unwrap();
    fits("TaskPage", &page);
    page
}

fn may(home: &Home, task: TaskId, at_work: bool) -> Vec<Verb> {
    let can = shown(home, task, at_work).can;
    assert!(can.iter().all(|can| can.may == can.why.is_none()));
    can.into_iter().filter(|can| can.may).map(|can| can.verb).collect()
}

fn finished(home: &Home, task: TaskId) -> AttemptId {
    let attempt = home.begin(task);
    home.record(vec![made(attempt, commit('c')), ended(attempt, AttemptOutcome::Finished)]);
    attempt
}

#[test]
fn what_may_be_done_follows_from_where_a_task_stands() {
    use Verb::{
        Accept, Answer, Begin, Budget, Comment, Fork, Pause, Reject, Resume, Retry, Revise, Steer,
        Stop, Undo,
    };
    let home = Home::new();
    let task = home.task("fix it");
    assert_eq!(may(&home, task, false), [Begin, Steer, Budget]);
    let attempt = home.begin(task);
    assert_eq!(may(&home, task, true), [Steer, Pause, Stop, Budget]);
    // As an engine that died has left it.
    assert_eq!(may(&home, task, false), [Begin, Retry, Steer, Resume, Budget, Fork]);
    let question = "which?".to_owned();
    home.record(vec![of(attempt, AttemptEvent::Asked { step: StepId(1), question, call: None })]);
    assert!(may(&home, task, false).contains(&Answer));
    home.record(vec![ended(attempt, AttemptOutcome::GaveUp)]);
    assert_eq!(may(&home, task, false), [Begin, Retry, Steer, Budget, Fork]);
    let other = home.task("fix that");
    let attempt = home.begin(other);
    let parked = Parked::Quota { until: Timestamp(9), is_told: true };
    home.record(vec![
        of_task(other, TaskEvent::Parked(parked)),
        ended(attempt, AttemptOutcome::LimitQuota),
    ]);
    let resumes = [Begin, Retry, Steer, Resume, Budget, Fork];
    assert_eq!(may(&home, other, false), resumes);
    home.record(vec![of_task(other, TaskEvent::Woken)]);
    assert_eq!(may(&home, other, false), resumes);
    let attempt = finished(&home, task);
    let reviewing = [Begin, Retry, Steer, Budget, Fork, Comment, Revise, Accept, Reject];
    assert_eq!(may(&home, task, false), reviewing);
    assert_eq!(may(&home, task, true), [Steer, Pause, Stop, Budget]);
    home.record(vec![became(attempt, ProposalEvent::Rejected { reason: String::new() })]);
    assert_eq!(may(&home, task, false), [Retry, Steer, Budget, Fork, Undo]);
    home.record(vec![became(attempt, ProposalEvent::Undone)]);
    assert_eq!(may(&home, task, false), reviewing);
    let (before, after) = (commit('d'), commit('e'));
    home.record(vec![became(attempt, ProposalEvent::AcceptedInPlace { before, after })]);
    assert_eq!(may(&home, task, false), [Budget, Undo]);
    home.record(vec![of(attempt, AttemptEvent::FilesRemoved)]);
    assert_eq!(may(&home, task, false), [Budget]);
}

#[test]
fn what_people_said_is_told_once_and_in_order() {
    let home = Home::new();
    let task = home.task("fix it");
    let attempt = finished(&home, task);
    let steered = |text: &str| of_task(task, TaskEvent::Steered { text: text.to_owned() });
    let commented = |line, side, text: &str| {
        let place = Place { path: "m.py".to_owned(), line, side };
        became(attempt, ProposalEvent::Commented { place, text: text.to_owned() })
    };
    home.record(vec![
        steered("mind the zero"),
        steered("(From Tenfold, not from the person.) While you work, …"),
        of(attempt, AttemptEvent::Answered { step: StepId(1), text: "that one".to_owned() }),
        commented(Some(3), Side::Proposed, "why?"),
        steered("About m.py:3 of your proposal (`x = 1`): why?"),
        steered("About m.py:3 I was wrong"),
        commented(Some(4), Side::Before, "keep it"),
        steered("About line 4 of m.py as it was, which your proposal removes (`y = 2`): keep it"),
        commented(None, Side::Proposed, "too long"),
        steered("About your change of m.py as a whole: too long"),
        became(attempt, ProposalEvent::Rejected { reason: "no".to_owned() }),
    ]);
    let page = shown(&home, task, false);
    let told = |word: &Word| word.place.as_ref().map(Place::to_string);
    let words: Vec<_> =
        page.words.iter().map(|word| (word.kind, word.text.as_str(), told(word))).collect();
    assert_eq!(
        words,
        [
            (WordKind::Asked, "fix it", None),
            (WordKind::Steered, "mind the zero", None),
            (WordKind::Answered, "that one", None),
            (WordKind::Commented, "why?", Some("m.py:3".to_owned())),
            (WordKind::Steered, "About m.py:3 I was wrong", None),
            (WordKind::Commented, "keep it", Some("m.py:4 (removed)".to_owned())),
            (WordKind::Commented, "too long", Some("m.py".to_owned())),
            (WordKind::Rejected, "no", None),
        ]
    );
}

#[test]
fn each_attempt_has_its_proof_and_the_page_the_proposal_that_counts() {
    let home = Home::new();
    let task = home.task("fix it");
    let first = finished(&home, task);
    let second = home.begin(task);
    let (from, base): (_, CommitId) = (first, commit('f'));
    home.record(vec![
        of(second, AttemptEvent::Forked { from, step: Some(StepId(4)), changes: 2 }),
        became(second, ProposalEvent::Made { commit: base, evidence: None }),
        ended(second, AttemptOutcome::Finished),
    ]);
    let page = shown(&home, task, false);
    let proof = |attempt| proof((&home.view(), &Heards::default()), attempt).map(|it| it.report);
    assert_eq!(proof(second).unwrap(), None);
    let report = proof(first).unwrap().unwrap();
    assert_eq!((report.verdict, report.passed), (VerdictView::Passed, Some(3)));
    assert_eq!(report.output_bytes, report.output.len());
    let third = AttemptId { task, number: 3 };
    assert_eq!(proof(third).unwrap_err().problem().kind, ProblemKind::NotFound);
    assert!(!page.card.proposal.unwrap().verified);
    assert_eq!(page.attempts[1].forked_from.as_deref(), Some("1.1"));
    assert_eq!(page.attempts[0].seed, u64::MAX.to_string());
    assert_eq!(page.asked.models, ["m"]);
    home.record(vec![became(first, ProposalEvent::Preferred { others: 1 })]);
    assert!(shown(&home, task, false).card.proposal.unwrap().verified);
}

#[test]
fn a_long_text_is_whole_on_the_page_and_begun_on_the_card() {
    let home = Home::new();
    let text = "ü".repeat(100_000);
    let page = shown(&home, home.task(&text), false);
    assert_eq!(page.asked.text, text);
    assert!(page.card.text.len() < 3_000 && page.card.text.ends_with('…'));
}

#[test]
fn a_task_that_nobody_asked_for_is_not_found() {
    let home = Home::new();
    let view = home.view();
    let (view, paths) = (&view, &BTreeMap::new());
    let cards = Cards { view, paths, waiting: &BTreeMap::new(), now: Timestamp(0) };
    let error = page(&home.house, &cards, TaskId::new(7).unwrap(), (false, &Heards::default()))
        .unwrap_err();
    assert_eq!(error.problem().kind, ProblemKind::NotFound);
}
