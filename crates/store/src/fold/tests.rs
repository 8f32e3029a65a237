//! Where a task stands after what happened to it, and what its attempts add up to.

use tenfold_domain::{
    AttemptOutcome, Budget, CheckReport, CheckVerdict, Choice, Place, Seq, Side, StepId,
    TaskState::*,
};

use super::*;

/// Tells a task's story, one event a second.
struct Story {
    fold: TaskFold,
    now: u64,
}

impl Story {
    fn asked() -> Self {
        let mut story = Self { fold: TaskFold::default(), now: 0 };
        let budget = Budget { money: NanoUsd(1), time: Millis(1), attempts: 1 };
        let spec = TaskSpec { questions: true, ..TaskSpec::new("fix it", "/w", "m", budget) };
        story.tell(Fact::Task { task: id(1).task, event: TaskEvent::Asked(Box::new(spec)) });
        story
    }

    fn tell(&mut self, fact: Fact) {
        self.now += 1_000;
        self.fold.evolve(&Event { seq: Seq(self.now), at: Timestamp(self.now), fact });
    }

    fn attempt(&mut self, number: u32, event: AttemptEvent) {
        self.tell(Fact::Attempt { attempt: id(number), event });
    }

    fn start(&mut self, number: u32) {
        let (strategy, seed) = (Strategy::Repair, Seed(1));
        let started = AttemptEvent::Started { strategy, model: "m".into(), seed, base: commit() };
        self.attempt(number, started);
    }

    fn end(&mut self, number: u32, outcome: AttemptOutcome) {
        self.attempt(number, AttemptEvent::Ended { outcome, note: format!("end {number}") });
    }

    fn propose(&mut self, number: u32, event: ProposalEvent) {
        self.tell(Fact::Proposal { attempt: id(number), event });
    }

    fn make(&mut self, number: u32) {
        self.propose(number, ProposalEvent::Made { commit: commit(), evidence: None });
    }

    /// An attempt that makes a proposal, from its start to its end.
    fn finish(&mut self, number: u32) {
        self.start(number);
        self.make(number);
        self.end(number, AttemptOutcome::Finished);
    }

    fn step(&mut self, number: u32, event: StepEvent) {
        self.tell(Fact::Step { attempt: id(number), step: StepId(1), event });
    }

    fn task(&self) -> &TaskRow {
        self.fold.task.as_ref().unwrap()
    }

    fn stands(&self) -> TaskState {
        self.task().state
    }
}

fn id(number: u32) -> AttemptId {
    AttemptId { task: TaskId::new(3).unwrap(), number }
}

fn commit() -> CommitId {
    "a".repeat(40).parse().unwrap()
}

fn rejected() -> ProposalEvent {
    ProposalEvent::Rejected { reason: "no".into() }
}

fn accepted() -> ProposalEvent {
    ProposalEvent::AcceptedAsBranch { branch: "refs/heads/x".into(), commit: "c".into() }
}

#[test]
fn a_task_waits_works_and_comes_to_review() {
    let mut story = Story::asked();
    assert_eq!(story.stands(), Queued);
    story.start(1);
    assert_eq!(story.stands(), Working);
    story.make(1);
    assert_eq!(story.stands(), Working);
    story.end(1, AttemptOutcome::Finished);
    assert_eq!(story.stands(), ToReview);
}

#[test]
fn an_attempt_without_a_proposal_needs_a_person() {
    let mut story = Story::asked();
    story.start(1);
    story.end(1, AttemptOutcome::GaveUp);
    assert_eq!(story.stands(), NeedsYou);
    let last = story.task().last.as_ref().unwrap();
    assert_eq!((last.outcome, last.note.as_str()), (AttemptOutcome::GaveUp, "end 1"));
    story.start(2);
    assert_eq!((story.stands(), story.task().ended_at()), (Working, None));
    assert!(story.task().last.is_some(), "how the first attempt ended is still known");
}

#[test]
fn while_files_are_written_the_proposal_counts_and_needs_a_person() {
    let (before, after) = (commit(), "b".repeat(40).parse::<CommitId>().unwrap());
    let applying = ProposalEvent::Applying { before: before.clone(), after: after.clone() };
    let mut story = Story::asked();
    story.finish(1);
    story.propose(1, applying);
    story.finish(2);
    assert_eq!(story.stands(), NeedsYou);
    let proposal = story.task().proposal().unwrap();
    assert_eq!(proposal.attempt, id(1));
    assert_eq!(proposal.state.files_under_way(), Some((&before, &after)));
    let (was, is) = (before.clone(), after.clone());
    story.propose(1, ProposalEvent::AcceptedInPlace { before: was, after: is });
    assert_eq!(story.stands(), Accepted);
    assert_eq!(story.task().proposal().unwrap().state.files_under_way(), None);
    story.propose(1, ProposalEvent::TakingBack);
    assert_eq!(story.stands(), NeedsYou);
    let state = &story.task().proposal().unwrap().state;
    assert_eq!(state, &ProposalState::TakingBack { before, after });
    story.propose(1, ProposalEvent::Undone);
    assert_eq!(story.stands(), ToReview);
    story.propose(2, ProposalEvent::TakingBack);
    assert_eq!(story.stands(), ToReview, "there is nothing to take back");
}

