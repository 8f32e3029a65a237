//! What of a task's row is a column beside it, so that an index finds it: where the task stands,
//! its turn, what holds it up; and how many stand where. Apart from the rows themselves, which
//! are in `project`: from the columns no question is answered but "which" and "how many".

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension, Row, ToSql};
use serde_json::Value;
use tenfold_domain::{TaskId, TaskState};
use tenfold_schedule::{Expected, REACH, Turn};

use crate::StoreError;
use crate::error::Doing;
use crate::journal::{integer, number};
use crate::rows::TaskRow;

/// The columns that change with what happens to a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Columns {
    state: TaskState,
    /// As long as somebody may work on it next: its turn.
    turn_ms: Option<i64>,
    /// Whether its proposal is being written into the person's files, or that was cut short.
    writing: bool,
}

impl Columns {
    pub(crate) fn of(row: &TaskRow) -> Self {
        let may_be_next = matches!(row.state, TaskState::Queued | TaskState::Working);
        let expected = Expected { cost: row.budget.money, wall: row.budget.time };
        let turn = || Turn::of((row.id, row.asked_at), &row.standing, expected, REACH).at_ms;
        let writing = row.proposal().is_some_and(|row| row.state.is_under_way());
        Self { state: row.state, turn_ms: may_be_next.then(turn), writing }
    }
}

/// Keeps a row, with all that is found by it, which before stood as `before` says; `body` is the
/// row as text.
pub(crate) fn keep(
    connection: &Connection,
    before: Option<Columns>,
    row: &TaskRow,
    body: &str,
) -> Result<(), StoreError> {
    let (id, now) = (integer(row.id.number()), Columns::of(row));
    match before {
        Some(before) if before == now => {
            return run(connection, "UPDATE task_row SET body = ?2 WHERE id = ?1", (id, body));
        }
        Some(_) => run(
            connection,
            "UPDATE task_row SET state = ?2, turn_ms = ?3, writing = ?4, body = ?5 WHERE id = ?1",
            (id, word(now.state), now.turn_ms, now.writing, body),
        )?,
        None => insert(connection, row, now, body)?,
    }
    let state = before.map(|before| before.state);
    if state != Some(now.state) {
        for (state, more) in [(state, -1), (Some(now.state), 1)] {
            let Some(state) = state else { continue };
            count(connection, row.workspace.to_str().unwrap_or_default(), state, more)?;
            count(connection, "", state, more)?;
        }
    }
    let (was, is) = (state == Some(TaskState::Accepted), now.state == TaskState::Accepted);
    if was == is {
        return Ok(());
    }
    let sql = "UPDATE task_row SET held = held + ?2
               WHERE id IN (SELECT task FROM task_after WHERE before = ?1)";
    run(connection, sql, (id, if is { -1 } else { 1 }))
}

fn insert(
    connection: &Connection,
    row: &TaskRow,
    now: Columns,
    body: &str,
) -> Result<(), StoreError> {
    let id = integer(row.id.number());
    let held = held(connection, row)?;
    for before in &row.standing.after {
        let sql = "INSERT OR IGNORE INTO task_after (before, task) VALUES (?1, ?2)";
        run(connection, sql, (integer(before.number()), id))?;
    }
    let sql = "INSERT INTO task_row (id, state, account, workspace, turn_ms, held, writing, body)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    let (account, workspace) = (row.account.0, row.workspace.to_str());
    let state = word(now.state);
    run(connection, sql, (id, state, account, workspace, now.turn_ms, held, now.writing, body))
}

/// How many tasks that a task comes after are not accepted.
fn held(connection: &Connection, row: &TaskRow) -> Result<u32, StoreError> {
    let mut held = 0;
    for before in row.standing.after.iter().collect::<BTreeSet<_>>() {
        let state: Option<String> = connection
            .prepare_cached("SELECT state FROM task_row WHERE id = ?1")
            .and_then(|mut query| query.query_row([integer(before.number())], |row| row.get(0)))
            .optional()
            .doing(connection, "reading what a task comes after")?;
        held += u32::from(state != Some(word(TaskState::Accepted)));
    }
    Ok(held)
}

fn count(
    connection: &Connection,
    workspace: &str,
    state: TaskState,
    more: i32,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO task_count (workspace, state, tasks) VALUES (?1, ?2, ?3)
               ON CONFLICT DO UPDATE SET tasks = tasks + excluded.tasks";
    run(connection, sql, (workspace, word(state), more))
}

fn run(
    connection: &Connection,
    sql: &str,
    parameters: impl rusqlite::Params,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(sql)
        .and_then(|mut statement| statement.execute(parameters))
        .doing(connection, "keeping a task's row")
        .map(|_| ())
}

/// A state as it is written in a column.
pub(crate) fn word(state: TaskState) -> String {
    match serde_json::to_value(state) {
        Ok(Value::String(word)) => word,
        _ => String::new(),
    }
}

/// Which tasks may be worked on and are held up by none that they come after, by their turn,
/// beyond `?1` and `?2`.
pub(crate) const IN_TURN: &str = "SELECT turn_ms, id FROM task_row
     WHERE held = 0 AND turn_ms IS NOT NULL AND (turn_ms, id) > (?1, ?2)
     ORDER BY turn_ms, id LIMIT ?3";

