//! What a soak does, all of it drawn from its seed: the tasks that are asked for, what the person
//! does, who is killed and when. Nothing here does any of it.

use std::collections::BTreeSet;

use tenfold_domain::{Draws, Seed};

/// How many repositories there are.
pub(super) const REPOSITORIES: usize = 4;
/// Money for a task that is to run out of it, in dollars: the most that a turn may cost, and what
/// two of them do cost.
pub(super) const LITTLE: &str = "0.156";
/// Money for any other task, in dollars.
pub(super) const ENOUGH: &str = "2";

/// A task that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Job {
    /// From one. It names the files that the task is about, and stands in its text.
    pub(super) number: u32,
    pub(super) repository: usize,
    pub(super) work: Work,
    /// Whether its money runs out.
    pub(super) is_poor: bool,
    /// It comes after the job of this number.
    pub(super) after: Option<u32>,
    /// Whether it is imported from a file, and not added by a command.
    pub(super) is_imported: bool,
    pub(super) priority: &'static str,
}

/// How a task is worked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Work {
    Repair,
    Loop {
        /// By the model at a provider, which costs money and may ask.
        is_hosted: bool,
        /// How many commands mend it.
        commands: u32,
        /// How long each of them sleeps, in tenths of a second.
        sleep_ds: u32,
        /// Whether it asks the person something first.
        asks: bool,
    },
}

/// How an engine is started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Start {
    Once { jobs: usize },
    Daemon { jobs: usize },
    Continue,
}

/// What the person does while it works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Deed {
    Steer,
    Pause,
    Resume,
    Stop,
    Continue,
    Answer,
    AcceptInPlace,
    AcceptAsBranch,
    Reject,
    Undo,
}

/// Who is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Victim {
    Engine,
    Model,
    Shim,
    /// The command that was typed last, if it is not the engine.
    Client,
}

/// What happens at a moment of a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// A person does something to one of the tasks that it can be done to; which is `pick`.
    Do {
        deed: Deed,
        pick: usize,
    },
    Kill {
        victim: Victim,
        pick: usize,
    },
}

/// One life of an engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Round {
    /// How many tasks are asked for before.
    pub(super) adds: usize,
    /// The last of them is killed after so many milliseconds.
    pub(super) add_dies_after_ms: Option<u64>,
    pub(super) start: Start,
    /// What happens, by milliseconds from the start; the last kills the engine.
    pub(super) moments: Vec<(u64, What)>,
    /// Whether the sandboxes that outlive the engine are killed too, before there is a next one.
    pub(super) orphans_die: bool,
    /// How long nothing happens before the next, in milliseconds.
    pub(super) rest_ms: u64,
}

/// The job of this number.
pub(super) fn job(seed: Seed, number: u32) -> Job {
    let mut draws = seed.child(1).child(number.into()).draws();
    let is_hosted = draws.below(3) > 0;
    let work = match draws.below(10) {
        0..3 => Work::Repair,
        _ => Work::Loop {
            is_hosted,
            commands: 1 + draws.below(4) as u32,
            sleep_ds: [1, 3, 10, 20][draws.below(4)],
            asks: is_hosted && draws.below(3) == 0,
        },
    };
    let (is_imported, back) = (draws.below(4) == 0, 1 + draws.below(3) as u32);
    Job {
        number,
        repository: draws.below(REPOSITORIES),
        is_poor: matches!(work, Work::Loop { is_hosted: true, .. }) && draws.below(6) == 0,
        work,
        // A file names only tasks of its own.
        after: (draws.below(5) == 0 && number > back && !is_imported).then(|| number - back),
        is_imported,
        priority: ["low", "normal", "high"][draws.below(3)],
    }
}

