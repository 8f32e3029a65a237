//! Facts and stores for the tests: the plainest of each kind.

use std::path::{Path, PathBuf};

use proptest::prelude::*;
use proptest::sample::select;
use tempfile::TempDir;
use tenfold_domain::{
    AccountId, AccountKind, Allowance, AllowanceId, ApprovedCheck, AttemptEvent, AttemptId,
    AttemptOutcome, Basis, Budget, Bytes, Charge, CheckFiles, CheckReport, CheckVerdict, Choice,
    CommitId, EffectKind, EgressEvent, Energy, Fact, Forecast, FromGift, Held, LedgerEvent, Millis,
    NanoUsd, Odds, Peer, PolicyEvent, ProposalEvent, Quantity, RepositoryEvent, ReservationId,
    Seed, Spend, Spender, Standing, StepEvent, StepId, TaskEvent, TaskId, TaskSpec, Timestamp,
    TokenId, Tokens, Usage, Verdict,
};
use tenfold_store::{AttemptStart, Store};

/// A folder that goes away with the test, and where the store is in it.
pub(crate) fn place() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tenfold").join("store.db");
    (folder, path)
}

pub(crate) fn open(path: &Path) -> Store {
    Store::open(path).unwrap()
}

pub(crate) fn spec(text: &str) -> TaskSpec {
    let budget = Budget { money: NanoUsd::MAX, time: Millis(u64::MAX), attempts: 3 };
    TaskSpec {
        check: Some("true".into()),
        protect: vec!["*.lock".into()],
        ..TaskSpec::new(text, "/w", "m", budget)
    }
}

pub(crate) fn commit(digit: &str) -> CommitId {
    digit.repeat(40).parse().unwrap()
}

pub(crate) fn start() -> AttemptStart {
    AttemptStart {
        strategy: tenfold_domain::Strategy::Repair,
        model: "m".into(),
        seed: Seed(u64::MAX),
        base: commit("b"),
    }
}

/// The smallest fact, told apart by a number.
pub(crate) fn small(number: u64) -> Fact {
    Fact::Ledger {
        event: LedgerEvent::Released { reservation: ReservationId(number), at: Timestamp(number) },
    }
}

pub(crate) fn approval(workspace: &str, hash: &str) -> Fact {
    let event = RepositoryEvent::ConfigApproved { hash: hash.into() };
    Fact::Repository { workspace: workspace.into(), event }
}

pub(crate) fn advanced(attempt: AttemptId, change: serde_json::Value) -> Fact {
    Fact::Attempt { attempt, event: AttemptEvent::Advanced { change } }
}

pub(crate) fn ended(attempt: AttemptId, outcome: AttemptOutcome) -> Fact {
    Fact::Attempt { attempt, event: AttemptEvent::Ended { outcome, note: "so".into() } }
}

