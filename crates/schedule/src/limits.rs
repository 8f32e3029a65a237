//! The numbers that a scheduler is made with. Apart, because people set them; they are never
//! changed by what happens.

use std::collections::BTreeMap;

use tenfold_domain::{Bytes, Millis, NanoUsd};

/// How much may be at work at once, and how shares and turns are reckoned. A number of places
/// that is zero counts as one: what takes no work at all would be waited for in vain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// The most tasks at work, in all.
    pub at_once: u32,
    /// The most tasks at work with a provider that is not among `providers`.
    pub provider: u32,
    /// The most tasks at work with each of these providers.
    pub providers: BTreeMap<String, u32>,
    /// The most tasks at work on one repository.
    pub repository: u32,
    /// Where commands run.
    pub hosts: Vec<Host>,
    /// After how long half of what an account has used is forgotten.
    pub half_life: Millis,
    /// What an hour of one core counts as beside the money for models, so that work with a
    /// model that costs nothing takes its share too.
    pub core_hour: NanoUsd,
    /// The most by which priority, value and deadline together may put a task before older
    /// ones of its account.
    pub reach: Millis,
    /// How long the first task of an account waits before room is kept for it. Longer than most
    /// tasks take: who waits so long goes before others' shares.
    pub patience: Millis,
}

/// The usual [`Limits::reach`]: a week.
pub const REACH: Millis = Millis(7 * 24 * HOUR);

const HOUR: u64 = 3_600_000;

/// For one machine and a few people: what comes within a week may overtake, and half of
/// what was used is forgotten in a quarter of a day. There is no host; the caller knows its
/// machine.
impl Default for Limits {
    fn default() -> Self {
        Self {
            at_once: 64,
            provider: 16,
            providers: BTreeMap::new(),
            repository: 4,
            hosts: Vec::new(),
            half_life: Millis(6 * HOUR),
            core_hour: NanoUsd(50_000_000),
            reach: REACH,
            patience: Millis(6 * HOUR),
        }
    }
}

/// A machine that runs the commands of tasks, and how much of it they may hold together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// Its name, for people.
    pub name: String,
    /// Thousandths of a processor core.
    pub millicores: u64,
    /// Memory.
    pub memory: Bytes,
}
