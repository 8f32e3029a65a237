//! What may go to make room, and how much of it has to. Pure, so that what must never happen can
//! be looked for among all inputs: that work which nobody has reviewed is chosen.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use tenfold_domain::{Bytes, CommitId, Millis, TaskId, TaskState, Timestamp};
use tenfold_store::TaskRow;

/// Something that may go.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Candidate {
    /// When it was reviewed, or used last.
    pub(crate) since: Timestamp,
    pub(crate) what: What,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum What {
    /// The files of a task.
    Files(TaskId),
    /// A layer that a setup command has made: the folder of its workspace, and its key.
    Setup(PathBuf, String),
}

/// What a commit is kept for, by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum For {
    Task(TaskId),
    /// The layer of a key.
    Setup(String),
    /// A name that this release does not give.
    Unknown,
}

/// What a name keeps a commit for.
pub(crate) fn purpose(name: &str) -> For {
    let Some((kind, rest)) = name.split_once('/') else { return For::Unknown };
    let number = rest.split(['.', '/']).next().unwrap_or_default();
    match kind {
        "setup" => For::Setup(rest.to_owned()),
        "base" | "work" | "attempt" | "check" | "accepted" | super::HELD => {
            number.parse().map_or(For::Unknown, For::Task)
        }
        _ => For::Unknown,
    }
}

/// When a person has come to a decision on a task, if nothing of it is open: only then may its
/// files go.
pub(crate) fn reviewed_at(row: &TaskRow) -> Option<Timestamp> {
    let is_decided = matches!(row.state, TaskState::Accepted | TaskState::Rejected);
    let is_open = !row.running.is_empty() || row.paused || row.question.is_some();
    row.proposal().filter(|_| is_decided && !is_open).map(|proposal| proposal.since)
}

/// Whether what is so since then may go now.
pub(crate) fn is_old(since: Timestamp, now: Timestamp, keep: Millis) -> bool {
    now.since(since) >= keep
}

/// The names that go with a task's files. The files of a check that was approved stay as long as
/// the task may be tried once more.
pub(crate) fn names_of(row: &TaskRow, kept: &BTreeMap<String, CommitId>) -> BTreeSet<String> {
    let check = row.check.as_ref().filter(|_| row.state != TaskState::Accepted);
    let stays = |commit: &CommitId| check.is_some_and(|check| check.files.commit == *commit);
    kept.iter()
        .filter(|(name, commit)| purpose(name) == For::Task(row.id) && !stays(commit))
        .map(|(name, _)| name.clone())
        .collect()
}

/// How many of the oldest have to go for at least so much to be free; all of them, if that is not
/// enough. `freed` says how much is free once so many have gone; it grows with their number.
pub(crate) fn fewest<E>(
    all: usize,
    wanted: Bytes,
    mut freed: impl FnMut(usize) -> Result<Bytes, E>,
) -> Result<usize, E> {
    let (mut low, mut high) = (0, all);
    while low < high {
        let middle = low.midpoint(high);
        match freed(middle)? >= wanted {
            true => high = middle,
            false => low = middle + 1,
        }
    }
    Ok(low)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_says_whose_it_is() {
        let task = |number| For::Task(TaskId::new(number).unwrap());
        for (name, whose) in [
            ("base/3", task(3)),
            ("work/3.1", task(3)),
            ("attempt/12.2", task(12)),
            ("check/3.1.5", task(3)),
            ("accepted/3.1/before", task(3)),
            ("held/3/0123", task(3)),
            ("setup/abc", For::Setup("abc".to_owned())),
            ("base/x", For::Unknown),
            ("later/3", For::Unknown),
            ("base", For::Unknown),
        ] {
            assert_eq!(purpose(name), whose, "{name}");
        }
    }

    #[test]
    fn what_is_kept_for_a_while_is_old_after_it() {
        let (since, keep) = (Timestamp(1_000), Millis(500));
        assert!(!is_old(since, Timestamp(1_499), keep) && is_old(since, Timestamp(1_500), keep));
        // The clock went back.
        assert!(!is_old(since, Timestamp(0), keep) && is_old(since, Timestamp(0), Millis(0)));
    }

    proptest! {
        /// What is freed grows by each that goes; no more go than have to, and no fewer.
        #[test]
        fn as_few_go_as_have_to(sizes in prop::collection::vec(0..100_u64, 0..20), wanted in 0..1_500_u64) {
            let freed = |count: usize| Bytes(sizes[..count].iter().sum());
            let count = fewest(sizes.len(), Bytes(wanted), |count| Ok::<_, ()>(freed(count))).unwrap();
            prop_assert!(freed(count).0 >= wanted || count == sizes.len());
            prop_assert!(count == 0 || freed(count - 1).0 < wanted);
        }
    }
}