/// Any fact about three tasks with three attempts each, likely or not.
pub(crate) fn any_fact() -> impl Strategy<Value = Fact> {
    let attempt = (1..=3u64, 1..=3u32)
        .prop_map(|(task, number)| AttemptId { task: TaskId::new(task).unwrap(), number });
    prop_oneof![
        2 => (1..=3u64, prop::collection::vec(1..=4u64, 0..3)).prop_map(|(number, after)| {
            let after = after.into_iter().filter_map(TaskId::new).collect();
            let standing = Standing { after, ..Standing::default() };
            let asked = TaskSpec { standing, ..spec(&format!("task {number}")) };
            let event = TaskEvent::Asked(Box::new(asked));
            Fact::Task { task: TaskId::new(number).unwrap(), event }
        }),
        1 => (1..=3u64, 1..=9u32).prop_map(|(number, attempts)| Fact::Task {
            task: TaskId::new(number).unwrap(),
            event: TaskEvent::Budgeted { budget: Budget { attempts, ..spec("").budget } },
        }),
        1 => (1..=3u64, "[a-z]{1,5}").prop_map(|(number, command)| Fact::Task {
            task: TaskId::new(number).unwrap(),
            event: TaskEvent::CheckApproved(ApprovedCheck {
                command,
                files: CheckFiles { commit: commit("c"), paths: vec!["t.py".into()] },
            }),
        }),
        4 => (attempt.clone(), any_attempt_event())
            .prop_map(|(attempt, event)| Fact::Attempt { attempt, event }),
        4 => (attempt.clone(), any_step_event())
            .prop_map(|(attempt, event)| Fact::Step { attempt, step: StepId(1), event }),
        1 => (attempt.clone(), select(vec![Verdict::Ask, Verdict::Deny])).prop_map(
            |(attempt, verdict)| Fact::Policy {
                attempt,
                step: StepId(1),
                event: PolicyEvent::Decided {
                    verdict,
                    rule: None,
                    on: "git push".into(),
                    why: "so".into(),
                },
            }
        ),
        1 => (attempt.clone(), any_egress_event())
            .prop_map(|(attempt, event)| Fact::Egress { attempt, step: StepId(1), event }),
        3 => (attempt, any_proposal_event())
            .prop_map(|(attempt, event)| Fact::Proposal { attempt, event }),
        1 => any_ledger_event().prop_map(|event| Fact::Ledger { event }),
        1 => (select(vec!["/w", "/v"]), "[0-9a-f]{4}")
            .prop_map(|(workspace, hash)| approval(workspace, &hash)),
    ]
}

fn any_attempt_event() -> impl Strategy<Value = AttemptEvent> {
    let AttemptStart { strategy, model, seed, base } = start();
    prop_oneof![
        3 => Just(AttemptEvent::Started { strategy, model, seed, base }),
        1 => any::<f64>().prop_filter("JSON has no such number", |n| n.is_finite())
            .prop_map(|n| AttemptEvent::Advanced { change: serde_json::json!({ "n": n }) }),
        1 => (0.0..1.0f64, any::<u32>()).prop_map(|(likely, cost)| {
            let by = NanoUsd(cost.into());
            let odds = vec![Odds { by, low: likely / 2.0, likely, high: 1.0 }];
            AttemptEvent::Foreseen(Forecast { odds, method: "so".into(), attempts: 9 })
        }),
        1 => (0.0..1.0f64).prop_map(|chance| AttemptEvent::Chosen(Choice {
            why: "cheapest".into(),
            chance,
            cost: NanoUsd(1),
            most: None,
        })),
        1 => Just(AttemptEvent::Confined { tier: "A".into() }),
        1 => Just(AttemptEvent::Resumed),
        1 => Just(AttemptEvent::FilesRemoved),
        2 => select(vec![
            AttemptOutcome::Finished,
            AttemptOutcome::GaveUp,
            AttemptOutcome::Stopped,
            AttemptOutcome::CheckFlaky,
        ])
        .prop_map(|outcome| AttemptEvent::Ended { outcome, note: "so".into() }),
    ]
}

fn any_egress_event() -> impl Strategy<Value = EgressEvent> {
    let peer = |port, method: Option<&str>| Peer {
        host: "a.test".into(),
        port,
        method: method.map(str::to_owned),
    };
    prop_oneof![
        any::<u16>().prop_map(move |port| EgressEvent::Allowed {
            to: peer(port, None),
            rule: Some("mirror".into()),
        }),
        any::<u16>().prop_map(move |port| EgressEvent::Refused {
            to: peer(port, Some("GET")),
            why: "so".into(),
        }),
        any::<u64>().prop_map(move |bytes| EgressEvent::Carried {
            to: peer(443, None),
            times: 1,
            sent: Bytes(bytes),
            received: Bytes(bytes),
        }),
    ]
}

fn any_step_event() -> impl Strategy<Value = StepEvent> {
    prop_oneof![
        select(vec![EffectKind::Model, EffectKind::Check, EffectKind::Setup]).prop_map(|kind| {
            StepEvent::Intent { kind, request: "ask".into(), reservation: None }
        }),
        (0..100u64, any::<u64>()).prop_map(|(n, cost)| StepEvent::Result {
            reply: "answer".into(),
            usage: Usage {
                prompt: Tokens(n),
                cached: Tokens(1),
                output: Tokens(2),
                ..Usage::default()
            },
            cost: NanoUsd(cost),
            energy: Energy { mj: n, is_estimate: n % 2 == 0 },
            wall: Millis(n),
        }),
        any::<u32>()
            .prop_map(|cost| StepEvent::Failed { why: "gone".into(), cost: NanoUsd(cost.into()) }),
    ]
}