/// As [`View::in_turn`](crate::View::in_turn).
pub(crate) fn in_turn(
    connection: &Connection,
    past: Option<Turn>,
    limit: u32,
) -> Result<Vec<Turn>, StoreError> {
    let (at_ms, task) = past.map_or((i64::MIN, 0), |past| (past.at_ms, past.task.number()));
    let read = |row: &Row<'_>| Ok((row.get(0)?, number(row, 1)?));
    let found = all(connection, IN_TURN, (at_ms, integer(task), limit), read)?;
    let turn = |(at_ms, task)| Some(Turn { at_ms, task: TaskId::new(task)? });
    Ok(found.into_iter().filter_map(turn).collect())
}

/// Which tasks come after `?1`, beyond `?2`.
pub(crate) const AFTER: &str =
    "SELECT task FROM task_after WHERE before = ?1 AND task > ?2 ORDER BY task LIMIT ?3";

/// As [`View::after`](crate::View::after).
pub(crate) fn after(
    connection: &Connection,
    before: TaskId,
    past: Option<TaskId>,
    limit: u32,
) -> Result<Vec<TaskId>, StoreError> {
    let past = integer(past.map_or(0, TaskId::number));
    let parameters = (integer(before.number()), past, limit);
    let found = all(connection, AFTER, parameters, |row| number(row, 0))?;
    Ok(found.into_iter().filter_map(TaskId::new).collect())
}

/// How many tasks of a workspace stand where.
pub(crate) const HOW_MANY: &str =
    "SELECT state, tasks FROM task_count WHERE workspace = ?1 AND tasks > 0";

/// As [`View::how_many`](crate::View::how_many).
pub(crate) fn how_many(
    connection: &Connection,
    workspace: Option<&Path>,
) -> Result<BTreeMap<TaskState, u64>, StoreError> {
    let Some(workspace) = workspace.map_or(Some(""), Path::to_str) else {
        return Ok(BTreeMap::new());
    };
    states(connection, HOW_MANY, &[&workspace])
}

/// What is selected so: states, each with how many tasks are in it.
pub(crate) fn states(
    connection: &Connection,
    sql: &str,
    parameters: &[&dyn ToSql],
) -> Result<BTreeMap<TaskState, u64>, StoreError> {
    let read = |row: &Row<'_>| Ok((row.get::<_, String>(0)?, number(row, 1)?));
    let found = all(connection, sql, parameters, read)?;
    let state = |(word, tasks)| Some((serde_json::from_value(Value::String(word)).ok()?, tasks));
    Ok(found.into_iter().filter_map(state).collect())
}

/// As [`View::workspaces`](crate::View::workspaces).
pub(crate) fn workspaces(connection: &Connection) -> Result<Vec<(PathBuf, u64)>, StoreError> {
    let sql = "SELECT workspace, sum(tasks) FROM (
                 SELECT workspace, tasks FROM task_count WHERE workspace <> ''
                 UNION ALL SELECT workspace, 0 FROM approval
               ) GROUP BY workspace ORDER BY workspace";
    let read = |row: &Row<'_>| Ok((PathBuf::from(row.get::<_, String>(0)?), number(row, 1)?));
    all(connection, sql, [], read)
}

/// As [`View::all_approved`](crate::View::all_approved).
pub(crate) fn all_approved(
    connection: &Connection,
    workspace: &Path,
) -> Result<Vec<(String, String)>, StoreError> {
    let Some(workspace) = workspace.to_str() else { return Ok(Vec::new()) };
    let sql = "SELECT file, hash FROM approval WHERE workspace = ?1 ORDER BY file";
    all(connection, sql, [workspace], |row| Ok((row.get(0)?, row.get(1)?)))
}

fn all<T>(
    connection: &Connection,
    sql: &str,
    parameters: impl rusqlite::Params,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>, StoreError> {
    connection
        .prepare_cached(sql)
        .and_then(|mut query| query.query_map(parameters, read)?.collect())
        .doing(connection, "reading the lists")
}

/// Whether a row's columns are what the row comes to.
pub(crate) fn are_right(connection: &Connection, row: &TaskRow) -> Result<bool, StoreError> {
    let id = integer(row.id.number());
    let sql =
        "SELECT state, account, workspace, turn_ms, held, writing FROM task_row WHERE id = ?1";
    let kept = all(connection, sql, [id], |row| {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?))
    })?;
    let Columns { state, turn_ms, writing } = Columns::of(row);
    let workspace = row.workspace.to_str().unwrap_or_default().to_owned();
    let right = (word(state), row.account.0, workspace, turn_ms, held(connection, row)?, writing);
    let mut after = true;
    for before in &row.standing.after {
        let past = TaskId::new(row.id.number() - 1);
        after &= self::after(connection, *before, past, 1)? == [row.id];
    }
    Ok(after && kept == [right])
}

/// What is counted otherwise than it is listed, in words; `None` if nothing is.
pub(crate) fn miscounted(connection: &Connection) -> Result<Option<String>, StoreError> {
    let sql = "SELECT workspace, state, sum(counted), sum(listed) FROM (
                 SELECT workspace, state, tasks AS counted, 0 AS listed FROM task_count
                 UNION ALL SELECT workspace, state, 0, count(*) FROM task_row GROUP BY 1, 2
                 UNION ALL SELECT '', state, 0, count(*) FROM task_row GROUP BY 2
               ) GROUP BY 1, 2 HAVING sum(counted) <> sum(listed)";
    let found = all(connection, sql, [], |row| {
        let (workspace, state): (String, String) = (row.get(0)?, row.get(1)?);
        let (counted, listed): (i64, i64) = (row.get(2)?, row.get(3)?);
        Ok(format!("{listed} tasks of '{workspace}' are {state}, and {counted} are counted"))
    })?;
    Ok(found.into_iter().next())
}
