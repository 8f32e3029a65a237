//! A journal that lost something, or was changed by somebody, is said to be so; what was there is
//! put back from a backup, or gone on with in so many words.

use std::fs;
use std::path::Path;

use rusqlite::Connection;
use tenfold_domain::Seq;
use tenfold_store::{EngineLock, Store, StoreError, Swap};

use crate::facts::*;

fn with_events(path: &Path, count: u64) -> Store {
    let store = open(path);
    for number in 1..=count {
        store.append(vec![small(number)]).unwrap();
    }
    store
}

fn sql(path: &Path, sql: &str) {
    Connection::open(path).unwrap().execute_batch(sql).unwrap();
}

#[test]
fn a_sound_store_says_what_is_in_it() {
    let (_folder, path) = place();
    let store = open(&path);
    let task = store.new_task(spec("mend")).unwrap();
    store.new_attempt(task, start()).unwrap();
    let sound = store.view().unwrap().check().unwrap();
    assert_eq!((sound.events, sound.tasks, sound.attempts), (2, 1, 1));
}

#[test]
fn whatever_is_done_to_a_row_is_found_and_named() {
    for (change, names) in [
        ("UPDATE event SET body = replace(body, '3', '4') WHERE seq = 3", "event 3 is not"),
        ("UPDATE event SET at_ms = at_ms + 1 WHERE seq = 2", "event 2 is not"),
        ("DELETE FROM event WHERE seq = 3", "event 3 is missing"),
        ("UPDATE event SET checksum = NULL WHERE seq = 1", "event 1 is not"),
        ("DELETE FROM event WHERE seq = 1", "event 1 is missing"),
        ("UPDATE event SET seq = 9 WHERE seq = 5", "event 5 is missing"),
    ] {
        let (_folder, path) = place();
        drop(with_events(&path, 5));
        open(&path).view().unwrap().check().expect("the control");
        sql(&path, change);
        let found = Store::read_only(&path).unwrap().view().unwrap().check().unwrap_err();
        assert!(matches!(found, StoreError::Corrupt { .. }), "{change}: {found:?}");
        assert!(found.to_string().contains(names), "{change}: {found}");
    }
}

#[test]
fn a_store_that_lost_its_end_is_not_written_to_until_somebody_says_so() {
    let (folder, path) = place();
    let store = with_events(&path, 3);
    let older = folder.path().join("older.db");
    Store::back_up(&path, &older).unwrap();
    store.append(vec![small(4)]).unwrap();
    drop(store);
    fs::copy(&older, &path).unwrap();
    for _ in 0..2 {
        let refused = Store::open(&path).unwrap_err();
        let places = (Seq(3), Seq(4));
        assert!(
            matches!(refused, StoreError::Behind { found, recorded, .. } if (found, recorded) == places),
            "{refused:?}"
        );
    }
    let checked = Store::read_only(&path).unwrap().view().unwrap().check();
    assert!(matches!(checked, Err(StoreError::Behind { .. })), "{checked:?}");
    Store::accept_loss(&path).unwrap();
    let store = open(&path);
    assert_eq!(store.append(vec![small(5)]).unwrap().first, Seq(4));
    store.view().unwrap().check().unwrap();
}

/// What was committed last is in the `-wal` file only, until SQLite copies it over.
#[test]
fn a_store_whose_wal_was_torn_or_lost_is_noticed() {
    let (folder, path) = place();
    drop(with_events(&path, 2));
    let store = open(&path);
    for number in 3..=6 {
        store.append(vec![small(number)]).unwrap();
    }
    let part = |of: &Path, suffix: &str| {
        of.with_file_name(format!("{}{suffix}", of.file_name().unwrap().to_str().unwrap()))
    };
    let wal = fs::read(part(&path, "-wal")).unwrap();
    for (name, kept) in
        [("whole", Some(wal.len())), ("torn", Some(wal.len() - 100)), ("lost", None)]
    {
        let copy = folder.path().join(name);
        fs::copy(&path, &copy).unwrap();
        fs::copy(part(&path, "-head"), part(&copy, "-head")).unwrap();
        if let Some(kept) = kept {
            fs::write(part(&copy, "-wal"), &wal[..kept]).unwrap();
        }
        match (name, Store::open(&copy)) {
            ("whole", opened) => drop(opened.expect("the control")),
            (_, opened) => {
                let refused = opened.unwrap_err();
                assert!(matches!(refused, StoreError::Behind { .. }), "{name}: {refused:?}");
            }
        }
    }
}

#[test]
fn another_journal_of_the_same_length_is_no_longer_this_one() {
    let (folder, path) = place();
    drop(with_events(&path, 3));
    let other = folder.path().join("other.db");
    let store = open(&other);
    for _ in 1..=3 {
        store.append(vec![small(9)]).unwrap();
    }
    drop(store);
    fs::copy(&other, &path).unwrap();
    let refused = Store::open(&path).unwrap_err();
    assert!(matches!(refused, StoreError::Corrupt { .. }), "{refused:?}");
}

