//! The whole engine in a world that is made up of chance, from a seed: its clock, its disk, its
//! provider, its commands and its people are simulated; all else is the engine itself, its real
//! store and real files. Whatever befalls, money is never over, no task is lost, no two attempts
//! work in one place, what waits wakes, and the lists are what the journal says.
//!
//! A seed that fails says so, and how to see it again: `TENFOLD_SIMULATION_FIRST` is the first
//! seed, `TENFOLD_SIMULATION_SEEDS` how many there are, and with `TENFOLD_SIMULATION_TELL` all
//! that happens is told.

mod audit;
mod commands;
mod life;
mod links;
mod people;
mod provider;
mod world;

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use tenfold_domain::{AttemptId, Event};
use tenfold_engine::{Trajectories, trajectory};
use tenfold_store::{About, EventQuery, Store};

use life::{End, Fate, live};
use people::Person;
use world::World;

/// With it, all that happens is told.
const TELL: &str = "TENFOLD_SIMULATION_TELL";
/// How many seeds are tried where nobody says how many.
const SEEDS: u64 = 40;

#[test]
fn whatever_befalls_the_invariants_hold() {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let first = number("TENFOLD_SIMULATION_FIRST").unwrap_or(0);
    let seeds = number("TENFOLD_SIMULATION_SEEDS").unwrap_or(SEEDS);
    let is_telling = std::env::var_os(TELL).is_some();
    let (next, failed) = (AtomicU64::new(first), Mutex::new(Vec::new()));
    let try_all = || loop {
        let seed = next.fetch_add(1, Ordering::Relaxed);
        if seed >= first + seeds {
            break;
        }
        let (wrongs, _) = simulate(seed, is_telling);
        if !wrongs.is_empty() {
            let wrongs = wrongs.join("\n  ");
            let told = format!(
                "seed {seed}:\n  {wrongs}\nto see it: TENFOLD_SIMULATION_FIRST={seed} \
                 TENFOLD_SIMULATION_SEEDS=1 {TELL}=1"
            );
            // At once: the others may take long.
            let _ = writeln!(std::io::stderr(), "{told}");
            failed.lock().unwrap().push(seed);
        }
    };
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| {
        let all: Vec<_> = (0..cores).map(|_| scope.spawn(try_all)).collect();
        all.into_iter().for_each(|one| one.join().unwrap());
    });
    let failed = failed.into_inner().unwrap();
    assert!(failed.is_empty(), "of {seeds} seeds {} fail: {failed:?}", failed.len());
}

#[test]
fn a_seed_is_the_same_each_time() {
    for seed in 0..2 {
        let (first, again) = (simulate(seed, true).1, simulate(seed, true).1);
        let differ = first.iter().zip(&again).find(|(one, other)| one != other);
        assert_eq!(differ, None, "seed {seed}");
        assert_eq!(first.len(), again.len(), "seed {seed}");
    }
}

/// What pages are made of is kept and goes on with the journal; reading it anew says the same.
#[test]
fn what_is_kept_of_real_attempts_is_what_reading_anew_says_after_each_event() {
    let folder = tempfile::Builder::new().prefix("s").tempdir_in(memory()).unwrap();
    let world = Arc::new(World::new(folder.path(), 3, false));
    live(&world, Fate { deeds: 10, ..Fate::default() }, async |life| {
        let person = Person::new(Arc::clone(&life), life.open().await.unwrap());
        person.live().await;
        person.finish().await;
    });
    let lived = Store::read_only(&world.places().store_file()).unwrap().view().unwrap();
    let events: Vec<Event> =
        lived.each_event(EventQuery::default()).collect::<Result<_, _>>().unwrap();
    let again = Store::open(&folder.path().join("again.db")).unwrap();
    let (kept, mut attempts) = (Trajectories::default(), BTreeSet::new());
    for Event { fact, .. } in events {
        let attempt = fact.attempt();
        again.append(vec![fact]).unwrap();
        let (Some(attempt), view) = (attempt, again.view().unwrap()) else { continue };
        attempts.insert(attempt);
        let told = kept.ask(&view, attempt, |went| went.trajectory().clone()).unwrap();
        assert_eq!(told, trajectory(&view, attempt).unwrap());
    }
    assert!(attempts.len() > 1, "{attempts:?}");
    let of = |attempt: &AttemptId| {
        again.view().unwrap().each_event(About::Attempt(*attempt).into()).count()
    };
    assert_eq!(kept.events_read(), attempts.iter().map(of).sum::<usize>() as u64, "each once");
}

/// Lives through one seed: what is wrong, and all that happened.
fn simulate(seed: u64, is_telling: bool) -> (Vec<String>, Vec<String>) {
    let folder = tempfile::Builder::new().prefix("s").tempdir_in(memory()).unwrap();
    let world = Arc::new(World::new(folder.path(), seed, is_telling));
    let lives = world.state().within(1..5);
    let mut wrongs = Vec::new();
    for _ in 0..lives {
        let fate = drawn(&world);
        world.state().tell(|| format!("--- {fate:?}"));
        live(&world, fate, async |life| {
            if let Some(engine) = life.open().await {
                Person::new(life, engine).live().await;
            }
        });
        wrongs = audit::wrongs(&world, false);
        if !wrongs.is_empty() {
            break;
        }
    }
    if wrongs.is_empty() {
        world.state().is_calm = true;
        world.state().tell(|| "--- all is calm".to_owned());
        let end = live(&world, Fate::default(), async |life| {
            if let Some(engine) = life.open().await {
                Person::new(life, engine).finish().await;
            }
        });
        assert_eq!(end, End::Left);
        wrongs = audit::wrongs(&world, true);
    }
    // Where the folder lies is the only thing that no seed says.
    let place = folder.path().display().to_string();
    let told = std::mem::take(&mut world.state().told);
    (wrongs, told.into_iter().map(|line| line.replace(&place, "there")).collect())
}

/// What befalls the next engine.
fn drawn(world: &World) -> Fate {
    let mut state = world.state();
    let state = &mut *state;
    let early = if state.one_in(3) { 30 } else { 300 };
    Fate {
        dies_at: (!state.one_in(4)).then(|| state.within(0..early)),
        disk_full: state.one_in(8).then(|| {
            let from = state.within(0..200);
            (from, from + state.within(1..30))
        }),
        unheard_at: state.one_in(8).then(|| state.within(0..200)),
        jumps: state.one_in(5).then(|| {
            // Minutes most often, and days now and then: six, forwards or back.
            let far = if state.one_in(3) { 500_000_000 } else { 5_000_000 };
            let jump = state.within(0..2 * far) as i64 - far as i64;
            (state.within(0..200), jump)
        }),
        outage: state.one_in(5).then(|| {
            let from = state.within(0..60_000);
            (from, from + state.within(1_000..900_000))
        }),
        deeds: state.within(2..25),
    }
}

/// Where files cost least: what they are on is not what is tried.
fn memory() -> PathBuf {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() }
}