/// The round of this number, from zero.
pub(super) fn round(seed: Seed, number: u32) -> Round {
    let mut draws = seed.child(2).child(number.into()).draws();
    let jobs = 1 + draws.below(3);
    let start = match draws.below(6) {
        0..3 => Start::Once { jobs },
        3..5 => Start::Daemon { jobs },
        _ => Start::Continue,
    };
    let life_ms = life_ms(&mut draws);
    let mut moments: Vec<(u64, What)> = Vec::new();
    for _ in 0..draws.below(5) {
        let deed = deed(&mut draws);
        let what = What::Do { deed, pick: draws.below(1_000) };
        moments.push((draws.below(life_ms as usize) as u64, what));
    }
    if draws.below(3) == 0 {
        let victim = [Victim::Model, Victim::Shim, Victim::Shim, Victim::Client][draws.below(4)];
        let what = What::Kill { victim, pick: draws.below(1_000) };
        moments.push((draws.below(life_ms as usize) as u64, what));
    }
    moments.sort_by_key(|(at, _)| *at);
    moments.push((life_ms, What::Kill { victim: Victim::Engine, pick: 0 }));
    Round {
        adds: if number == 0 { 6 } else { draws.below(4) },
        add_dies_after_ms: (draws.below(5) == 0).then(|| draws.below(80) as u64),
        start,
        moments,
        orphans_die: draws.below(5) == 0,
        rest_ms: [0, 0, 20, 300, 1_500][draws.below(5)],
    }
}

/// One in three dies young, most within the time of a task, some later.
fn life_ms(draws: &mut Draws) -> u64 {
    let (least, most) = match draws.below(6) {
        0 | 1 => (10, 400),
        2..5 => (300, 3_000),
        _ => (2_000, 7_000),
    };
    least + draws.below(most as usize) as u64
}

fn deed(draws: &mut Draws) -> Deed {
    const OFTEN: [Deed; 14] = [
        Deed::Steer,
        Deed::Steer,
        Deed::Pause,
        Deed::Resume,
        Deed::Stop,
        Deed::Continue,
        Deed::Continue,
        Deed::Answer,
        Deed::Answer,
        Deed::AcceptInPlace,
        Deed::AcceptInPlace,
        Deed::AcceptAsBranch,
        Deed::Reject,
        Deed::Undo,
    ];
    OFTEN[draws.below(OFTEN.len())]
}

/// The files of jobs that are in the repositories from the beginning; those of later ones are
/// written by the person when they ask.
pub(super) fn committed() -> BTreeSet<u32> {
    (1..=60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_the_whole_plan() {
        let rounds = |seed| (0..50).map(|n| round(Seed(seed), n)).collect::<Vec<_>>();
        let jobs = |seed| (1..50).map(|n| job(Seed(seed), n)).collect::<Vec<_>>();
        assert_eq!((rounds(3), jobs(3)), (rounds(3), jobs(3)));
        assert_ne!((rounds(3), jobs(3)), (rounds(4), jobs(4)));
    }

    #[test]
    fn each_life_ends_by_the_death_of_the_engine_and_nothing_comes_after_it() {
        for round in (0..500).map(|n| round(Seed(1), n)) {
            let (last, what) = round.moments.last().copied().unwrap();
            assert!(matches!(what, What::Kill { victim: Victim::Engine, .. }));
            assert!(round.moments.iter().all(|(at, _)| *at <= last), "{round:?}");
        }
    }

    #[test]
    fn all_that_there_is_comes_up() {
        let jobs: Vec<Job> = (1..200).map(|n| job(Seed(1), n)).collect();
        assert!(jobs.iter().any(|job| job.work == Work::Repair));
        assert!(jobs.iter().any(|job| job.is_poor && job.after.is_some_and(|n| n < job.number)));
        let asks = |job: &Job| matches!(job.work, Work::Loop { asks: true, is_hosted: true, .. });
        assert!(jobs.iter().any(asks));
        let moments = (0..300).flat_map(|n| round(Seed(1), n).moments);
        let (mut deeds, mut victims) = (BTreeSet::new(), BTreeSet::new());
        for (_, what) in moments {
            match what {
                What::Do { deed, .. } => drop(deeds.insert(deed)),
                What::Kill { victim, .. } => drop(victims.insert(victim)),
            }
        }
        assert_eq!((deeds.len(), victims.len()), (10, 4));
    }
}
