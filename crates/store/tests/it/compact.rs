//! Taking events out of the journal: what is listed stays as it is, what went is in a file, and
//! whoever is killed in between has the one or the other.

use std::fs;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::read::GzDecoder;
use proptest::prelude::*;
use rusqlite::Connection;
use serde_json::{Value, json};
use tenfold_domain::{
    AttemptId, AttemptOutcome, Balances, CommonBalances, Event, Fact, LedgerEvent, TaskId,
    Timestamp,
};
use tenfold_ledger::Ledger;
use tenfold_store::{
    About, AttemptRow, Compacted, Compaction, EventQuery, Store, StoreError, Surroundings,
    TaskQuery, TaskRow,
};

use crate::crash::{PLACE, child};
use crate::facts::*;

/// At which step the child dies.
const STEP: &str = "TENFOLD_TEST_STEP";

/// More steps than there are.
const MORE_THAN_ALL: u64 = 20;

/// All that is listed, but for where steps went.
fn lists(store: &Store) -> (Vec<TaskRow>, Vec<AttemptRow>) {
    let view = store.view().unwrap();
    let attempts = (1..=3).flat_map(|n| view.attempts(TaskId::new(n).unwrap()).unwrap());
    let attempts = attempts.map(|row| AttemptRow { steps_dropped: None, ..row }).collect();
    (view.tasks(&TaskQuery::default()).unwrap(), attempts)
}

fn events(store: &Store) -> Vec<Event> {
    let view = store.view().unwrap();
    view.each_event(EventQuery::default()).map(Result::unwrap).collect()
}

fn balances() -> LedgerEvent {
    let common = CommonBalances { last_reservation: 9, ..CommonBalances::default() };
    LedgerEvent::Balanced(Box::new(Balances { common, ..Balances::default() }))
}

/// Of these attempts, with all that the ledger has.
fn of(attempts: &[AttemptId]) -> Compaction {
    let ledger = Some((Timestamp(u64::MAX), balances()));
    // The 29th of November 2026.
    Compaction { at: Timestamp(1_795_910_400_000), attempts: attempts.to_vec(), ledger }
}

fn compact(path: &Path, what: Compaction) -> Compacted {
    open(path).compact(what, &mut || {}).unwrap()
}

fn attempt(text: &str) -> AttemptId {
    text.parse().unwrap()
}

/// Two tasks at work in turn, one of which is done with.
fn two_tasks(path: &Path) {
    let store = open(path);
    for text in ["one", "two"] {
        let task = store.new_task(spec(text)).unwrap();
        store.new_attempt(task, start()).unwrap();
    }
    for number in 0..5 {
        for id in ["1.1", "2.1"] {
            let change = json!({ "n": number, "text": "x".repeat(2_000) });
            store.append(vec![advanced(attempt(id), change), small(number)]).unwrap();
        }
    }
    store.append(vec![ended(attempt("1.1"), AttemptOutcome::GaveUp)]).unwrap();
}

#[test]
fn steps_go_into_a_file_and_what_is_listed_stays() {
    let (_folder, path) = place();
    two_tasks(&path);
    let (before, all) = (lists(&open(&path)), events(&open(&path)));
    let would = open(&path).view().unwrap().would_compact(&of(&[attempt("1.1")])).unwrap();
    assert_eq!((would.attempts, would.events, would.export), (1, 15, None));
    assert_eq!(events(&open(&path)), all, "nothing is changed by asking");

    let done = compact(&path, of(&[attempt("1.1"), attempt("2.1")]));
    assert_eq!((done.attempts, done.events, done.not_smaller), (1, 15, None), "2.1 has not ended");
    assert!(done.after < done.before, "{} of {}", done.after, done.before);
    let store = open(&path);
    assert_eq!(lists(&store), before);
    store.rebuild().unwrap();
    assert_eq!(lists(&store), before);
    let sound = store.view().unwrap().check().unwrap();
    assert_eq!((sound.events, sound.dropped), (events(&store).len() as u64, 15));
    let dropped = store.view().unwrap().attempt(attempt("1.1")).unwrap().unwrap().steps_dropped;
    let export = done.export.unwrap();
    assert_eq!(export.file_name().unwrap().to_str(), Some(&*dropped.unwrap().name));
    assert!(export.ends_with("dropped/2026-11-29-25.jsonl.gz"), "{}", export.display());

    // What went and what stays are all that there was, to the letter.
    let mut text = String::new();
    GzDecoder::new(fs::File::open(&export).unwrap()).read_to_string(&mut text).unwrap();
    let gone = text.lines().map(|line| {
        let line: Value = serde_json::from_str(line).unwrap();
        let fact: Fact = serde_json::from_value(line["body"].clone()).unwrap();
        let (seq, at) = (line["seq"].as_u64().unwrap(), line["at_ms"].as_u64().unwrap());
        Event { seq: tenfold_domain::Seq(seq), at: Timestamp(at), fact }
    });
    let mut found: Vec<Event> = gone.chain(events(&store)).collect();
    found.sort_by_key(|event| event.seq);
    assert_eq!(found[..all.len()], all);
    let view = store.view().unwrap();
    let ledger: Vec<_> = view.each_event(About::Ledger.into()).map(|e| e.unwrap().fact).collect();
    assert_eq!(ledger, [Fact::Ledger { event: balances() }], "it stands for all of them");
    assert_eq!(view.ledger().unwrap(), Ledger::replay(&[balances()]));
}

