//! The lists are what the journal says, however they came about.

use std::collections::BTreeSet;
use std::path::Path;

use proptest::prelude::*;
use rusqlite::Connection;
use tenfold_domain::{AttemptOutcome, TaskId, TaskState};
use tenfold_store::{AttemptRow, Store, StoreError, TaskQuery, TaskRow};

use crate::facts::*;

/// Everything that is listed.
#[derive(Debug, PartialEq)]
struct Lists {
    tasks: Vec<TaskRow>,
    attempts: Vec<AttemptRow>,
    running: Vec<AttemptRow>,
    approved: Vec<Option<String>>,
}

fn lists(store: &Store) -> Lists {
    let view = store.view().unwrap();
    let tasks = view.tasks(&TaskQuery::default()).unwrap();
    let attempts = (1..=3).flat_map(|n| view.attempts(TaskId::new(n).unwrap()).unwrap()).collect();
    let approved =
        ["/w", "/v"].map(|path| view.approved(Path::new(path), "tenfold.toml").unwrap()).into();
    Lists { tasks, attempts, running: view.running().unwrap(), approved }
}

fn tamper(path: &Path, sql: &str) {
    Connection::open(path).unwrap().execute_batch(sql).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn lists_kept_with_every_append_equal_those_built_anew(
        batches in prop::collection::vec(prop::collection::vec(any_fact(), 1..12), 1..12),
    ) {
        let (_folder, path) = place();
        let store = open(&path);
        for facts in batches {
            store.append(facts).unwrap();
        }
        let kept = lists(&store);
        tamper(&path, "DELETE FROM attempt_row; UPDATE task_row SET state = 'lost'");
        store.rebuild().unwrap();
        prop_assert_eq!(&lists(&store), &kept);
        for row in &kept.attempts {
            let found = store.view().unwrap().attempt(row.id).unwrap();
            prop_assert_eq!(found.as_ref(), Some(row));
            prop_assert_eq!(row.ended.is_none(), kept.running.contains(row));
        }
        for row in &kept.tasks {
            let query = TaskQuery { states: vec![row.state], ..TaskQuery::default() };
            prop_assert!(store.view().unwrap().tasks(&query).unwrap().contains(row));
        }
    }
}

#[test]
fn lists_of_another_form_are_built_anew_when_the_store_is_opened() {
    let (_folder, path) = place();
    let store = open(&path);
    store.new_task(spec("one")).unwrap();
    store.append(vec![approval("/w", "aa"), approval("/w", "bb")]).unwrap();
    let kept = lists(&store);
    assert_eq!(kept.approved, [Some("bb".into()), None]);
    drop(store);
    tamper(&path, "UPDATE projection SET form = 0; DROP TABLE task_row; DROP TABLE approval");
    let refused = Store::read_only(&path);
    assert!(matches!(refused, Err(StoreError::Older { .. })), "{refused:?}");
    assert_eq!(lists(&open(&path)), kept);
}

#[test]
fn tasks_are_found_by_state_and_workspace_page_by_page() {
    let (_folder, path) = place();
    let store = open(&path);
    for n in 1..=12u64 {
        let workspace = if n % 3 == 0 { "/v" } else { "/w" };
        let asked = tenfold_domain::TaskSpec { workspace: workspace.into(), ..spec("t") };
        let task = store.new_task(asked).unwrap();
        if n % 2 == 0 {
            let attempt = store.new_attempt(task, start()).unwrap();
            if n % 4 == 0 {
                store.append(vec![ended(attempt, AttemptOutcome::GaveUp)]).unwrap();
            }
        }
    }
    let view = store.view().unwrap();
    let found = |query: &TaskQuery| -> Vec<u64> {
        view.tasks(query).unwrap().iter().map(|row| row.id.number()).collect()
    };
    let all = TaskQuery { limit: 5, ..TaskQuery::default() };
    assert_eq!(found(&all), [12, 11, 10, 9, 8]);
    assert_eq!(found(&TaskQuery { past: TaskId::new(8), ..all.clone() }), [7, 6, 5, 4, 3]);
    let oldest = TaskQuery { newest_first: false, ..all.clone() };
    assert_eq!(found(&TaskQuery { past: TaskId::new(5), ..oldest.clone() }), [6, 7, 8, 9, 10]);

    let states = vec![TaskState::Working, TaskState::NeedsYou, TaskState::Working];
    let query = TaskQuery { states, ..oldest.clone() };
    assert_eq!(found(&query), [2, 4, 6, 8, 10]);
    let query = TaskQuery { workspace: Some("/v".into()), ..query };
    assert_eq!(found(&query), [6, 12]);
    let query = TaskQuery { states: vec![TaskState::Queued], ..query };
    assert_eq!(found(&query), [3, 9]);
    assert_eq!(found(&TaskQuery { workspace: Some("/v".into()), ..all }), [12, 9, 6, 3]);
    assert_eq!(found(&TaskQuery { workspace: Some("/x".into()), ..oldest }), [0; 0]);
}

#[test]
fn an_attempt_that_has_not_ended_is_found_after_a_restart() {
    let (_folder, path) = place();
    let store = open(&path);
    let task = store.new_task(spec("one")).unwrap();
    let first = store.new_attempt(task, start()).unwrap();
    let second = store.new_attempt(task, start()).unwrap();
    store.append(vec![ended(first, AttemptOutcome::GaveUp)]).unwrap();
    drop(store);
    let reader = Store::read_only(&path).unwrap();
    let view = reader.view().unwrap();
    let running: Vec<_> = view.running().unwrap().iter().map(|row| row.id).collect();
    assert_eq!(running, [second]);
    let row = view.task(task).unwrap().unwrap();
    assert_eq!((row.state, row.attempts), (TaskState::Working, 2));
    assert_eq!(row.running, BTreeSet::from([2]));
}