#[test]
fn while_a_branch_is_made_or_removed_the_proposal_counts_and_needs_a_person() {
    let (branch, at) = ("refs/heads/b".to_owned(), "c".repeat(40));
    let making = ProposalEvent::Branching { branch: branch.clone(), commit: at.clone() };
    let made = ProposalEvent::AcceptedAsBranch { branch: branch.clone(), commit: at.clone() };
    let removing = ProposalState::RemovingBranch { branch, commit: at };
    let mut story = Story::asked();
    story.finish(1);
    for event in [making.clone(), ProposalEvent::TakingBack] {
        story.propose(1, event);
        assert_eq!(story.stands(), NeedsYou);
        assert!(story.task().proposal().unwrap().state.is_under_way());
    }
    assert_eq!(story.task().proposal().unwrap().state, removing);
    for event in [ProposalEvent::Undone, making, made, ProposalEvent::TakingBack] {
        story.propose(1, event);
    }
    assert_eq!(story.task().proposal().unwrap().state, removing);
}

#[test]
fn a_review_is_taken_back_to_where_it_began() {
    for decision in [rejected(), accepted()] {
        let mut story = Story::asked();
        story.finish(1);
        story.propose(1, decision.clone());
        let expected = if decision == rejected() { Rejected } else { Accepted };
        assert_eq!(story.stands(), expected);
        story.propose(1, ProposalEvent::Undone);
        assert_eq!(story.stands(), ToReview);
    }
}

#[test]
fn a_rejection_stands_until_a_later_attempt_has_ended() {
    let mut story = Story::asked();
    story.finish(1);
    story.propose(1, rejected());
    story.start(2);
    assert_eq!(story.stands(), Working);
    story.end(2, AttemptOutcome::LimitTime);
    assert_eq!(story.stands(), NeedsYou);
}

#[test]
fn a_proposal_that_waits_outlives_a_later_attempt_that_failed() {
    let mut story = Story::asked();
    story.finish(1);
    story.start(2);
    story.end(2, AttemptOutcome::GaveUp);
    assert_eq!(story.stands(), ToReview);
    assert_eq!(story.task().proposal().unwrap().attempt, id(1));
}

#[test]
fn what_was_accepted_counts_before_what_is_newer() {
    let mut story = Story::asked();
    story.finish(1);
    story.finish(2);
    assert_eq!(story.task().proposal().unwrap().attempt, id(2));
    story.propose(1, accepted());
    assert_eq!(story.stands(), Accepted);
    assert_eq!(story.task().proposal().unwrap().attempt, id(1));
}

#[test]
fn a_second_proposal_of_an_attempt_takes_the_place_of_the_first() {
    let mut story = Story::asked();
    story.start(1);
    story.make(1);
    story.make(1);
    assert_eq!(story.task().proposals.len(), 1);
}

#[test]
fn only_a_check_that_passed_verifies() {
    let report = |verdict| CheckReport {
        command: "c".into(),
        verdict,
        exit_code: None,
        failing: vec![],
        passed: None,
        output: String::new(),
        wall: Millis(1),
    };
    for (evidence, verified) in [
        (None, false),
        (Some(report(CheckVerdict::Failed)), false),
        (Some(report(CheckVerdict::Passed)), true),
    ] {
        let mut story = Story::asked();
        story.start(1);
        story.propose(1, ProposalEvent::Made { commit: commit(), evidence });
        assert_eq!(story.task().proposal().unwrap().verified, verified);
    }
}

#[test]
fn a_stopped_attempt_goes_on_when_it_is_resumed() {
    let mut story = Story::asked();
    story.start(1);
    story.end(1, AttemptOutcome::Stopped);
    story.attempt(1, AttemptEvent::Resumed);
    assert_eq!(story.stands(), Working);
    assert_eq!(story.fold.attempts[&1].ended, None);
}

#[test]
fn the_budget_that_was_set_last_holds() {
    let mut story = Story::asked();
    let budget = Budget { money: NanoUsd(9), time: Millis(8), attempts: 7 };
    let event = TaskEvent::Budgeted { budget };
    story.tell(Fact::Task { task: id(1).task, event });
    assert_eq!(story.task().budget, budget);
    assert_eq!(story.stands(), Queued, "it starts nothing by itself");
}

#[test]
fn costs_tokens_steps_and_checks_add_up() {
    let mut story = Story::asked();
    story.start(1);
    let usage =
        Usage { prompt: Tokens(10), cached: Tokens(5), output: Tokens(1), ..Usage::default() };
    let intent = |kind| StepEvent::Intent { kind, request: 1.into(), reservation: None };
    let (reply, cost, wall) = (1.into(), NanoUsd(7), Millis(1));
    story.step(1, intent(EffectKind::Model));
    story.step(
        1,
        StepEvent::Result { reply, usage, cost, wall, energy: Energy { mj: 5, is_estimate: true } },
    );
    story.step(1, intent(EffectKind::Check));
    story.step(1, StepEvent::Failed { why: "gone".into(), cost: NanoUsd(3) });
    let row = &story.fold.attempts[&1];
    assert_eq!((row.cost, row.usage, row.steps, row.checks), (NanoUsd(10), usage, 2, 1));
    let task = story.task();
    assert_eq!((task.spent, task.tokens, task.steps), (NanoUsd(10), Tokens(16), 2));
}

