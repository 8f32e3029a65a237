//! Made-up tasks and limits, for all tests. It asserts nothing.

use std::path::PathBuf;

use tenfold_domain::{AccountId, Bytes, Millis, NanoUsd, Standing, TaskId, Timestamp};
use tenfold_schedule::{Entry, Expected, Host, Limits, Needs, Used};

/// A minute, in milliseconds.
pub(crate) const MINUTE: u64 = 60_000;
/// An hour, in milliseconds.
pub(crate) const HOUR: u64 = 60 * MINUTE;

/// The task with this number.
pub(crate) fn task(number: u64) -> TaskId {
    TaskId::new(number).unwrap()
}

/// A task of account 1 that takes an hour and a dollar, came at its number in milliseconds,
/// and works alone on its repository.
pub(crate) fn entry(number: u64) -> Entry {
    Entry {
        task: task(number),
        account: AccountId(1),
        arrived: Timestamp(number),
        standing: Standing::default(),
        expected: Expected { cost: NanoUsd::dollars(1), wall: Millis(HOUR) },
        needs: Needs {
            provider: "acme".to_owned(),
            repository: PathBuf::from(format!("/src/{number}")),
            millicores: 1_000,
            memory: Bytes(1 << 30),
        },
    }
}

/// The same task of another account.
pub(crate) fn of(account: u32, entry: Entry) -> Entry {
    Entry { account: AccountId(account), ..entry }
}

/// What [`entry`] expects.
pub(crate) fn as_expected() -> Used {
    Used { cost: NanoUsd::dollars(1), wall: Millis(HOUR), millicores: 1_000 }
}

/// Room for four tasks of [`entry`] on one host, and for as many everywhere else; room is kept
/// after an hour.
pub(crate) fn four_at_once() -> Limits {
    Limits {
        at_once: 4,
        patience: Millis(HOUR),
        hosts: vec![Host { name: "here".to_owned(), millicores: 4_000, memory: Bytes(4 << 30) }],
        ..Limits::default()
    }
}

/// Room for one.
pub(crate) fn one_at_once() -> Limits {
    Limits { at_once: 1, ..four_at_once() }
}
