//! What is in the file: how it is recognised, and the steps that bring a file of an earlier
//! release to this one's format. It does not know what the tables are used for.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, TransactionBehavior};

use crate::error::Doing;
use crate::{StoreError, journal};

/// "Tenf", in the place where SQLite keeps whose file it is.
const APPLICATION_ID: i32 = i32::from_be_bytes(*b"Tenf");

/// A step from one format to the next: what SQL can say, and what it can't.
#[derive(Clone, Copy)]
pub(crate) struct Step {
    sql: &'static str,
    then: fn(&Connection) -> Result<(), StoreError>,
}

/// Step `n` takes a file from format `n` to format `n + 1`; each is one transaction, and
/// none is ever changed once it was released.
pub(crate) const MIGRATIONS: &[Step] = &[
    Step { sql: include_str!("sql/1.sql"), then: |_| Ok(()) },
    Step { sql: include_str!("sql/2.sql"), then: journal::chain_all },
    Step { sql: include_str!("sql/3.sql"), then: |_| Ok(()) },
];

/// Brings the file to the format that these steps lead to.
pub(crate) fn migrate(connection: &mut Connection, migrations: &[Step]) -> Result<(), StoreError> {
    let doing = "upgrading the store's format";
    loop {
        let path = path(connection);
        // Two processes may open an old file at once: the version is looked at again under
        // the lock, before each step.
        let step = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(|error| StoreError::sql(doing, &path, error))?;
        let found = version(&step, migrations.len())?;
        let Some(next) = migrations.get(found as usize) else { return Ok(()) };
        step.execute_batch(next.sql).doing(&step, doing)?;
        (next.then)(&step)?;
        step.pragma_update(None, "user_version", found + 1).doing(&step, doing)?;
        step.pragma_update(None, "application_id", APPLICATION_ID).doing(&step, doing)?;
        step.commit().map_err(|error| StoreError::sql(doing, &path, error))?;
    }
}

/// Refuses a file that is not in this release's format.
pub(crate) fn expect_current(connection: &Connection) -> Result<(), StoreError> {
    let known = MIGRATIONS.len();
    let found = version(connection, known)?;
    match found {
        // A first process has made the file and not yet filled it.
        0 => Err(StoreError::Missing { path: path(connection) }),
        found if found as usize == known => Ok(()),
        found => Err(StoreError::Older { path: path(connection), found, known: known as u32 }),
    }
}

/// The format of the file, zero if it is empty; refuses what is not a store, and formats
/// beyond `known`.
fn version(connection: &Connection, known: usize) -> Result<u32, StoreError> {
    let doing = "reading the store's format";
    let found: u32 = connection
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .doing(connection, doing)?;
    let application: i32 = connection
        .pragma_query_value(None, "application_id", |row| row.get(0))
        .doing(connection, doing)?;
    let tables: i64 = connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .doing(connection, doing)?;
    let empty = application == 0 && found == 0 && tables == 0;
    if application != APPLICATION_ID && !empty {
        return Err(StoreError::NotAStore { path: path(connection) });
    }
    if found as usize > known {
        return Err(StoreError::Newer { path: path(connection), found, known: known as u32 });
    }
    Ok(found)
}

fn path(connection: &Connection) -> PathBuf {
    Path::new(connection.path().unwrap_or_default()).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sql(sql: &'static str) -> Step {
        Step { sql, then: |_| Ok(()) }
    }

    fn scratch() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        (folder, path)
    }

    #[test]
    fn a_file_is_taken_step_by_step_and_each_step_once() {
        let (_folder, path) = scratch();
        let steps =
            ["CREATE TABLE a (x)", "INSERT INTO a VALUES (1)", "INSERT INTO a VALUES (2)"].map(sql);
        for known in [1, 2, 2, 3, 3] {
            let mut connection = Connection::open(&path).unwrap();
            migrate(&mut connection, &steps[..known]).unwrap();
            let rows: u32 =
                connection.query_row("SELECT count(*) FROM a", [], |row| row.get(0)).unwrap();
            assert_eq!(rows as usize, known - 1);
        }
    }

    #[test]
    fn a_newer_file_is_refused_and_left_alone() {
        let (_folder, path) = scratch();
        migrate(&mut Connection::open(&path).unwrap(), &["CREATE TABLE a (x)", ""].map(sql))
            .unwrap();
        let before = std::fs::read(&path).unwrap();
        let newer =
            migrate(&mut Connection::open(&path).unwrap(), &["CREATE TABLE a (x)"].map(sql));
        assert!(matches!(newer, Err(StoreError::Newer { found: 2, known: 1, .. })), "{newer:?}");
        assert_eq!(std::fs::read(&path).unwrap(), before);
    }

    #[test]
    fn a_step_that_fails_leaves_the_format_before_it() {
        let (_folder, path) = scratch();
        let mut connection = Connection::open(&path).unwrap();
        let fails = ["CREATE TABLE a (x)", "CREATE TABLE b (x); oops"].map(sql);
        let failed = migrate(&mut connection, &fails);
        assert!(matches!(failed, Err(StoreError::Sql { .. })), "{failed:?}");
        let steps = ["CREATE TABLE a (x)", "CREATE TABLE b (x)"].map(sql);
        migrate(&mut connection, &steps).unwrap();
    }

    #[test]
    fn someone_elses_database_is_not_a_store() {
        let (_folder, path) = scratch();
        let mut connection = Connection::open(&path).unwrap();
        connection.execute_batch("CREATE TABLE cookies (x)").unwrap();
        let refused = migrate(&mut connection, MIGRATIONS);
        assert!(matches!(refused, Err(StoreError::NotAStore { .. })), "{refused:?}");
    }
}
