//! Files that are no store, too new, cut off or overwritten: each has an error of its own,
//! which names the file and says what to do.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::Path;

use rusqlite::Connection;
use tenfold_store::{EventQuery, Store, StoreError};

use crate::crash::{PLACE, child};
use crate::facts::*;

/// A store of a few hundred pages, closed.
fn large_store(path: &Path) {
    let store = open(path);
    let attempt = "1.1".parse().unwrap();
    let event = |n| advanced(attempt, serde_json::json!([n, "x".repeat(2_000)]));
    store.append((0..600).map(event).collect()).unwrap();
}

fn names_the_file(error: &StoreError, path: &Path) {
    let text = error.to_string();
    assert!(text.contains(path.to_str().unwrap()), "{text}");
}

#[test]
fn nothing_there_is_missing_for_readers_only() {
    let (_folder, path) = place();
    let missing = Store::read_only(&path).unwrap_err();
    assert!(matches!(missing, StoreError::Missing { .. }), "{missing:?}");
    names_the_file(&missing, &path);
    assert!(!path.exists());
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, "").unwrap();
    let empty = Store::read_only(&path).unwrap_err();
    assert!(matches!(empty, StoreError::Missing { .. }), "{empty:?}");
    open(&path).append(vec![small(1)]).unwrap();
}

#[test]
fn another_file_is_not_a_store_and_is_left_alone() {
    let (folder, _) = place();
    let path = folder.path().join("letter.txt");
    let letter = "Dear friend, this is not a database. ".repeat(100);
    fs::write(&path, &letter).unwrap();
    for refused in [Store::open(&path).err(), Store::read_only(&path).err()] {
        let error = refused.unwrap();
        assert!(matches!(error, StoreError::NotAStore { .. }), "{error:?}");
        names_the_file(&error, &path);
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), letter);
    let folder_itself = Store::open(folder.path()).unwrap_err();
    names_the_file(&folder_itself, folder.path());
}

#[test]
fn a_newer_store_is_refused_with_both_formats() {
    let (_folder, path) = place();
    open(&path).append(vec![small(1)]).unwrap();
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    for refused in [Store::open(&path).err(), Store::read_only(&path).err()] {
        let error = refused.unwrap();
        assert!(matches!(error, StoreError::Newer { found: 99, .. }), "{error:?}");
        names_the_file(&error, &path);
    }
}

#[test]
fn a_file_that_was_cut_off_is_corrupt() {
    let (_folder, path) = place();
    large_store(&path);
    let file = OpenOptions::new().write(true).open(&path).unwrap();
    file.set_len(file.metadata().unwrap().len() / 2).unwrap();
    let error = Store::open(&path).unwrap_err();
    assert!(matches!(error, StoreError::Corrupt { .. }), "{error:?}");
    names_the_file(&error, &path);
}

#[test]
fn pages_that_were_overwritten_are_corrupt_where_they_are_read() {
    let (_folder, path) = place();
    large_store(&path);
    let file = OpenOptions::new().write(true).open(&path).unwrap();
    let third = file.metadata().unwrap().len() / 3 / 4_096 * 4_096;
    file.write_all_at(&vec![0xFF; third as usize], third).unwrap();
    let reader = Store::read_only(&path).unwrap();
    let view = reader.view().unwrap();
    let error = view.verify().unwrap_err();
    assert!(matches!(error, StoreError::Corrupt { .. }), "{error:?}");
    let mut events = view.each_event(EventQuery { limit: 10, ..EventQuery::default() });
    let error = events.find_map(Result::err).unwrap();
    assert!(matches!(error, StoreError::Corrupt { .. }), "{error:?}");
    names_the_file(&error, &path);
    assert!(events.next().is_none(), "reading ends with the first error");
}

#[test]
fn a_sound_store_verifies() {
    let (_folder, path) = place();
    large_store(&path);
    open(&path).view().unwrap().verify().unwrap();
}

#[test]
fn an_event_that_was_changed_by_hand_is_named() {
    let (_folder, path) = place();
    let store = open(&path);
    store.append(vec![small(1), small(2)]).unwrap();
    let hand = Connection::open(&path).unwrap();
    hand.execute("UPDATE event SET body = '{}' WHERE seq = 2", []).unwrap();
    let error = store.view().unwrap().ledger().unwrap_err();
    assert!(error.to_string().contains("event 2 (ledger released)"), "{error}");
    hand.execute("UPDATE event SET version = 7 WHERE seq = 2", []).unwrap();
    let error = store.view().unwrap().ledger().unwrap_err();
    assert!(matches!(error, StoreError::NewerEvent { version: 7, .. }), "{error:?}");
}

#[test]
fn a_blob_that_was_changed_by_hand_is_not_handed_out() {
    let (_folder, path) = place();
    let store = open(&path);
    let hash = store.put_blob(b"true".to_vec()).unwrap();
    let hand = Connection::open(&path).unwrap();
    hand.execute("UPDATE blob SET bytes = x'00'", []).unwrap();
    let error = store.view().unwrap().blob(hash).unwrap_err();
    assert!(matches!(error, StoreError::Corrupt { .. }), "{error:?}");
}

#[test]
fn a_lock_of_another_process_is_busy_and_does_not_end_the_store() {
    let (_folder, path) = place();
    let store = open(&path);
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = store.append(vec![small(1)]).unwrap_err();
    assert!(matches!(error, StoreError::Busy { .. }), "{error:?}");
    names_the_file(&error, &path);
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(store.append(vec![small(1)]).unwrap().first.0, 1);
}

/// Root may read every file, so that root asks a user who may not.
#[test]
fn without_permission_the_error_says_so() {
    let (folder, path) = place();
    open(&path).append(vec![small(1)]).unwrap();
    for (path, mode) in [(folder.path(), 0o755), (path.parent().unwrap(), 0o755), (&path, 0)] {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }
    if fs::File::open(&path).is_err() {
        permission_is_what_fails(&path);
        return;
    }
    let nobody = child("damage::child_without_permission", &path).uid(65_534).output();
    match nobody {
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success() && said.contains("1 passed"), "{output:?}");
        }
        Err(error) => eprintln!("SKIPPED: no test without permission can be run here: {error}"),
    }
}

#[test]
#[ignore = "the process without permission of the test above"]
fn child_without_permission() {
    if let Ok(path) = std::env::var(PLACE) {
        permission_is_what_fails(Path::new(&path));
    }
}

fn permission_is_what_fails(path: &Path) {
    for refused in [Store::open(path).err(), Store::read_only(path).err()] {
        let error = refused.unwrap();
        assert!(matches!(error, StoreError::Permission { .. }), "{error:?}");
        names_the_file(&error, path);
    }
}
