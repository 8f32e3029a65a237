//! A store as much work leaves it: tasks of twenty accounts where tasks come to stand, each with
//! the events that bring it there. They are recorded and not worked: for each attempt one request
//! to a model with its answer and its bill stand for all that it did.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use serde_json::{Value, json};
use tenfold_domain::{
    AccountId, AccountKind, AttemptEvent, AttemptId, AttemptOutcome, Basis, Charge, CheckReport,
    CheckVerdict, CommitId, EffectKind, Energy, Fact, Held, LedgerEvent, Millis, NanoUsd, Priority,
    ProposalEvent, ReservationId, Seed, Spend, Spender, StepEvent, StepId, Strategy, TaskEvent,
    TaskId, Timestamp, Tokens, Usage,
};
use tenfold_store::{Books, Handed, Store};

use crate::Failure;
use crate::ground::{Ground, MODEL};

/// The topmost account and those below it.
const ACCOUNTS: u32 = 20;
/// Facts that are recorded in one commit.
const TOGETHER: usize = 10_000;
const COST: NanoUsd = NanoUsd(12_500_000);
const WANTED: [&str; 6] = [
    "Read the 29th of February in leap years only, and say in words why another one is refused",
    "Make the search page answer in less than a second when nothing is found",
    "The invoices of March are rounded twice: find where, and write the test that shows it",
    "Move the retries of the mailer into one place, with the waiting times that the docs promise",
    "Replace the table of currencies by the one that finance keeps, and drop what is not used",
    "Uploads of more than 2 GB fail behind the proxy; see docs/uploads.md, and keep the API",
];
const LABELS: [&str; 4] = ["backend", "billing", "search", "urgent"];

/// Where a task is to stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stands {
    Queued,
    Paused,
    Asks,
    Proposed,
    Accepted,
    Rejected,
}

impl Stands {
    /// So that of a hundred 25 are queued, 1 is paused, 2 ask, 10 propose, 52 are accepted and 10
    /// rejected, everywhere in the same mixture.
    fn of(number: u64) -> Self {
        // 37 and 100 have no divisor in common.
        match number * 37 % 100 {
            0..25 => Self::Queued,
            25 => Self::Paused,
            26..28 => Self::Asks,
            28..38 => Self::Proposed,
            38..90 => Self::Accepted,
            _ => Self::Rejected,
        }
    }
}

/// Makes it in a folder.
pub(crate) async fn make(folder: &Path, count: usize) -> Result<Value, Failure> {
    let ground = Ground::made_at(folder)?;
    let store = Arc::new(Store::open(&ground.store())?);
    Books::open(Arc::clone(&store)).await?;
    store.append_async((2..=ACCOUNTS).map(opened).collect()).await?;
    let began = Instant::now();
    let (mut facts, mut events, mut under_way) = (Vec::new(), 0, None::<Handed>);
    for number in 1..=count as u64 {
        facts.extend(of(&ground, TaskId::new(number).ok_or("no task")?)?);
        if facts.len() >= TOGETHER || number == count as u64 {
            events += facts.len();
            // One is written while the next is made.
            let handed = store.hand_in(std::mem::take(&mut facts)).await?;
            if let Some(before) = under_way.replace(handed) {
                before.durable().await?;
            }
        }
    }
    if let Some(last) = under_way {
        last.durable().await?;
    }
    let seconds = began.elapsed().as_secs_f64();
    drop(store);
    Ok(json!({
        "tasks": count,
        "accounts": ACCOUNTS,
        "events": events,
        "seconds": seconds,
        "disk_mb": ground.disk() as f64 / 1e6,
    }))
}

fn opened(account: u32) -> Fact {
    let (account, parent) = (AccountId(account), Some(AccountId::DEFAULT));
    let (name, kind, by) = (format!("team {account}"), AccountKind::Team, "the bench".to_owned());
    Fact::Ledger { event: LedgerEvent::Opened { account, parent, name, kind, by } }
}

