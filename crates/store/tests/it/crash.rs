//! A process that is killed while it writes loses nothing that it was told is recorded.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use tenfold_domain::Seq;
use tenfold_store::{EngineLock, EventQuery, Store, StoreError};

use crate::facts::*;

/// Tells a child where the store is.
pub(crate) const PLACE: &str = "TENFOLD_TEST_STORE";

/// One of the tests that are marked as ignored, as a process of its own.
pub(crate) fn child(test: &str, path: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([test, "--exact", "--ignored", "--nocapture"]).env(PLACE, path);
    command.stdout(Stdio::piped());
    command
}

#[test]
fn a_killed_writer_loses_nothing_that_was_recorded() {
    let (_folder, path) = place();
    let mut writer = child("crash::child_that_appends", &path).spawn().unwrap();
    let lines = BufReader::new(writer.stdout.take().unwrap()).lines();
    let told = lines.filter_map(|line| line.unwrap().split_once("recorded ")?.1.parse().ok());
    let told: u64 = told.take(40).last().unwrap();
    writer.kill().unwrap();
    writer.wait().unwrap();

    let store = open(&path);
    let view = store.view().unwrap();
    view.verify().unwrap();
    let events: Vec<_> = view.each_event(EventQuery::default()).map(Result::unwrap).collect();
    assert!(events.len() as u64 > told, "recorded {told}, found {}", events.len());
    assert!(events.len().is_multiple_of(2), "the two facts of an append are kept or lost together");
    assert!(events.iter().zip(1..).all(|(event, place)| event.seq == Seq(place)));
    let next = Seq(events.len() as u64 + 1);
    assert_eq!(store.append(vec![small(1)]).unwrap().first, next);
}

#[test]
#[ignore = "the killed process of the test above"]
fn child_that_appends() {
    let Ok(path) = std::env::var(PLACE) else { return };
    let store = Store::open(Path::new(&path)).unwrap();
    for n in 0..10_000 {
        let appended = store.append(vec![small(n), small(n)]).unwrap();
        println!("recorded {}", appended.first.0);
    }
}

#[test]
fn a_store_that_is_never_closed_is_found_whole() {
    let (_folder, path) = place();
    let store = open(&path);
    store.append(vec![small(1), small(2)]).unwrap();
    std::mem::forget(store);
    let store = open(&path);
    assert_eq!(store.append(vec![small(3)]).unwrap().first, Seq(3));
}

#[test]
fn the_lock_of_a_killed_engine_is_free() {
    let (folder, _) = place();
    let mut engine = child("crash::child_that_holds_the_lock", folder.path()).spawn().unwrap();
    let mut lines = BufReader::new(engine.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("locked")));
    let holder = EngineLock::holder(folder.path()).unwrap().unwrap();
    assert_eq!(holder.pid, Some(engine.id()));
    let held = EngineLock::acquire(folder.path()).unwrap_err();
    assert!(matches!(held, StoreError::Held { pid, .. } if pid == Some(engine.id())), "{held:?}");
    assert!(held.to_string().contains(&format!("process {}", engine.id())), "{held}");
    engine.kill().unwrap();
    engine.wait().unwrap();
    assert_eq!(EngineLock::holder(folder.path()).unwrap(), None);
    EngineLock::acquire(folder.path()).unwrap();
}

#[test]
#[ignore = "the killed process of the test above"]
fn child_that_holds_the_lock() {
    let Ok(path) = std::env::var(PLACE) else { return };
    let _lock = EngineLock::acquire(Path::new(&path)).unwrap();
    println!("locked");
    loop {
        std::thread::park();
    }
}
