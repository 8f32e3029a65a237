//! What is appended is read back, in order, by whom it is about, page by page.

use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;
use tenfold_domain::{Event, Fact, Seq, TaskId, Timestamp};
use tenfold_store::{
    About, BlobHash, EVENT_BYTES_MAX, EventQuery, Store, StoreError, Surroundings,
};

use crate::facts::*;

fn read(store: &Store, query: EventQuery) -> Vec<Event> {
    store.view().unwrap().each_event(query).map(Result::unwrap).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_fact_reads_back_as_it_was(
        batches in prop::collection::vec(prop::collection::vec(any_fact(), 0..6), 0..8),
        page in 1..5u32,
    ) {
        let (_folder, path) = place();
        let store = open(&path);
        let mut written = Vec::new();
        for facts in batches {
            let appended = store.append(facts.clone()).unwrap();
            prop_assert_eq!(appended.first, Seq(written.len() as u64 + 1));
            written.extend(facts);
        }
        drop(store);
        let store = open(&path);
        let events = read(&store, EventQuery { limit: page, ..EventQuery::default() });
        let seqs: Vec<_> = events.iter().map(|event| event.seq.0).collect();
        prop_assert_eq!(seqs, (1..=written.len() as u64).collect::<Vec<_>>());
        prop_assert!(events.is_sorted_by_key(|event| event.at));
        let facts: Vec<_> = events.iter().map(|event| event.fact.clone()).collect();
        prop_assert_eq!(&facts, &written);

        let attempt = "2.1".parse().unwrap();
        let task = TaskId::new(2).unwrap();
        for (about, wanted) in [
            (About::Task(task), Box::new(|f: &Fact| f.task() == Some(task)) as Box<dyn Fn(&Fact) -> bool>),
            (About::Attempt(attempt), Box::new(|f: &Fact| f.attempt() == Some(attempt))),
            (About::Ledger, Box::new(|f: &Fact| matches!(f, Fact::Ledger { .. }))),
            (About::Repositories, Box::new(|f: &Fact| matches!(f, Fact::Repository { .. }))),
        ] {
            let found = read(&store, EventQuery { limit: page, ..about.into() });
            let expected: Vec<_> =
                events.iter().filter(|event| wanted(&event.fact)).cloned().collect();
            prop_assert_eq!(found, expected, "{:?}", about);
        }
    }
}

#[test]
fn tasks_and_attempts_are_numbered_from_one_across_restarts() {
    let (_folder, path) = place();
    let store = open(&path);
    let first = store.new_task(spec("one")).unwrap();
    let second = store.new_task(spec("two")).unwrap();
    assert_eq!(store.new_attempt(second, start()).unwrap().to_string(), "2.1");
    drop(store);
    let store = open(&path);
    assert_eq!(store.new_attempt(second, start()).unwrap().to_string(), "2.2");
    assert_eq!(store.new_attempt(first, start()).unwrap().to_string(), "1.1");
    assert_eq!(store.new_task(spec("three")).unwrap().number(), 3);
    let nobody = TaskId::new(9).unwrap();
    assert!(
        matches!(store.new_attempt(nobody, start()), Err(StoreError::NoTask(id)) if id == nobody)
    );
    let view = store.view().unwrap();
    assert_eq!(view.spec(second).unwrap(), Some(spec("two")));
    assert_eq!(view.spec(nobody).unwrap(), None);
    assert_eq!(view.newest().unwrap(), Seq(6));
}

#[test]
fn ledger_events_come_in_order_and_alone() {
    let (_folder, path) = place();
    let store = open(&path);
    store.append(vec![small(1), approval("/w", "aa"), small(2)]).unwrap();
    store.new_task(spec("one")).unwrap();
    store.append(vec![small(3)]).unwrap();
    let events: Vec<Fact> =
        read(&store, About::Ledger.into()).into_iter().map(|e| e.fact).collect();
    assert_eq!(events, [small(1), small(2), small(3)]);
}

#[test]
fn a_page_of_large_events_ends_early_and_loses_none() {
    let (_folder, path) = place();
    let store = open(&path);
    let large = "x".repeat(3 << 20);
    let attempt = "1.1".parse().unwrap();
    for n in 0..6 {
        store.append(vec![advanced(attempt, serde_json::json!([n, large]))]).unwrap();
    }
    let view = store.view().unwrap();
    assert_eq!(view.events(&EventQuery::default()).unwrap().len(), 3);
    assert_eq!(view.each_event(EventQuery::default()).count(), 6);
}

#[test]
fn what_is_too_large_or_has_no_form_is_refused_and_takes_no_place() {
    let (_folder, path) = place();
    let store = open(&path);
    let attempt = "1.1".parse().unwrap();
    let large = advanced(attempt, "x".repeat(EVENT_BYTES_MAX).into());
    let refused = store.append(vec![small(1), large]);
    assert!(matches!(refused, Err(StoreError::TooLarge { .. })), "{refused:?}");
    let name = std::ffi::OsStr::from_bytes(b"/w/\xff");
    let refused = store.new_task(tenfold_domain::TaskSpec { workspace: name.into(), ..spec("x") });
    let Err(error @ StoreError::Unwritable { .. }) = refused else { panic!("{refused:?}") };
    assert!(error.to_string().contains("UTF-8"), "{error}");
    assert_eq!(store.append(vec![small(2)]).unwrap().first, Seq(1));
    assert_eq!(store.new_task(spec("x")).unwrap().number(), 1);
}

#[test]
fn a_clock_that_goes_back_does_not_take_the_journal_along() {
    let (_folder, path) = place();
    let calls = AtomicUsize::new(0);
    let clock = move || Timestamp([100, 50, 70, 130][calls.fetch_add(1, Ordering::Relaxed)]);
    let store = Store::open_in(&path, Surroundings::default().with_clock(clock)).unwrap();
    let at: Vec<_> = (0..4).map(|n| store.append(vec![small(n)]).unwrap().at.0).collect();
    assert_eq!(at, [100, 100, 100, 130]);
    drop(store);
    let store = Store::open_in(&path, Surroundings::default().with_clock(|| Timestamp(1))).unwrap();
    assert_eq!(store.append(vec![small(5)]).unwrap().at.0, 130);
}

#[test]
fn blobs_are_found_by_their_hash_and_kept_once() {
    let (_folder, path) = place();
    let store = open(&path);
    let bytes: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    let hash = store.put_blob(bytes.clone()).unwrap();
    assert_eq!(store.put_blob(bytes.clone()).unwrap(), hash);
    assert_eq!(hash, BlobHash::of(&bytes));
    let empty = store.put_blob(Vec::new()).unwrap();
    drop(store);
    let store = open(&path);
    let view = store.view().unwrap();
    assert_eq!(view.blob(hash).unwrap(), Some(bytes));
    assert_eq!(view.blob(empty).unwrap(), Some(Vec::new()));
    assert_eq!(view.blob(BlobHash::of(b"never put")).unwrap(), None);
}

#[test]
fn the_file_is_private_and_a_clean_end_leaves_it_alone_in_its_folder() {
    let (_folder, path) = place();
    let store = open(&path);
    store.append(vec![small(1)]).unwrap();
    store.view().unwrap().newest().unwrap();
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    drop(store);
    let names: Vec<_> = std::fs::read_dir(path.parent().unwrap())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names, ["store.db", "store.db-head"]);
}
