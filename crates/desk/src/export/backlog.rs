//! The tasks of the backlog, as `tenfold import` reads them: an object a line, in the words that
//! an item of a backlog has. What an import can't say of a task is left to whoever imports it.

use std::collections::BTreeSet;

use serde::Serialize;
use tenfold_domain::{Millis, NanoUsd, Priority, TaskId, TaskSpec, TaskState};
use tenfold_store::{TaskQuery, TaskRow, View};

use super::{Export, leaving, spec};
use crate::{DeskError, Sight};

/// How many tasks are read at a time.
const PAGE: u32 = 500;
/// What a task without a text asks for: every task of a backlog has one.
const NO_TEXT: &str = "make the check pass";

/// A task, in the words of [`Item::set`](crate::import::Item::set).
#[derive(Debug, Serialize)]
struct Line<'s> {
    id: String,
    text: &'s str,
    repo: String,
    check: Option<&'s str>,
    #[serde(skip_serializing_if = "is_usual")]
    priority: Priority,
    #[serde(skip_serializing_if = "Option::is_none")]
    deadline: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    minutes: Option<u32>,
    budget: String,
    #[serde(rename = "time-limit")]
    time_limit: String,
    attempts: String,
    model: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'s str>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    labels: &'s [String],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    after: Vec<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands it over so")]
fn is_usual(priority: &Priority) -> bool {
    *priority == Priority::default()
}

/// Tells these tasks, line by line; if none is named, all that are queued and in sight.
pub(super) fn lines<E: From<DeskError>>(
    Export { view, note, .. }: &mut Export<'_>,
    named: &BTreeSet<TaskId>,
    sight: &Sight,
    mut put: impl FnMut(String) -> Result<(), E>,
) -> Result<(), E> {
    let rows = match named.is_empty() {
        true => queued(view, sight)?,
        false => named.iter().map(|id| task(view, *id)).collect::<Result<_, _>>()?,
    };
    let here: BTreeSet<TaskId> = rows.iter().map(|row| row.id).collect();
    for row in &rows {
        for task in row.standing.after.iter().filter(|task| !here.contains(task)) {
            let before = view.task(*task).map_err(DeskError::from)?;
            if before.is_none_or(|row| row.state != TaskState::Accepted) {
                let id = row.id;
                note(&format!(
                    "task {id} comes after task {task}, which is not among these: left out"
                ));
            }
        }
        put(line(row.id, &spec(view, row)?, &here)?)?;
    }
    Ok(())
}

fn task(view: &View, id: TaskId) -> Result<TaskRow, DeskError> {
    view.task(id)?.ok_or_else(|| DeskError::no_task(id))
}

/// All tasks that are queued and in sight, the oldest first.
fn queued(view: &View, sight: &Sight) -> Result<Vec<TaskRow>, DeskError> {
    let states = vec![TaskState::Queued];
    let accounts = sight.accounts();
    let mut query =
        TaskQuery { states, accounts, newest_first: false, limit: PAGE, ..TaskQuery::default() };
    let mut rows = Vec::new();
    loop {
        let page = view.tasks(&query)?;
        let is_last = page.len() < PAGE as usize;
        query.past = page.last().map(|row| row.id);
        rows.extend(page);
        if is_last {
            return Ok(rows);
        }
    }
}

/// A task as a line; of what it comes after, only those that are `here`.
fn line(id: TaskId, spec: &TaskSpec, here: &BTreeSet<TaskId>) -> Result<String, DeskError> {
    let standing = &spec.standing;
    let after = standing.after.iter().filter(|task| here.contains(task));
    leaving::line(&Line {
        id: id.to_string(),
        text: if spec.text.is_empty() { NO_TEXT } else { &spec.text },
        repo: spec.workspace.to_string_lossy().into_owned(),
        check: spec.check.as_deref(),
        priority: standing.priority,
        deadline: standing.deadline.map(leaving::moment),
        value: standing.value.map(dollars),
        minutes: standing.minutes,
        budget: dollars(spec.budget.money),
        time_limit: milliseconds(spec.budget.time),
        attempts: match spec.cascade {
            Some(_) => "auto".to_owned(),
            None => spec.budget.attempts.to_string(),
        },
        model: match &spec.cascade {
            Some(cascade) => cascade.models.join(","),
            None => spec.model.clone(),
        },
        role: spec.role.as_ref().map(|role| role.name.as_str()),
        labels: &standing.labels,
        after: after.map(ToString::to_string).collect(),
    })
}

