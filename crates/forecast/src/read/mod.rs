//! What others have published or a person has exported, as text: one format, one file.
//!
//! Nothing here opens a file. What can't be read is said with its line, and nothing is guessed.

pub mod benchmark;
pub mod minutes;
pub mod price_events;
pub mod runs;
pub mod samples;

/// Why a text can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {why}")]
pub struct Unreadable {
    /// The line, counted from 1; 1 too where the fault is in the whole.
    pub line: u64,
    /// What is wrong with it, and what was expected.
    pub why: String,
}
