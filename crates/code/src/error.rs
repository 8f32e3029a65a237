//! What can go wrong here: nothing but edits that do not fit and traces that are none.

use std::ops::Range;

/// Why a change could not be made or a trace could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodeError {
    /// Two edits of one text touch the same lines.
    #[error(
        "two edits touch lines {} to {}: make one edit of them",
        lines.start + 1, lines.end
    )]
    Overlap {
        /// The lines of the later one, from zero.
        lines: Range<u32>,
    },
    /// An edit lies outside the text.
    #[error(
        "an edit of lines {} to {} does not fit a text of {length} lines: the text has \
         changed since the edit was made; make it anew",
        lines.start + 1, lines.end
    )]
    Outside {
        /// The lines of the edit, from zero.
        lines: Range<u32>,
        /// How many lines the text has.
        length: usize,
    },
    /// What the tracer wrote can't be read.
    #[error(
        "the trace of the check can't be read ({0}): the check was ended before the trace \
         was written whole; work goes on without it"
    )]
    Trace(String),
}
