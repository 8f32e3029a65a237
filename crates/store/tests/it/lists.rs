//! The lists are what the journal says, however they came about.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use proptest::prelude::*;
use rusqlite::Connection;
use tenfold_domain::{
    AccountId, AttemptOutcome, Fact, Priority, ProposalEvent, Role, Seq, Standing, TaskId,
    TaskState,
};
use tenfold_schedule::Turn;
use tenfold_store::{AttemptRow, Store, StoreError, TaskQuery, TaskRow};

use crate::facts::*;

/// Everything that is listed.
#[derive(Debug, PartialEq)]
struct Lists {
    tasks: Vec<TaskRow>,
    attempts: Vec<AttemptRow>,
    in_turn: Vec<Turn>,
    how_many: [BTreeMap<TaskState, u64>; 2],
    approved: Vec<Option<String>>,
}

fn lists(store: &Store) -> Lists {
    let view = store.view().unwrap();
    let tasks = view.tasks(&TaskQuery::default()).unwrap();
    let attempts = (1..=3).flat_map(|n| view.attempts(TaskId::new(n).unwrap()).unwrap()).collect();
    let approved =
        ["/w", "/v"].map(|path| view.approved(Path::new(path), "tenfold.toml").unwrap()).into();
    let how_many = [None, Some(Path::new("/w"))].map(|of| view.how_many(of).unwrap());
    Lists { tasks, attempts, in_turn: view.in_turn(None, 9).unwrap(), how_many, approved }
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
        store.view().unwrap().check().unwrap();
        tamper(&path, "DELETE FROM attempt_row; UPDATE task_row SET state = 'lost', held = 7;
                       DELETE FROM task_count; DELETE FROM task_after");
        store.rebuild().unwrap();
        prop_assert_eq!(&lists(&store), &kept);
        store.view().unwrap().check().unwrap();
        for row in &kept.attempts {
            let found = store.view().unwrap().attempt(row.id).unwrap();
            prop_assert_eq!(found.as_ref(), Some(row));
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
fn how_far_an_older_store_is_brought_up_to_date_is_told() {
    let (_folder, path) = place();
    let store = open(&path);
    for n in 0..250 {
        store.new_task(spec(&format!("task {n}"))).unwrap();
    }
    let kept = lists(&store);
    drop(store);
    tamper(&path, "UPDATE projection SET form = 0; DELETE FROM task_row");
    let mut told = Vec::new();
    Store::bring_up_to_date(&path, |percent| told.push(percent)).unwrap();
    assert!(told.len() > 50 && told.is_sorted_by(|a, b| a < b), "{told:?}");
    assert_eq!(told.last(), Some(&100));
    assert!(Store::read_only(&path).is_ok());
    Store::bring_up_to_date(&path, |percent| panic!("{percent} of what is done")).unwrap();
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
fn tasks_are_found_and_counted_by_who_pays_by_role_label_and_words() {
    let (_folder, path) = place();
    let store = open(&path);
    for n in 1..=6u32 {
        let mut asked =
            spec(if n == 5 { "100 % of \u{201e}it\u{201c}" } else { "Median IS wrong" });
        asked.account = AccountId(n % 3 + 1);
        asked.standing.labels = vec![format!("l{}", n % 2)];
        asked.role = (n > 4).then(|| Role {
            name: "tester".into(),
            instructions: String::new(),
            tools: Vec::new(),
        });
        store.new_task(asked).unwrap();
    }
    let view = store.view().unwrap();
    let all = TaskQuery::default();
    let found = |query: &TaskQuery| -> Vec<u64> {
        let count: u64 = view.count(query).unwrap().values().sum();
        let found: Vec<u64> =
            view.tasks(query).unwrap().iter().map(|row| row.id.number()).collect();
        assert_eq!(found.len() as u64, count);
        found
    };
    let accounts = |ids: &[u32]| Some(ids.iter().copied().map(AccountId).collect());
    assert_eq!(found(&TaskQuery { accounts: accounts(&[1, 3]), ..all.clone() }), [6, 5, 3, 2]);
    assert_eq!(found(&TaskQuery { accounts: accounts(&[]), ..all.clone() }), [0; 0]);
    assert_eq!(found(&TaskQuery { role: Some("tester".into()), ..all.clone() }), [6, 5]);
    let odd = TaskQuery { label: Some("l1".into()), ..all.clone() };
    assert_eq!(found(&odd), [5, 3, 1]);
    assert_eq!(found(&TaskQuery { accounts: accounts(&[1]), ..odd.clone() }), [3]);
    let says = |text: &str| TaskQuery { text: Some(text.to_owned()), ..all.clone() };
    assert_eq!(found(&says("median is")), [6, 4, 3, 2, 1]);
    assert_eq!(found(&says("100 % of \u{201e}")), [5]);
    assert_eq!(found(&says("100%")), [0; 0]);
    let working = TaskQuery { states: vec![TaskState::Working], ..odd };
    assert_eq!(found(&working), [0; 0]);
}

#[test]
fn what_has_changed_since_is_told_by_its_heads() {
    let (_folder, path) = place();
    let store = open(&path);
    let first = store.new_task(spec("one")).unwrap();
    let seen = store.view().unwrap().newest().unwrap();
    let mut newest = store.newest();
    let second = store.new_task(spec("two")).unwrap();
    let attempt = store.new_attempt(second, start()).unwrap();
    store.append(vec![Fact::Ledger { event: opened(AccountId(1), None) }]).unwrap();
    let view = store.view().unwrap();
    let changed = view.changed(seen, 100).unwrap();
    assert_eq!(changed.tasks, [second].into());
    assert!(changed.ledger && !changed.people);
    assert_eq!((changed.turned, changed.stepped), ([attempt].into(), [].into()));
    assert_eq!(changed.newest, view.newest().unwrap());
    assert_eq!(*newest.borrow_and_update(), changed.newest, "who waits is told");
    let page = view.changed(Seq(0), 1).unwrap();
    assert_eq!((page.tasks, page.newest, page.events), ([first].into(), Seq(1), 1));
    assert_eq!(view.changed(changed.newest, 9).unwrap().events, 0);
    store.append(vec![advanced(attempt, serde_json::Value::Null)]).unwrap();
    let steps = store.view().unwrap().changed(changed.newest, 9).unwrap();
    assert_eq!((steps.turned, steps.stepped), ([].into(), [attempt].into()));
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
    let row = view.task(task).unwrap().unwrap();
    assert_eq!((row.state, row.attempts), (TaskState::Working, 2));
    assert_eq!(row.running, BTreeSet::from([second.number]));
}

/// A task with a proposal that was accepted.
fn accepted(store: &Store, task: TaskId) {
    let attempt = store.new_attempt(task, start()).unwrap();
    let made = ProposalEvent::Made { commit: commit("c"), evidence: None };
    let taken = ProposalEvent::AcceptedAsBranch { branch: "b".into(), commit: "c".into() };
    let [made, taken] = [made, taken].map(|event| Fact::Proposal { attempt, event });
    store.append(vec![made, ended(attempt, AttemptOutcome::Finished), taken]).unwrap();
}

#[test]
fn who_may_be_next_is_found_in_turn_and_not_before_what_it_comes_after_was_accepted() {
    let (_folder, path) = place();
    let store = open(&path);
    let ask = |priority, after: &[u64]| {
        let after = after.iter().copied().filter_map(TaskId::new).collect();
        let standing = Standing { priority, after, ..Standing::default() };
        store.new_task(tenfold_domain::TaskSpec { standing, ..spec("t") }).unwrap()
    };
    let in_turn =
        |past, limit| -> Vec<Turn> { store.view().unwrap().in_turn(past, limit).unwrap() };
    let numbers = || -> Vec<u64> { in_turn(None, 9).iter().map(|t| t.task.number()).collect() };
    let first = ask(Priority::Normal, &[]);
    ask(Priority::Low, &[]);
    ask(Priority::Highest, &[1, 2, 2]);
    ask(Priority::High, &[5]);
    ask(Priority::High, &[]);
    assert_eq!(numbers(), [5, 1, 2]);
    let page = in_turn(None, 2);
    assert_eq!(in_turn(Some(page[1]), 2)[0].task.number(), 2);
    let comes_after = |task| store.view().unwrap().after(task, None, 9).unwrap();
    assert_eq!(comes_after(first), [TaskId::new(3).unwrap()]);

    let interrupted = store.new_attempt(TaskId::new(2).unwrap(), start()).unwrap();
    assert_eq!(numbers(), [5, 1, 2], "what was interrupted is gone on with");
    store.append(vec![ended(interrupted, AttemptOutcome::GaveUp)]).unwrap();
    assert_eq!(numbers(), [5, 1]);
    accepted(&store, first);
    assert_eq!(numbers(), [5]);
    accepted(&store, TaskId::new(2).unwrap());
    assert_eq!(numbers(), [3, 5]);
    assert_eq!(
        store.view().unwrap().how_many(None).unwrap(),
        BTreeMap::from([(TaskState::Queued, 3), (TaskState::Accepted, 2)])
    );
    let attempt = "1.1".parse().unwrap();
    let back = Fact::Proposal { attempt, event: ProposalEvent::Undone };
    store.append(vec![back]).unwrap();
    assert_eq!(numbers(), [5], "what was taken back is not there any more");
    store.view().unwrap().check().unwrap();
    store.rebuild().unwrap();
    assert_eq!(numbers(), [5]);
    store.view().unwrap().check().unwrap();
}

#[test]
fn the_newest_attempts_come_with_their_tasks_and_in_order() {
    let (_folder, path) = place();
    let store = open(&path);
    for _ in 0..2 {
        let task = store.new_task(spec("t")).unwrap();
        for _ in 0..2 {
            store.new_attempt(task, start()).unwrap();
        }
    }
    let newest = |most: u32| {
        let mut found = Vec::new();
        let take = |task: &TaskRow, attempts: &[AttemptRow]| {
            let numbers: Vec<u32> = attempts.iter().map(|attempt| attempt.id.number).collect();
            found.push((task.id.number(), numbers));
        };
        store.view().unwrap().newest_attempts(most, take).unwrap();
        found
    };
    assert_eq!(newest(9), [(2, vec![1, 2]), (1, vec![1, 2])]);
    assert_eq!(newest(3), [(2, vec![1, 2]), (1, vec![2])], "no more than were asked for");
}
