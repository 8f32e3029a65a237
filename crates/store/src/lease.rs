//! Who may write. Whoever opens the store for writing raises its epoch, and a writer whose epoch
//! is not the store's any more is refused: an engine that was asleep while another took its place
//! (its lock was lost with a network's file system, or its file was removed) records nothing on
//! top of what that one has done.

use rusqlite::Connection;

use crate::StoreError;
use crate::error::Doing;

/// Takes the right to write from whoever has it.
pub(crate) fn take(connection: &Connection) -> Result<i64, StoreError> {
    connection
        .query_row("UPDATE lease SET epoch = epoch + 1 RETURNING epoch", [], |row| row.get(0))
        .doing(connection, "becoming the writer")
}

/// Whose right it is.
pub(crate) fn epoch(connection: &Connection) -> Result<i64, StoreError> {
    connection
        .prepare_cached("SELECT epoch FROM lease")
        .and_then(|mut query| query.query_row([], |row| row.get(0)))
        .doing(connection, "seeing who may write")
}
