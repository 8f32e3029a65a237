//! Checksums over the journal, each over one event and the checksum of the one before: a row that
//! was lost, changed or put in by anybody shows. They find damage, not malice: who can write the
//! file can write them too.

use sha2::{Digest, Sha256};

/// How many bytes of the hash are kept, in each row of a journal that may have many millions.
const BYTES: usize = 16;

/// Of an event and all before it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Checksum(pub(crate) [u8; BYTES]);

/// An event as its row has it.
pub(crate) struct Row<'a> {
    pub(crate) seq: i64,
    pub(crate) at_ms: i64,
    pub(crate) task: Option<i64>,
    pub(crate) attempt: Option<i64>,
    pub(crate) noun: &'a str,
    pub(crate) event: &'a str,
    pub(crate) version: u32,
    pub(crate) body: &'a str,
}

impl Checksum {
    /// The checksum of the event that comes next; before the first one there is the default.
    pub(crate) fn then(self, row: &Row<'_>) -> Self {
        let mut hash = Sha256::new();
        hash.update(self.0);
        // No number here is below zero, so that -1 is none.
        let none = |number: Option<i64>| number.unwrap_or(-1);
        let version = i64::from(row.version);
        for number in [row.seq, row.at_ms, none(row.task), none(row.attempt), version] {
            hash.update(number.to_le_bytes());
        }
        for text in [row.noun, row.event, row.body] {
            hash.update((text.len() as u64).to_le_bytes());
            hash.update(text);
        }
        let mut bytes = [0; BYTES];
        bytes.copy_from_slice(&hash.finalize()[..BYTES]);
        Self(bytes)
    }

    /// As it was written; none of another length.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_changed_changes_it_and_all_after() {
        let row = |seq, body| Row {
            seq,
            at_ms: 5,
            task: Some(1),
            attempt: None,
            noun: "task",
            event: "asked",
            version: 1,
            body,
        };
        let first = Checksum::default().then(&row(1, "{}"));
        let second = first.then(&row(2, "{}"));
        let changed = [
            row(3, "{}"),
            row(1, "{ }"),
            Row { at_ms: 6, ..row(1, "{}") },
            Row { task: None, ..row(1, "{}") },
            Row { attempt: Some(1), ..row(1, "{}") },
            Row { noun: "taska", event: "sked", ..row(1, "{}") },
            Row { version: 2, ..row(1, "{}") },
        ];
        for other in changed {
            let other = Checksum::default().then(&other);
            assert_ne!(other, first);
            assert_ne!(other.then(&row(2, "{}")), second);
        }
        assert_eq!(Checksum::read(&first.0), Some(first));
        assert_eq!(Checksum::read(&[0; 15]), None);
    }
}
