//! Where the rows that people list are kept, and how they are found. What an event does to a
//! row is in `fold`; here a row is loaded, handed over, and put back.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension, ToSql, TransactionBehavior};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tenfold_domain::{AttemptId, Fact, RepositoryEvent, Seq, TaskId};

use crate::columns::{self, Columns};
use crate::error::Doing;
use crate::fold::TaskFold;
use crate::journal::{self, About, EventQuery, integer, number};
use crate::rows::{AttemptRow, TaskRow};
use crate::{StoreError, balances};

/// The form of the rows: to be raised whenever a row, a fold or a table changes. A file with
/// rows of another form has them built anew.
const FORM: u32 = 19;

/// Builds the rows anew if those in the file are of another form; `told` how far that is, in percent.
pub(crate) fn bring_up_to_date(
    connection: &mut Connection,
    told: &mut dyn FnMut(u8),
) -> Result<(), StoreError> {
    if form(connection)? == FORM {
        return Ok(());
    }
    let path = Path::new(connection.path().unwrap_or_default()).to_owned();
    let failed = |error| StoreError::sql("building the lists anew", &path, error);
    let transaction =
        connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    rebuild(&transaction, told)?;
    transaction.commit().map_err(failed)?;
    told(100);
    Ok(())
}

/// Refuses to read rows that are of another form.
pub(crate) fn expect_current(connection: &Connection) -> Result<(), StoreError> {
    let path = Path::new(connection.path().unwrap_or_default()).to_owned();
    match form(connection)? {
        FORM => Ok(()),
        found if found < FORM => Err(StoreError::Older { path, found, known: FORM }),
        found => Err(StoreError::Newer { path, found, known: FORM }),
    }
}

/// The form of the rows in the file; zero if there are none yet.
fn form(connection: &Connection) -> Result<u32, StoreError> {
    connection
        .prepare_cached("SELECT coalesce(max(form), 0) FROM projection")
        .and_then(|mut query| query.query_row([], |row| row.get(0)))
        .doing(connection, "reading the form of the lists")
}

/// Throws all rows away and builds them anew from the journal; `told` how far that is, up to 99
/// percent. Holds one task at a time.
pub(crate) fn rebuild(connection: &Connection, told: &mut dyn FnMut(u8)) -> Result<(), StoreError> {
    let doing = "building the lists anew";
    connection.execute_batch(include_str!("sql/projections.sql")).doing(connection, doing)?;
    let mut fold = TaskFold::default();
    let all = journal::count_by_task(connection)?.max(1);
    let (mut done, mut percent) = (0_u64, 0);
    journal::each_by_task(connection, |event| {
        done += 1;
        let now = u8::try_from(done.saturating_mul(100) / all).unwrap_or(99).min(99);
        if now > percent {
            percent = now;
            told(percent);
        }
        let before = fold.task.as_ref().map(|row| row.id);
        if before.is_some() && before != event.fact.task() {
            save(connection, &std::mem::take(&mut fold), &TaskFold::default())?;
        }
        fold.evolve(&event);
        Ok(())
    })?;
    save(connection, &fold, &TaskFold::default())?;
    rebuild_approvals(connection)?;
    balances::rebuild(connection)?;
    connection
        .execute("DELETE FROM projection", [])
        .and_then(|_| connection.execute("INSERT INTO projection (form) VALUES (?1)", [FORM]))
        .doing(connection, doing)
        .map(|_| ())
}

fn rebuild_approvals(connection: &Connection) -> Result<(), StoreError> {
    let mut after = Seq(0);
    loop {
        let query = EventQuery { after, ..About::Repositories.into() };
        let page = journal::page(connection, &query)?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.seq;
        for event in &page {
            if let Fact::Repository { workspace, event } = &event.fact {
                approve(connection, workspace, event)?;
            }
        }
    }
}

/// Keeps what a person approved of a workspace.
pub(crate) fn approve(
    connection: &Connection,
    workspace: &Path,
    event: &RepositoryEvent,
) -> Result<(), StoreError> {
    let (file, hash) = event.approved();
    // A fact with a path that is not UTF-8 is not recorded, so there is none here.
    let Some(workspace) = workspace.to_str() else { return Ok(()) };
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO approval (workspace, file, hash) VALUES (?1, ?2, ?3)",
        )
        .and_then(|mut insert| insert.execute([workspace, file, hash]))
        .doing(connection, "recording an approval")
        .map(|_| ())
}

