//! How much energy models' work takes: by the processor's own counters where they can be read,
//! else by the power that the machine is said to draw. Either is of the whole machine, so what
//! several do at the same time is shared out among them, evenly. Apart from prices: who pays
//! nothing for electricity still uses it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tenfold_domain::Energy;

/// Where Linux tells what each processor has used.
const COUNTERS: &str = "/sys/class/powercap";

/// The energy of this machine, shared out among the work that is done on it.
#[derive(Debug)]
pub struct EnergyMeter {
    counters: PathBuf,
    began: Instant,
    all: Mutex<AtWork>,
}

/// Who is at work, and what each has used up to the last look.
#[derive(Debug, Default)]
struct AtWork {
    last: Look,
    shares: BTreeMap<u64, Share>,
    number: u64,
}

/// What there was to see at a moment.
#[derive(Debug, Clone, Default)]
struct Look {
    /// Since the meter began.
    at: Duration,
    /// Each processor's folder, and what it had used, in microjoules.
    processors: BTreeMap<PathBuf, u64>,
}

/// What is somebody's of the time that was worked, and of what was used meanwhile.
#[derive(Debug, Clone, Copy)]
struct Share {
    time: Duration,
    /// In microjoules; `None` once a counter could not be read.
    used: Option<u64>,
}

/// What tells the energy of work on this machine.
#[derive(Debug, Clone)]
pub struct Power {
    /// Shares it out.
    pub meter: Arc<EnergyMeter>,
    /// What the machine is said to draw at work.
    pub watts: u32,
}

impl Power {
    /// Work begins.
    #[must_use]
    pub fn begin(&self) -> Metered {
        self.meter.begin(self.watts)
    }
}

/// Work under way. Dropped without an end it is counted to nobody.
#[derive(Debug)]
pub struct Metered {
    meter: Arc<EnergyMeter>,
    number: u64,
    watts: u32,
}

impl Default for EnergyMeter {
    /// By the counters of this machine, as far as they can be read.
    fn default() -> Self {
        Self::of(Path::new(COUNTERS))
    }
}

impl EnergyMeter {
    fn of(counters: &Path) -> Self {
        Self { counters: counters.to_owned(), began: Instant::now(), all: Mutex::default() }
    }

    fn begin(self: &Arc<Self>, watts: u32) -> Metered {
        self.begin_at(watts, self.began.elapsed())
    }

    fn begin_at(self: &Arc<Self>, watts: u32, at: Duration) -> Metered {
        let mut all = self.all();
        all.share_out(self.look(at));
        all.number += 1;
        let number = all.number;
        all.shares.insert(number, Share { time: Duration::ZERO, used: Some(0) });
        Metered { meter: Arc::clone(self), number, watts }
    }

    fn look(&self, at: Duration) -> Look {
        let processors = fs::read_dir(&self.counters).into_iter().flatten().flatten();
        let processors = processors.filter_map(|processor| {
            // `intel-rapl:0` is a processor, `intel-rapl:0:1` a part of it. AMD's are called so too.
            let name = processor.file_name().into_string().ok()?;
            name.strip_prefix("intel-rapl:")?.parse::<u32>().ok()?;
            Some((processor.path(), read(&processor.path(), "energy_uj")?))
        });
        Look { at, processors: processors.collect() }
    }

    fn all(&self) -> MutexGuard<'_, AtWork> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AtWork {
    /// Gives each who is at work an equal part of what was used since the last look.
    fn share_out(&mut self, look: Look) {
        let several = u32::try_from(self.shares.len()).unwrap_or(u32::MAX);
        let last = std::mem::replace(&mut self.last, look);
        if several == 0 {
            return;
        }
        let time = self.last.at.saturating_sub(last.at) / several;
        let used = self.last.since(&last).map(|used| used / u64::from(several));
        for share in self.shares.values_mut() {
            share.time += time;
            share.used = share.used.zip(used).map(|(sum, used)| sum.saturating_add(used));
        }
    }
}

impl Look {
    /// What all processors have used since, in microjoules; `None` if they do not say.
    fn since(&self, before: &Self) -> Option<u64> {
        let used = before.processors.iter().map(|(processor, before)| {
            let now = *self.processors.get(processor)?;
            // It begins anew at its end, once an hour or so.
            match now.checked_sub(*before) {
                Some(used) => Some(used),
                None => (read(processor, "max_energy_range_uj")? - before).checked_add(now),
            }
        });
        used.sum::<Option<u64>>().filter(|_| !before.processors.is_empty())
    }
}