#[test]
fn only_the_time_of_work_counts() {
    let mut story = Story::asked();
    story.start(1);
    story.attempt(1, AttemptEvent::Advanced { change: 1.into() });
    story.now += 3_600_000; // Interrupted, for an hour.
    story.attempt(1, AttemptEvent::Resumed);
    story.make(1);
    story.end(1, AttemptOutcome::Finished);
    story.propose(1, accepted());
    assert_eq!(story.fold.attempts[&1].wall, Millis(3_000));
    assert_eq!(story.task().wall, Millis(3_000));
}

#[test]
fn what_was_never_asked_for_or_never_began_changes_nothing() {
    let mut nobody = Story { fold: TaskFold::default(), now: 0 };
    nobody.start(1);
    nobody.make(1);
    assert_eq!(nobody.fold, TaskFold::default());
    let mut story = Story::asked();
    let before = story.fold.clone();
    story.end(1, AttemptOutcome::Finished);
    story.make(1);
    story.propose(1, accepted());
    assert_eq!(story.fold, before);
    story.start(1);
    story.start(1);
    assert_eq!(story.task().attempts, 1, "an attempt begins once");
}

#[test]
fn when_a_proposal_was_reviewed_is_known_and_removing_files_changes_nothing_else() {
    let mut story = Story::asked();
    story.finish(1);
    story.now += 3_600_000;
    story.propose(1, accepted());
    let (task, reviewed) = (story.task().clone(), story.now);
    assert_eq!(task.proposals[0].since, Timestamp(reviewed));
    let place = Place { path: "a".into(), line: Some(1), side: Side::Proposed };
    let comment = ProposalEvent::Commented { place, text: "so".into() };
    story.propose(1, comment);
    assert_eq!(story.task().proposals[0].since, Timestamp(reviewed), "what is said is no review");
    let attempt = story.fold.attempts[&1].clone();
    story.attempt(1, AttemptEvent::FilesRemoved);
    let removed = Some(Timestamp(story.now));
    assert_eq!(story.fold.attempts[&1], AttemptRow { files_removed_at: removed, ..attempt });
    assert_eq!(story.task(), &task);
}

#[test]
fn a_question_needs_a_person_and_its_wait_is_nobodys_work() {
    let mut story = Story::asked();
    story.start(1);
    let step = StepId(4);
    story.attempt(1, AttemptEvent::Asked { step, question: "which?".into(), call: None });
    assert_eq!(story.stands(), NeedsYou);
    let question = story.task().question.clone().unwrap();
    assert_eq!((question.attempt, question.step, question.text.as_str()), (id(1), step, "which?"));
    story.now += 3_600_000; // The person sleeps.
    story.attempt(1, AttemptEvent::Answered { step, text: "that".into() });
    assert_eq!((story.stands(), story.task().question.as_ref()), (Working, None));
    story.end(1, AttemptOutcome::GaveUp);
    assert_eq!(story.task().wall, Millis(2_000));
}

#[test]
fn what_was_taken_back_is_known_until_it_is_accepted_again() {
    let mut story = Story::asked();
    story.finish(1);
    story.propose(1, rejected());
    story.propose(1, ProposalEvent::Undone);
    let taken_back = |story: &Story| story.task().proposal().unwrap().taken_back;
    assert!(!taken_back(&story), "a rejection that is taken back says nothing against the work");
    story.propose(1, accepted());
    story.propose(1, ProposalEvent::TakingBack);
    story.propose(1, ProposalEvent::Undone);
    assert!(taken_back(&story));
    story.propose(1, accepted());
    assert!(!taken_back(&story));
}

#[test]
fn why_an_attempt_was_chosen_and_why_there_is_no_other_is_kept_while_it_holds() {
    let mut story = Story::asked();
    story.start(1);
    let choice = Choice { why: "cheap".into(), chance: 0.5, cost: NanoUsd(1), most: None };
    story.attempt(1, AttemptEvent::Chosen(choice.clone()));
    story.end(1, AttemptOutcome::GaveUp);
    let left = TaskEvent::LeftOff { why: "not worth it".into() };
    story.tell(Fact::Task { task: id(1).task, event: left });
    assert_eq!(story.fold.attempts[&1].choice, Some(choice));
    assert_eq!(story.task().left_off.as_deref(), Some("not worth it"));
    story.start(2);
    story.attempt(2, AttemptEvent::Forked { from: id(1), step: None, changes: 0 });
    assert_eq!(story.task().left_off, None, "it goes on after all");
    assert!(story.fold.attempts[&2].forked && !story.fold.attempts[&1].forked);
}