fn any_proposal_event() -> impl Strategy<Value = ProposalEvent> {
    let report = CheckReport {
        command: "true".into(),
        verdict: CheckVerdict::Passed,
        exit_code: Some(0),
        failing: vec![],
        passed: Some(3),
        output: "ok\u{0}\n".into(),
        wall: Millis(5),
    };
    select(vec![
        ProposalEvent::Made { commit: commit("c"), evidence: None },
        ProposalEvent::Made { commit: commit("d"), evidence: Some(report) },
        ProposalEvent::Branching { branch: "refs/heads/x".into(), commit: "e".into() },
        ProposalEvent::AcceptedAsBranch { branch: "refs/heads/x".into(), commit: "e".into() },
        ProposalEvent::Applying { before: commit("1"), after: commit("2") },
        ProposalEvent::TakingBack,
        ProposalEvent::AcceptedInPlace { before: commit("1"), after: commit("2") },
        ProposalEvent::Rejected { reason: String::new() },
        ProposalEvent::Undone,
    ])
}

fn any_ledger_event() -> impl Strategy<Value = LedgerEvent> {
    let (account, reservation) = (AccountId(1), ReservationId(1));
    let (at, by) = (Timestamp(9), "me".to_owned());
    let terms = Allowance::once(Quantity::Requests(3));
    let amount = Spend { money: NanoUsd(5), tokens: Tokens(7), requests: 1 };
    let held = Held {
        reservation,
        account,
        amount,
        at,
        model: Some("m".to_owned()),
        spender: Some(Spender::Token(TokenId(2))),
        gifts: vec![FromGift { account, amount }],
    };
    select(vec![
        opened(account, None),
        LedgerEvent::Granted { allowance: AllowanceId(1), account, terms, by: by.clone() },
        LedgerEvent::Given {
            from: None,
            to: account,
            amount: Quantity::Tokens(Tokens(9)),
            at,
            gifts: Vec::new(),
            by: by.clone(),
        },
        LedgerEvent::Permitted { account, models: Some(vec!["m*".into()]), by: by.clone() },
        LedgerEvent::Reserved(held),
        LedgerEvent::Settled { reservation, bill: bill(4), at },
        LedgerEvent::ClockPutRight { at, by },
    ])
}

/// An account is opened, of a person if it is below another.
pub(crate) fn opened(account: AccountId, parent: Option<AccountId>) -> LedgerEvent {
    let kind = if parent.is_some() { AccountKind::Person } else { AccountKind::Organisation };
    let name = format!("a{}", account.0);
    LedgerEvent::Opened { account, parent, name, kind, by: "me".into() }
}

/// So many nano-dollars for one request.
pub(crate) fn reserved(reservation: u64, account: AccountId, nanos: u64) -> LedgerEvent {
    LedgerEvent::Reserved(Held {
        reservation: ReservationId(reservation),
        account,
        amount: Spend { money: NanoUsd(nanos), tokens: Tokens(3), requests: 1 },
        at: Timestamp(reservation),
        model: None,
        spender: TaskId::new(reservation % 3).map(Spender::Task),
        gifts: Vec::new(),
    })
}

/// A bill of so many nano-dollars.
pub(crate) fn bill(nanos: u64) -> Vec<Charge> {
    let spend = Spend { money: NanoUsd(nanos), tokens: Tokens(2), requests: 1 };
    let basis = Basis::ALL[(nanos % 3) as usize];
    let energy = Energy { mj: nanos % 4, is_estimate: nanos % 8 == 1 };
    vec![Charge { model: format!("m{}", nanos % 2), spend, basis, energy }]
}