impl Metered {
    /// What it has used: its part of what the processors did meanwhile; without counters, of what
    /// the machine is said to draw.
    pub fn end(self) -> Energy {
        self.end_at(self.meter.began.elapsed())
    }

    fn end_at(&self, at: Duration) -> Energy {
        let mut all = self.meter.all();
        all.share_out(self.meter.look(at));
        match all.shares.remove(&self.number) {
            None => Energy::NONE,
            Some(Share { used: Some(microjoules), .. }) => {
                Energy { mj: microjoules / 1_000, is_estimate: false }
            }
            Some(Share { time, used: None }) => {
                let microseconds = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
                let mj = microseconds.saturating_mul(self.watts.into()) / 1_000;
                Energy { mj, is_estimate: true }
            }
        }
    }
}

/// What it did not come to the end of was work all the same: others are not charged with it.
impl Drop for Metered {
    fn drop(&mut self) {
        let mut all = self.meter.all();
        if all.shares.contains_key(&self.number) {
            all.share_out(self.meter.look(self.meter.began.elapsed()));
            all.shares.remove(&self.number);
        }
    }
}

fn read(processor: &Path, name: &str) -> Option<u64> {
    fs::read_to_string(processor.join(name)).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(counters: &Path, processor: &str, microjoules: u64) {
        let dir = counters.join(processor);
        fs::create_dir_all(&dir).unwrap();
        fs::write(dir.join("energy_uj"), format!("{microjoules}\n")).unwrap();
        fs::write(dir.join("max_energy_range_uj"), "1000000\n").unwrap();
    }

    fn meter(counters: &Path) -> Arc<EnergyMeter> {
        Arc::new(EnergyMeter::of(counters))
    }

    const fn measured(mj: u64) -> Energy {
        Energy { mj, is_estimate: false }
    }

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn processors_are_added_up_and_their_parts_are_not() {
        let dir = tempfile::tempdir().unwrap();
        for (processor, microjoules) in
            [("intel-rapl:0", 10_000), ("intel-rapl:0:1", 5_000), ("intel-rapl:1", 999_000)]
        {
            set(dir.path(), processor, microjoules);
        }
        let work = meter(dir.path()).begin(45);
        set(dir.path(), "intel-rapl:0", 40_000);
        set(dir.path(), "intel-rapl:0:1", 30_000);
        // Its counter has begun anew.
        set(dir.path(), "intel-rapl:1", 9_000);
        assert_eq!(work.end(), measured(40));
    }

    #[test]
    fn several_at_work_share_what_is_used_and_nobody_what_was_used_without_them() {
        let dir = tempfile::tempdir().unwrap();
        let meter = meter(dir.path());
        let used = |microjoules| set(dir.path(), "intel-rapl:0", microjoules);
        used(0);
        let first = meter.begin(45);
        used(10_000);
        let second = meter.begin(45);
        used(30_000);
        // It is cancelled: what it did is not the other's.
        let third = meter.begin(45);
        used(60_000);
        drop(third);
        assert_eq!(first.end(), measured(10 + 10 + 10));
        used(64_000);
        assert_eq!(second.end(), measured(10 + 10 + 4));
        used(99_000);
        assert_eq!(meter.begin(45).end(), measured(0));
    }

    #[test]
    fn without_counters_it_is_a_share_of_what_the_machine_is_said_to_draw() {
        let dir = tempfile::tempdir().unwrap();
        for counters in [dir.path(), &dir.path().join("none")] {
            let meter = meter(counters);
            let first = meter.begin_at(45, SECOND);
            let second = meter.begin_at(45, 2 * SECOND);
            let estimate = |mj| Energy { mj, is_estimate: true };
            assert_eq!(first.end_at(4 * SECOND), estimate(2 * 45_000));
            assert_eq!(second.end_at(5 * SECOND), estimate(2 * 45_000));
        }
    }

    #[test]
    fn a_counter_that_goes_away_is_none() {
        let dir = tempfile::tempdir().unwrap();
        set(dir.path(), "intel-rapl:0", 10);
        let work = meter(dir.path()).begin(45);
        fs::remove_dir_all(dir.path().join("intel-rapl:0")).unwrap();
        assert!(work.end().is_estimate);
    }
}