/// All facts of a task.
fn of(ground: &Ground, task: TaskId) -> Result<Vec<Fact>, Failure> {
    let (number, stands) = (task.number(), Stands::of(task.number()));
    let pick = |most: usize| number as usize % most;
    let mut spec = ground.spec(format!("{} ({number})", WANTED[pick(WANTED.len())]));
    spec.budget.money = NanoUsd(500_000_000);
    spec.account = AccountId(1 + u32::try_from(pick(ACCOUNTS as usize))?);
    spec.standing.priority = Priority::ALL[pick(Priority::ALL.len())];
    spec.standing.labels = vec![LABELS[pick(LABELS.len())].to_owned()];
    spec.check = Some("cargo nextest run".to_owned());
    let account = spec.account;
    let mut facts = vec![Fact::Task { task, event: TaskEvent::Asked(Box::new(spec)) }];
    if stands == Stands::Queued {
        return Ok(facts);
    }
    let attempt = AttemptId { task, number: 1 };
    let at = |event| Fact::Attempt { attempt, event };
    let base: CommitId = format!("{number:040x}").parse()?;
    let (strategy, model) = (Strategy::Loop, MODEL.to_owned());
    let started = AttemptEvent::Started { strategy, model, seed: Seed(number), base: base.clone() };
    facts.push(at(started));
    facts.extend(step(attempt, account));
    let proposed = |event| Fact::Proposal { attempt, event };
    match stands {
        Stands::Queued => {}
        Stands::Paused => facts.push(at(AttemptEvent::Paused)),
        Stands::Asks => {
            let question = "The docs say 30 seconds and the code says 60. Which holds?".to_owned();
            facts.push(at(AttemptEvent::Asked { step: StepId(2), question, call: None }));
        }
        Stands::Proposed | Stands::Accepted | Stands::Rejected => {
            let evidence = Some(report());
            facts.push(proposed(ProposalEvent::Made { commit: base.clone(), evidence }));
            let (outcome, note) = (AttemptOutcome::Finished, "The check passes.".to_owned());
            facts.push(at(AttemptEvent::Ended { outcome, note }));
        }
    }
    match stands {
        Stands::Accepted => {
            let (branch, commit) = (format!("refs/heads/tenfold/{number}"), base.to_string());
            facts.push(proposed(ProposalEvent::AcceptedAsBranch { branch, commit }));
        }
        Stands::Rejected => {
            let reason = "it changes what the API answers".to_owned();
            facts.push(proposed(ProposalEvent::Rejected { reason }));
        }
        _ => {}
    }
    Ok(facts)
}

/// What was asked of a model, and paid.
fn step(attempt: AttemptId, account: AccountId) -> [Fact; 4] {
    let (reservation, at) = (ReservationId(attempt.task.number()), Timestamp(1_700_000_000_000));
    let spend = Spend { money: COST, tokens: Tokens(6_000), requests: 1 };
    let spender = Some(Spender::Task(attempt.task));
    let held =
        Held { reservation, account, amount: spend, at, model: None, spender, gifts: Vec::new() };
    let bill =
        vec![Charge { model: MODEL.to_owned(), spend, basis: Basis::Told, energy: Energy::NONE }];
    let request = json!({ "turn": "a".repeat(300) });
    let intent =
        StepEvent::Intent { kind: EffectKind::Model, request, reservation: Some(reservation) };
    let usage = Usage { prompt: Tokens(5_000), output: Tokens(1_000), ..Usage::default() };
    let reply = json!({ "text": "b".repeat(900) });
    let (wall, energy) = (Millis(4_000), Energy::NONE);
    let result = StepEvent::Result { reply, usage, cost: COST, wall, energy };
    [
        Fact::Ledger { event: LedgerEvent::Reserved(held) },
        Fact::Step { attempt, step: StepId(1), event: intent },
        Fact::Ledger { event: LedgerEvent::Settled { reservation, bill, at } },
        Fact::Step { attempt, step: StepId(1), event: result },
    ]
}

fn report() -> CheckReport {
    CheckReport {
        command: "cargo nextest run".to_owned(),
        verdict: CheckVerdict::Passed,
        exit_code: Some(0),
        failing: Vec::new(),
        passed: Some(212),
        output: "        PASS [   0.012s] dates::leap_years\n".repeat(12),
        wall: Millis(9_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_hundred_so_many_stand_in_each_place() {
        let count = |wanted| (1..=100).filter(|number| Stands::of(*number) == wanted).count();
        let all = [Stands::Queued, Stands::Paused, Stands::Asks, Stands::Proposed];
        assert_eq!(all.map(count), [25, 1, 2, 10]);
        assert_eq!([Stands::Accepted, Stands::Rejected].map(count), [52, 10]);
    }
}
