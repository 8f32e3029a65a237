//! The escape suite for what the host does itself: it reads, compares and writes trees that a
//! repository's author or an agent has written. What it has to hold is in docs/threats.md; a
//! test is named for its row, and shows its control first.

mod git;
mod paths;
mod trust;

use std::io::Write;

/// Says, also where output is captured, that a part of a row can't be tried here.
fn not_here(row: u8, what: &str, why: &str) {
    let _ = writeln!(std::io::stderr(), "NOT TRIED HERE: row {row}, {what}: {why}");
}