/// The hash of a workspace's file that was approved last.
pub(crate) fn approved(
    connection: &Connection,
    workspace: &Path,
    file: &str,
) -> Result<Option<String>, StoreError> {
    let Some(workspace) = workspace.to_str() else { return Ok(None) };
    connection
        .prepare_cached("SELECT hash FROM approval WHERE workspace = ?1 AND file = ?2")
        .and_then(|mut query| query.query_row([workspace, file], |row| row.get(0)))
        .optional()
        .doing(connection, "reading an approval")
}

/// Puts a task's rows into the file, which has `filed` of them.
pub(crate) fn save(
    connection: &Connection,
    fold: &TaskFold,
    filed: &TaskFold,
) -> Result<(), StoreError> {
    let Some(task) = &fold.task else { return Ok(()) };
    if filed.task.as_ref() != Some(task) {
        columns::keep(connection, filed.task.as_ref().map(Columns::of), task, &text(task))?;
    }
    let changed =
        fold.attempts.iter().filter(|(number, row)| filed.attempts.get(number) != Some(row));
    for (number, row) in changed {
        connection
            .prepare_cached(
                "INSERT OR REPLACE INTO attempt_row (task, number, body) VALUES (?1, ?2, ?3)",
            )
            .and_then(|mut insert| insert.execute((integer(task.id.number()), number, text(row))))
            .doing(connection, "keeping an attempt's row")?;
    }
    Ok(())
}

/// A row as JSON. It holds nothing that JSON has no form for: its one path has passed
/// through the journal already.
fn text(row: &impl Serialize) -> String {
    serde_json::to_string(row).expect("a row has a form in JSON")
}

/// How many tasks and attempts are listed.
pub(crate) fn count(connection: &Connection) -> Result<(u64, u64), StoreError> {
    let sql = "SELECT (SELECT count(*) FROM task_row), (SELECT count(*) FROM attempt_row)";
    connection
        .prepare_cached(sql)
        .and_then(|mut query| query.query_row([], |row| Ok((number(row, 0)?, number(row, 1)?))))
        .doing(connection, "counting what is listed")
}

/// The newest task's number; zero if there is none.
pub(crate) fn newest_task(connection: &Connection) -> Result<u64, StoreError> {
    connection
        .prepare_cached("SELECT coalesce(max(id), 0) FROM task_row")
        .and_then(|mut query| query.query_row([], |row| number(row, 0)))
        .doing(connection, "reading the newest task")
}

/// The number of a task's newest attempt; zero if there is none yet.
pub(crate) fn newest_attempt(connection: &Connection, id: TaskId) -> Result<u32, StoreError> {
    if task(connection, id)?.is_none() {
        return Err(StoreError::NoTask(id));
    }
    connection
        .prepare_cached("SELECT coalesce(max(number), 0) FROM attempt_row WHERE task = ?1")
        .and_then(|mut query| query.query_row([integer(id.number())], |row| row.get(0)))
        .doing(connection, "reading the newest attempt")
}

/// One task's row.
pub(crate) fn task(connection: &Connection, id: TaskId) -> Result<Option<TaskRow>, StoreError> {
    let sql = "SELECT body FROM task_row WHERE id = ?1";
    Ok(rows(connection, sql, &[&integer(id.number())])?.pop())
}

/// One attempt's row.
pub(crate) fn attempt(
    connection: &Connection,
    id: AttemptId,
) -> Result<Option<AttemptRow>, StoreError> {
    let sql = "SELECT body FROM attempt_row WHERE task = ?1 AND number = ?2";
    Ok(rows(connection, sql, &[&integer(id.task.number()), &id.number])?.pop())
}

/// All attempts of a task, in their order.
pub(crate) fn attempts(
    connection: &Connection,
    task: TaskId,
) -> Result<Vec<AttemptRow>, StoreError> {
    let sql = "SELECT body FROM attempt_row WHERE task = ?1 ORDER BY number";
    rows(connection, sql, &[&integer(task.number())])
}

const NEWEST_ATTEMPTS: &str = "SELECT task_row.body, attempt_row.body FROM attempt_row
     CROSS JOIN task_row ON task_row.id = attempt_row.task
     ORDER BY attempt_row.task DESC, attempt_row.number DESC LIMIT ?1";

