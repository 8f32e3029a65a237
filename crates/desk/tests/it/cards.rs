//! What a card says of a task, from its asking to its end.

use tenfold_desk::task::{Became, Column};
use tenfold_domain::{
    AttemptEvent, AttemptOutcome, Forecast, NanoUsd, Odds, Parked, ProposalEvent, Spend, Standing,
    StepId, TaskEvent, TaskSpec, TaskState, Timestamp, WaitingCall,
};

use crate::home::{Home, became, commit, ended, made, of, of_task};

#[test]
fn a_queued_task_says_what_was_asked_and_why_it_waits() {
    let home = Home::new();
    let first = home.task("first");
    let standing = Standing {
        labels: vec!["web".to_owned()],
        value: Some(NanoUsd(9)),
        deadline: Some(Timestamp(7)),
        after: vec![first],
        ..Standing::default()
    };
    let spec = TaskSpec { standing, ..home.spec("fix the <b>sum</b>\x1b[2J") };
    let card = home.card(home.store.new_task(spec).unwrap());
    assert_eq!((card.state, card.column), (TaskState::Queued, Column::Queued));
    assert_eq!(card.text, "fix the <b>sum</b>\x1b[2J");
    assert_eq!((card.workspace_name.as_str(), card.model.as_str()), ("shop", "m"));
    assert_eq!((card.value_nano_usd, card.deadline_at_ms), (Some(9), Some(7)));
    assert_eq!((card.budget_nano_usd, card.time_limit_ms), (5_000, 60_000));
    assert_eq!(card.waiting.as_deref(), Some("waits for task 1"));
    let json = serde_json::to_value(&card).unwrap();
    assert_eq!((&json["column"], &json["priority"]), (&"queued".into(), &"normal".into()));
}

#[test]
fn odds_are_of_an_attempt_that_has_not_ended() {
    let home = Home::new();
    let task = home.task("fix it");
    let attempt = home.begin(task);
    let odds = |by, likely| Odds { by: NanoUsd(by), low: 0.1, likely, high: 0.9 };
    let foreseen =
        Forecast { odds: vec![odds(1, 0.2), odds(5, 0.6)], method: "so".to_owned(), attempts: 9 };
    home.record(vec![of(attempt, AttemptEvent::Foreseen(foreseen))]);
    let card = home.card(task);
    assert_eq!((card.column, card.running.as_slice()), (Column::Working, &[1][..]));
    assert_eq!(card.odds.map(|odds| odds.likely), Some(0.6));
    assert_eq!((card.model.as_str(), card.waiting), ("big", None));
    home.record(vec![ended(attempt, AttemptOutcome::GaveUp)]);
    let card = home.card(task);
    assert_eq!((card.column, card.odds), (Column::NeedsYou, None));
    assert_eq!(card.outcome, Some(AttemptOutcome::GaveUp));
    assert!(card.ended_at_ms.is_some() && card.note.as_deref() == Some("so it ended"));
}

#[test]
fn a_question_a_pause_and_a_lack_of_money_show() {
    let home = Home::new();
    let task = home.task("fix it");
    let attempt = home.begin(task);
    let question = "which one?".to_owned();
    let arguments = serde_json::json!({ "command": "x".repeat(9_000), "timeout_s": 9 });
    let call = Some(WaitingCall { name: "run".to_owned(), arguments });
    let asked = AttemptEvent::Asked { step: StepId(1), question, call: call.clone() };
    home.record(vec![of(attempt, asked)]);
    let card = home.card(task);
    assert_eq!(card.question.as_ref().unwrap().call, call, "the whole call waits for leave");
    assert_eq!((card.state, card.column), (TaskState::NeedsYou, Column::NeedsYou));
    let question = card.question.unwrap();
    assert_eq!((question.attempt.as_str(), question.text.as_str()), ("1.1", "which one?"));
    let text = "that one".to_owned();
    home.record(vec![
        of(attempt, AttemptEvent::Answered { step: StepId(1), text }),
        of(attempt, AttemptEvent::Paused),
    ]);
    let card = home.card(task);
    assert!(card.paused && card.question.is_none());
    assert_eq!(card.column, Column::Working);
    let amount = Spend { money: NanoUsd(2_000_000_000), ..Spend::default() };
    let parked = Parked::Money { amount, renews: None };
    home.record(vec![
        of_task(task, TaskEvent::Parked(parked)),
        ended(attempt, AttemptOutcome::LimitMoney),
    ]);
    let card = home.card(task);
    assert_eq!((card.state, card.column), (TaskState::Parked, Column::Working));
    assert!(card.parked.unwrap().contains("$2"));
}

#[test]
fn a_proposal_shows_what_became_of_it() {
    let home = Home::new();
    let task = home.task("fix it");
    let attempt = home.begin(task);
    home.record(vec![made(attempt, commit('c')), ended(attempt, AttemptOutcome::Finished)]);
    let proposal = home.card(task).proposal.unwrap();
    assert!(proposal.verified && !proposal.unseen);
    assert_eq!((proposal.attempt.as_str(), proposal.state), ("1.1", Became::ToReview));
    let branch = "refs/heads/tenfold/1-fix".to_owned();
    let event = ProposalEvent::AcceptedAsBranch { branch, commit: "e".to_owned() };
    home.record(vec![became(attempt, event)]);
    let card = home.card(task);
    let proposal = card.proposal.unwrap();
    assert_eq!((card.column, proposal.state), (Column::Done, Became::AcceptedAsBranch));
    assert_eq!(proposal.branch.as_deref(), Some("tenfold/1-fix"));
    let reason = "not like this".to_owned();
    home.record(vec![
        became(attempt, ProposalEvent::TakingBack),
        became(attempt, ProposalEvent::Undone),
        became(attempt, ProposalEvent::Rejected { reason }),
    ]);
    let proposal = home.card(task).proposal.unwrap();
    assert_eq!(proposal.reason.as_deref(), Some("not like this"));
    assert_eq!(serde_json::to_value(proposal.state).unwrap(), "rejected");
}
