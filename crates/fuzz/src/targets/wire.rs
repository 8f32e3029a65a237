//! What is said to the engine, and answered.

use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tenfold_api as api;
use tenfold_domain::{Accept, Accepted, Budget, Problem, Progress, TaskSpec, Undone};

/// What reads at all is written, and read as the same.
pub(super) fn run(bytes: &[u8]) {
    reads_back::<TaskSpec>(bytes);
    reads_back::<Budget>(bytes);
    reads_back::<Accept>(bytes);
    reads_back::<Accepted>(bytes);
    reads_back::<Undone>(bytes);
    reads_back::<Problem>(bytes);
    reads_back::<Progress>(bytes);
    reads_back::<api::Engine>(bytes);
    reads_back::<api::Approve>(bytes);
    reads_back::<api::Begin>(bytes);
    reads_back::<api::Steer>(bytes);
    reads_back::<api::Answer>(bytes);
    reads_back::<api::Fork>(bytes);
    reads_back::<api::Comment>(bytes);
    reads_back::<api::Reject>(bytes);
}

/// Whether it reads as a `T` is its own affair; but if it does, it has one form. Compared as
/// written: not all of these can be compared in another way.
pub(super) fn reads_back<T: Serialize + DeserializeOwned + Debug>(bytes: &[u8]) {
    let Ok(read) = serde_json::from_slice::<T>(bytes) else { return };
    let text = serde_json::to_string(&read).expect("what was read can be written");
    let again: T = serde_json::from_str(&text)
        .unwrap_or_else(|error| panic!("{text} was written and can't be read: {error}"));
    assert_eq!(format!("{again:?}"), format!("{read:?}"), "{text}");
}