#[test]
fn a_backup_is_made_beside_a_writer_and_put_back_keeps_what_was_there() {
    let (folder, path) = place();
    let store = open(&path);
    let task = store.new_task(spec("first")).unwrap();
    let backup = folder.path().join("backup.db");
    let sound = Store::back_up(&path, &backup).unwrap();
    assert_eq!((sound.events, sound.tasks), (1, 1));
    let refused = Store::back_up(&path, &backup).unwrap_err();
    assert!(matches!(refused, StoreError::Io { .. }), "it is there already: {refused:?}");
    store.new_task(spec("second")).unwrap();
    drop(store);
    let before = fs::read(&path).unwrap();
    let dir = path.parent().unwrap();
    let (name, new) = (path.file_name().unwrap().to_str().unwrap(), "new.db-restoring");
    assert_eq!(Store::prepare(&backup, &dir.join(new)).unwrap(), sound);
    let mut swap = Swap::default();
    let kept = swap.store(dir, new, name);
    swap.carry_out(dir, &EngineLock::acquire(dir).unwrap()).unwrap();
    assert_eq!(fs::read(kept.unwrap()).unwrap(), before);
    let store = open(&path);
    assert_eq!(store.new_task(spec("another")).unwrap().number(), task.number() + 1);
    store.view().unwrap().check().unwrap();

    // What is no sound copy replaces nothing.
    let now = fs::read(&path).unwrap();
    sql(&backup, "UPDATE event SET at_ms = 1");
    let refused = Store::prepare(&backup, &dir.join(new)).unwrap_err();
    assert!(matches!(refused, StoreError::Corrupt { .. }), "{refused:?}");
    let letter = folder.path().join("letter");
    fs::write(&letter, "Dear friend").unwrap();
    let refused = Store::prepare(&letter, &dir.join(new)).unwrap_err();
    assert!(matches!(refused, StoreError::NotAStore { .. }), "{refused:?}");
    assert_eq!(fs::read(&path).unwrap(), now);
    let left: Vec<_> = fs::read_dir(path.parent().unwrap())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains("restoring"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn lists_that_are_not_what_the_journal_says_are_made_anew() {
    let (_folder, path) = place();
    let store = open(&path);
    let task = store.new_task(spec("mend")).unwrap();
    store.new_attempt(task, start()).unwrap();
    let right = store.view().unwrap().task(task).unwrap();
    for wrong in [
        "UPDATE task_row SET body = replace(body, 'mend', 'send')",
        "DELETE FROM attempt_row",
        "INSERT INTO attempt_row SELECT 7, number, body FROM attempt_row",
        "UPDATE task_row SET turn_ms = turn_ms + 1",
        "UPDATE task_row SET held = 1",
        "DELETE FROM task_count WHERE workspace = ''",
    ] {
        sql(&path, wrong);
        let found = store.view().unwrap().check().unwrap_err();
        assert!(matches!(found, StoreError::Unequal { .. }), "{wrong}: {found:?}");
        store.rebuild().unwrap();
        store.view().unwrap().check().unwrap();
        assert_eq!(store.view().unwrap().task(task).unwrap(), right);
    }
}

#[test]
fn whoever_opened_it_before_may_not_write_any_more() {
    let (_folder, path) = place();
    let old = with_events(&path, 1);
    let new = open(&path);
    let refused = old.append(vec![small(2)]).unwrap_err();
    assert!(matches!(refused, StoreError::Fenced { .. }), "{refused:?}");
    assert_eq!(new.append(vec![small(3)]).unwrap().first, Seq(2));
    assert!(old.append(vec![small(4)]).is_err());
    new.view().unwrap().check().unwrap();
}

/// A file of the format before, made by taking from one of today's what came with this one.
#[test]
fn a_store_of_the_format_before_is_given_its_checksums() {
    let (folder, path) = place();
    drop(with_events(&path, 4));
    let today = folder.path().join("today.db");
    Store::back_up(&path, &today).unwrap();
    sql(&path, "ALTER TABLE event DROP COLUMN bridge; ALTER TABLE event DROP COLUMN checksum");
    sql(&path, "DROP TABLE lease; PRAGMA user_version = 1");
    let store = open(&path);
    store.view().unwrap().check().unwrap();
    store.append(vec![small(5)]).unwrap();
    let sums = |path: &Path| -> Vec<Vec<u8>> {
        let connection = Connection::open(path).unwrap();
        let mut query = connection.prepare("SELECT checksum FROM event ORDER BY seq").unwrap();
        query.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    assert_eq!(sums(&path)[..4], sums(&today));
}