/// As [`View::newest_attempts`](crate::View::newest_attempts). Holds one task at a time.
pub(crate) fn newest_attempts(
    connection: &Connection,
    most: u32,
    mut take: impl FnMut(&TaskRow, &[AttemptRow]),
) -> Result<(), StoreError> {
    let doing = "reading all attempts";
    let mut query = connection.prepare_cached(NEWEST_ATTEMPTS).doing(connection, doing)?;
    let mut rows = query.query([most]).doing(connection, doing)?;
    let mut held: Option<(String, TaskRow, Vec<AttemptRow>)> = None;
    let mut hand_over = |held: Option<(String, TaskRow, Vec<AttemptRow>)>| {
        if let Some((_, task, mut attempts)) = held {
            attempts.reverse();
            take(&task, &attempts);
        }
    };
    while let Some(row) = rows.next().doing(connection, doing)? {
        let of = row.get_ref(0).and_then(|body| Ok(body.as_str()?)).doing(connection, doing)?;
        let attempt =
            row.get_ref(1).and_then(|body| Ok(body.as_str()?)).doing(connection, doing)?;
        if held.as_ref().is_none_or(|(body, ..)| body != of) {
            hand_over(held.take());
            held = Some((of.to_owned(), parsed(connection, of)?, Vec::new()));
        }
        if let Some((_, _, attempts)) = &mut held {
            attempts.push(parsed(connection, attempt)?);
        }
    }
    hand_over(held);
    Ok(())
}

/// The tasks whose proposal is being written, or that was cut short.
pub(crate) const WRITING: &str = "SELECT body FROM task_row WHERE writing = 1 ORDER BY id";

/// As [`View::writing`](crate::View::writing).
pub(crate) fn writing(connection: &Connection) -> Result<Vec<TaskRow>, StoreError> {
    rows(connection, WRITING, &[])
}

/// The rows that this selects, by their text.
pub(crate) fn rows<T: DeserializeOwned>(
    connection: &Connection,
    sql: &str,
    parameters: &[&dyn ToSql],
) -> Result<Vec<T>, StoreError> {
    let doing = "reading the lists";
    let mut query = connection.prepare_cached(sql).doing(connection, doing)?;
    let mut rows = query.query(parameters).doing(connection, doing)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next().doing(connection, doing)? {
        let body = row.get_ref(0).and_then(|body| Ok(body.as_str()?)).doing(connection, doing)?;
        found.push(parsed(connection, body)?);
    }
    Ok(found)
}

fn parsed<T: DeserializeOwned>(connection: &Connection, body: &str) -> Result<T, StoreError> {
    serde_json::from_str(body).map_err(|error| StoreError::Corrupt {
        path: Path::new(connection.path().unwrap_or_default()).to_owned(),
        detail: format!("a row of the lists does not read: {error}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{MIGRATIONS, migrate};

    /// What SQLite would do for a query.
    fn plan(connection: &Connection, sql: &str) -> String {
        let mut query = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let blanks = vec![rusqlite::types::Null; query.parameter_count()];
        let steps = query
            .query_map(rusqlite::params_from_iter(blanks), |row| row.get::<_, String>("detail"))
            .unwrap();
        steps.map(Result::unwrap).collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn no_question_reads_a_whole_table_or_sorts() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, MIGRATIONS).unwrap();
        rebuild(&connection, &mut |_| ()).unwrap();
        let attempt: AttemptId = "1.1".parse().unwrap();
        let mut questions = vec![
            (journal::sql(About::Everything), "PRIMARY KEY"),
            (journal::sql(About::Task(attempt.task)), "event_by_task"),
            (journal::sql(About::Attempt(attempt)), "event_by_attempt"),
            (journal::sql(About::Ledger), "event_of_no_task"),
            (journal::sql(About::Journal), "event_of_no_task"),
            (journal::sql(About::Repositories), "event_of_no_task"),
            (journal::sql(About::People), "event_of_no_task"),
            (journal::sql(About::Deeds), "event_of_no_task"),
            (journal::deeds_before_sql(), "event_of_no_task"),
            (journal::CHANGED.to_owned(), "PRIMARY KEY"),
            (columns::IN_TURN.to_owned(), "task_by_turn"),
            (columns::AFTER.to_owned(), "PRIMARY KEY"),
            (columns::HOW_MANY.to_owned(), "PRIMARY KEY"),
        ];
        questions.extend(crate::query::tests::pages());
        for (sql, index) in questions {
            let plan = plan(&connection, &sql);
            assert!(plan.contains("SEARCH") && plan.contains(index), "{sql}: {plan}");
            assert!(!plan.contains("SCAN") && !plan.contains("TEMP B-TREE"), "{sql}: {plan}");
        }
        // All that is in this index is asked for.
        let writing = plan(&connection, WRITING);
        assert!(writing.contains("task_writing"), "{writing}");
    }
}