#[test]
fn what_is_taken_out_later_joins_what_went_before() {
    let (folder, path) = place();
    two_tasks(&path);
    compact(&path, of(&[attempt("1.1")]));
    let store = open(&path);
    store.append(vec![ended(attempt("2.1"), AttemptOutcome::GaveUp)]).unwrap();
    let before = lists(&store);
    drop(store);
    let done = compact(&path, of(&[attempt("1.1"), attempt("2.1")]));
    // The other's steps, and the balances that were added up the last time.
    assert_eq!((done.attempts, done.events), (1, 6));
    let copy = folder.path().join("copy.db");
    assert_eq!(Store::back_up(&path, &copy).unwrap().dropped, 21);
    let store = open(&path);
    assert_eq!(lists(&store), before);
    assert_eq!(store.view().unwrap().missing_exports().unwrap(), [""; 0]);
    drop(store);
    let again =
        compact(&path, Compaction { ledger: None, ..of(&[attempt("1.1"), attempt("2.1")]) });
    assert_eq!((again.events, again.export), (0, None));
}

#[test]
fn a_journal_with_gaps_that_is_changed_is_found_damaged() {
    for (change, names) in [
        ("DELETE FROM event WHERE seq = 27", "27 is missing"),
        ("DELETE FROM event WHERE seq = 7", "taken out"),
        ("DELETE FROM event WHERE seq = 4", "taken out"),
        ("UPDATE event SET bridge = x'00000000000000000000000000000000' WHERE seq = 7", "7 is not"),
        ("UPDATE event SET bridge = NULL WHERE seq = 7", "is missing"),
        ("UPDATE event SET body = replace(body, '15', '14') WHERE noun = 'journal'", "is not"),
    ] {
        let (_folder, path) = place();
        two_tasks(&path);
        compact(&path, of(&[attempt("1.1")]));
        open(&path).view().unwrap().check().expect("the control");
        Connection::open(&path).unwrap().execute_batch(change).unwrap();
        let found = Store::read_only(&path).unwrap().view().unwrap().check();
        let Err(StoreError::Corrupt { detail, .. }) = &found else { panic!("{change}: {found:?}") };
        assert!(detail.contains(names), "{change}: {detail}");
    }
}

#[test]
fn a_file_of_what_went_that_is_gone_or_changed_is_named_and_no_damage() {
    let (_folder, path) = place();
    two_tasks(&path);
    let export = compact(&path, of(&[attempt("1.1")])).export.unwrap();
    let name = export.file_name().unwrap().to_str().unwrap().to_owned();
    let missing = || Store::read_only(&path).unwrap().view().unwrap().missing_exports().unwrap();
    assert_eq!(missing(), [""; 0]);
    let bytes = fs::read(&export).unwrap();
    fs::write(&export, &bytes[1..]).unwrap();
    assert_eq!(missing(), std::slice::from_ref(&name));
    fs::remove_file(&export).unwrap();
    assert_eq!(missing(), [name]);
    open(&path).view().unwrap().check().unwrap();
}

#[test]
fn who_is_killed_meanwhile_has_all_in_the_journal_or_in_the_file() {
    let what = || of(&[attempt("1.1")]);
    let (mut neither, mut went) = (0, 0);
    for step in 0..MORE_THAN_ALL {
        let (_folder, path) = place();
        two_tasks(&path);
        let before = lists(&open(&path));
        let mut dies = child("compact::child_that_compacts", &path);
        let ended = dies.env(STEP, step.to_string()).output().unwrap().status.success();
        let store = open(&path);
        assert_eq!(lists(&store), before, "after {step}");
        let view = store.view().unwrap();
        let sound = view.check().unwrap();
        assert_eq!(view.missing_exports().unwrap(), [""; 0], "after {step}");
        let facts = view.each_event(About::Journal.into()).count();
        assert_eq!(sound.dropped, [0, 15][facts], "after {step}");
        (neither, went) = (neither + u32::from(facts == 0), went + u32::from(facts == 1));
        drop(view);
        // Once more, and it comes to the same; the balances that it added up may go by then.
        store.compact(Compaction { ledger: None, ..what() }, &mut || {}).unwrap();
        let store = open(&path);
        store.view().unwrap().check().unwrap();
        assert_eq!(lists(&store), before, "after {step}, and once more");
        if ended {
            assert!(neither >= 3 && went >= 3, "{neither}, {went}");
            return;
        }
    }
    panic!("it does not come to its end");
}

#[test]
#[ignore = "the killed process of the test above"]
fn child_that_compacts() {
    let Ok(path) = std::env::var(PLACE) else { return };
    let last: u64 = std::env::var(STEP).unwrap().parse().unwrap();
    let steps = Arc::new(AtomicU64::new(0));
    let of_store = Arc::clone(&steps);
    let hear = move |steps: &AtomicU64| {
        if steps.fetch_add(1, Ordering::Relaxed) == last {
            std::process::abort();
        }
    };
    let surroundings = Surroundings::default().with_fate(move |_| {
        hear(&of_store);
        Ok(())
    });
    let store = Store::open_in(Path::new(&path), surroundings).unwrap();
    store.compact(of(&[attempt("1.1")]), &mut || hear(&steps)).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn whatever_was_recorded_the_lists_stay_as_they_are(
        batches in prop::collection::vec(prop::collection::vec(any_fact(), 1..12), 1..12),
        later in prop::collection::vec(any_fact(), 0..6),
    ) {
        let (_folder, path) = place();
        let store = open(&path);
        for facts in batches {
            store.append(facts).unwrap();
        }
        let before = lists(&store);
        let attempts: Vec<_> = before.1.iter().map(|row| row.id).collect();
        store.compact(of(&attempts), &mut || {}).unwrap();
        let store = open(&path);
        prop_assert_eq!(lists(&store), before);
        store.view().unwrap().check().unwrap();
        // What is recorded afterwards comes to the same, kept and made anew.
        store.append(later).unwrap();
        let kept = lists(&store);
        store.rebuild().unwrap();
        prop_assert_eq!(lists(&store), kept);
    }
}
