//! The ledger that is kept is the one that the journal comes to, and is read without most of it.

use std::path::Path;

use proptest::prelude::*;
use rusqlite::Connection;
use tenfold_domain::{
    AccountId, Allowance, AllowanceId, Fact, LedgerEvent, NanoUsd, Quantity, ReservationId, Spend,
    Spender, TaskId, Timestamp, Tokens,
};
use tenfold_ledger::Ledger;
use tenfold_store::{About, Compaction, Store, StoreError};

use crate::facts::*;

/// More events than come after the row.
const MANY: u64 = 5_000;

fn any_event() -> impl Strategy<Value = LedgerEvent> {
    let reservation = (1..=4u64).prop_map(ReservationId);
    let account = (1..=3u32).prop_map(AccountId);
    let amount = 0..=9u64;
    let at = Timestamp(5);
    prop_oneof![
        (account.clone(), prop::option::of(account.clone()))
            .prop_map(|(account, parent)| opened(account, parent)),
        (account.clone(), amount.clone(), 1..=3u32, any::<bool>()).prop_map(
            |(account, most, allowance, each)| {
                let terms = Allowance { each, ..Allowance::once(Quantity::Requests(most)) };
                let (allowance, by) = (AllowanceId(allowance), "me".to_owned());
                LedgerEvent::Granted { allowance, account, terms, by }
            }
        ),
        (1..=3u32).prop_map(|allowance| LedgerEvent::Withdrawn {
            allowance: AllowanceId(allowance),
            by: "me".into()
        }),
        (account.clone(), amount.clone()).prop_map(move |(to, amount)| {
            let (amount, by) = (Quantity::Requests(amount), "me".to_owned());
            LedgerEvent::Given { from: None, to, amount, at, gifts: Vec::new(), by }
        }),
        (reservation.clone(), account, amount.clone())
            .prop_map(|(reservation, account, amount)| reserved(reservation.0, account, amount)),
        (reservation.clone(), amount).prop_map(move |(reservation, cost)| {
            LedgerEvent::Settled { reservation, bill: bill(cost), at }
        }),
        reservation.prop_map(move |reservation| LedgerEvent::Released { reservation, at }),
    ]
}

/// What the journal comes to, event by event.
fn replayed(store: &Store) -> Ledger {
    let view = store.view().unwrap();
    let mut ledger = Ledger::default();
    for event in view.each_event(About::Ledger.into()) {
        if let Fact::Ledger { event } = event.unwrap().fact {
            ledger.evolve(&event);
        }
    }
    ledger
}

fn tamper(path: &Path, sql: &str) {
    Connection::open(path).unwrap().execute_batch(sql).unwrap();
}

/// A store with a bill of one nano-dollar after another, and an account that pays them.
fn with_bills(path: &Path, bills: u64) -> Store {
    let store = open(path);
    let account = AccountId(1);
    let paid = |number| {
        let (reservation, at) = (ReservationId(number), Timestamp(number));
        [reserved(number, account, 1), LedgerEvent::Settled { reservation, bill: bill(1), at }]
    };
    let events = std::iter::once(opened(account, None)).chain((1..=bills).flat_map(paid));
    let facts: Vec<_> = events.map(|event| Fact::Ledger { event }).collect();
    for some in facts.chunks(100) {
        store.append(some.to_vec()).unwrap();
    }
    store
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_ledger_that_goes_on_from_its_row_is_the_one_that_is_replayed(
        batches in prop::collection::vec(
            (prop::collection::vec(any_event(), 1..8), any::<bool>()), 1..8),
    ) {
        let (_folder, path) = place();
        let mut store = open(&path);
        for (events, is_anew) in batches {
            store.append(events.into_iter().map(|event| Fact::Ledger { event }).collect()).unwrap();
            if is_anew {
                // The row has all of it then, and whoever writes knows nothing beside it.
                store.rebuild().unwrap();
                drop(store);
                store = open(&path);
            }
            prop_assert_eq!(store.view().unwrap().ledger().unwrap(), replayed(&store));
            store.view().unwrap().check().unwrap();
        }
    }
}

#[test]
fn a_long_history_is_not_read_to_know_the_ledger() {
    let (_folder, path) = place();
    let store = with_bills(&path, MANY);
    let right = replayed(&store);
    assert_eq!(right.balance(AccountId(1)).unwrap().spent.money, NanoUsd(MANY));
    store.view().unwrap().check().unwrap();
    tamper(&path, "UPDATE event SET body = 'none' WHERE seq < 5000");
    assert_eq!(store.view().unwrap().ledger().unwrap(), right);
    drop(store);
    assert_eq!(open(&path).view().unwrap().ledger().unwrap(), right);
}

#[test]
fn a_row_needs_no_events_that_have_left_the_journal() {
    let (_folder, path) = place();
    let store = with_bills(&path, 9);
    store.rebuild().unwrap();
    let right = replayed(&store);
    let view = store.view().unwrap();
    let spending = view.spending().unwrap();
    let balances = LedgerEvent::Balanced(Box::new(view.balances().unwrap().unwrap()));
    let ledger = Some((Timestamp(u64::MAX), balances));
    let what = Compaction { ledger, ..Compaction::default() };
    assert_eq!(store.compact(what, &mut || {}).unwrap().events, 17, "all calls but the newest");
    let view = open(&path).view().unwrap();
    assert_eq!(view.ledger().unwrap(), right);
    assert_eq!(view.spending().unwrap(), spending);
    view.check().unwrap();
    // It is in the journal, for whoever makes the rows anew.
    open(&path).rebuild().unwrap();
    assert_eq!(open(&path).view().unwrap().spending().unwrap(), spending);
}

#[test]
fn what_was_spent_is_told_by_day_spender_and_model_filed_or_not() {
    let (_folder, path) = place();
    let store = with_bills(&path, 6);
    let told = |store: &Store| -> Vec<_> {
        let all = store.view().unwrap().spending().unwrap();
        all.into_iter().map(|row| (row.spender, row.charge.model, row.charge.spend)).collect()
    };
    let spend = Spend { money: NanoUsd(2), tokens: Tokens(4), requests: 2 };
    let task = |number| TaskId::new(number).map(Spender::Task);
    let right = [task(0), task(1), task(2)].map(|spender| (spender, "m1".to_owned(), spend));
    assert_eq!(told(&store), right);
    store.rebuild().unwrap();
    assert_eq!(told(&store), right);
    tamper(&path, "UPDATE spending SET money_nusd = 1 WHERE task = 2");
    let found = store.view().unwrap().check().unwrap_err();
    assert!(matches!(found, StoreError::Unequal { .. }), "{found:?}");
}

#[test]
fn a_row_that_says_otherwise_than_the_journal_is_found_and_made_anew() {
    let (_folder, path) = place();
    let store = with_bills(&path, MANY);
    let right = replayed(&store);
    let sql = r#"UPDATE ledger_account SET body = replace(body, '"money":', '"money":9')"#;
    tamper(&path, sql);
    assert_ne!(store.view().unwrap().ledger().unwrap(), right);
    let found = store.view().unwrap().check().unwrap_err();
    assert!(matches!(found, StoreError::Unequal { .. }), "{found:?}");
    store.rebuild().unwrap();
    assert_eq!(store.view().unwrap().ledger().unwrap(), right);
    store.view().unwrap().check().unwrap();
}
