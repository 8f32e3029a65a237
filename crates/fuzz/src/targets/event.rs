//! Facts of the journal, as they lie in it.

use tenfold_domain::{Event, Fact};

use crate::targets::wire::reads_back;

/// What reads at all is written and read as the same.
pub(super) fn run(bytes: &[u8]) {
    reads_back::<Event>(bytes);
    reads_back::<Fact>(bytes);
}