fn dollars(money: NanoUsd) -> String {
    money.to_string().trim_start_matches('$').to_owned()
}

fn milliseconds(time: Millis) -> String {
    format!("{}ms", time.0)
}

#[cfg(test)]
mod tests {
    use crate::import::{Form, Item};
    use proptest::prelude::*;
    use tenfold_domain::{Budget, Standing, Timestamp};

    use super::*;

    fn id(number: u64) -> TaskId {
        TaskId::new(number).unwrap()
    }

    fn blank() -> TaskSpec {
        TaskSpec::new("", "/r", "m", Budget { money: NanoUsd(1), time: Millis(1), attempts: 1 })
    }

    /// A text as a person's are: with a letter, and nothing empty around it.
    fn words() -> impl Strategy<Value = String> {
        "[a-z][a-z ,:\"'#\\\\\n\t日ö{\\[]{0,20}[a-z.]"
    }

    fn spec() -> impl Strategy<Value = TaskSpec> {
        let standing = (
            proptest::sample::select(Priority::ALL.to_vec()),
            proptest::option::of(0..253_402_207_200_000u64),
            proptest::option::of(any::<u64>()),
            proptest::option::of(1..=1_000_000u32),
            proptest::collection::vec(words(), 0..3),
            proptest::collection::vec(1..3u64, 0..3),
        );
        let budget = (any::<u64>(), 1..10_000_000_000u64, 1..=1_000u32);
        (words(), proptest::option::of(words()), standing, budget, "[a-z0-9.-]{1,9}").prop_map(
            |(text, check, standing, budget, model)| {
                let (priority, deadline, value, minutes, labels, after) = standing;
                let (money, time, attempts) = budget;
                TaskSpec {
                    text,
                    check,
                    budget: Budget { money: NanoUsd(money), time: Millis(time), attempts },
                    model,
                    standing: Standing {
                        priority,
                        deadline: deadline.map(Timestamp),
                        value: value.map(NanoUsd),
                        minutes,
                        labels,
                        after: after.into_iter().map(id).collect(),
                    },
                    ..blank()
                }
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_is_written_is_read_back_as_the_same_tasks(spec in spec()) {
            let here = BTreeSet::from([id(1), id(2), id(3)]);
            let earlier = [1, 2].map(|number| line(id(number), &TaskSpec { text: "a".into(), ..blank() }, &here).unwrap());
            let text = format!("{}\n{}\n{}\n", earlier[0], earlier[1], line(id(3), &spec, &here).unwrap());
            let items: Vec<Item> = Form::Jsonl.read(&text).map_err(|why| TestCaseError::fail(why.join("; ")))?;
            let item = &items[2];
            let mut read = TaskSpec { model: item.model.clone().unwrap(), ..blank() };
            item.fill(&mut read);
            read.workspace = item.repo.clone().unwrap();
            read.standing.after = item.after.iter().map(|id| id.parse().unwrap()).collect();
            prop_assert_eq!(read, spec);
        }
    }

    #[test]
    fn what_is_not_exported_is_not_waited_for_and_no_text_is_said_in_words() {
        let mut spec = blank();
        spec.standing.after = vec![id(1), id(2)];
        let line = line(id(3), &spec, &BTreeSet::from([id(2), id(3)])).unwrap();
        let line: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!((&line["after"], &line["text"]), (&serde_json::json!(["2"]), &NO_TEXT.into()));
    }
}
