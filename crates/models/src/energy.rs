//! How much energy a model's work takes: by the processor's own counters where they can be read,
//! else by the power that the machine is said to draw. Apart from prices: who pays nothing for
//! electricity still uses it.

use std::fs;
use std::path::{Path, PathBuf};

use tenfold_domain::{Energy, Millis};

/// Where Linux tells what each processor has used.
const COUNTERS: &str = "/sys/class/powercap";

/// A look at the counters, to be taken again when the work is done.
#[derive(Debug)]
pub struct EnergyMeter {
    /// Each processor's folder, and what it had used, in microjoules.
    began: Vec<(PathBuf, u64)>,
}

impl EnergyMeter {
    /// Looks at the counters of this machine, as far as they can be read.
    pub fn begin() -> Self {
        Self::of(Path::new(COUNTERS))
    }

    fn of(counters: &Path) -> Self {
        let processors = fs::read_dir(counters).into_iter().flatten().flatten();
        let began = processors.filter_map(|processor| {
            // `intel-rapl:0` is a processor, `intel-rapl:0:1` a part of it. AMD's are called so too.
            let name = processor.file_name().into_string().ok()?;
            name.strip_prefix("intel-rapl:")?.parse::<u32>().ok()?;
            Some((processor.path(), read(&processor.path(), "energy_uj")?))
        });
        Self { began: began.collect() }
    }

    /// What was used since, by all that this machine did; without counters, what it comes to at
    /// so many watts for so long.
    pub fn end(self, watts: u32, wall: Millis) -> Energy {
        let used = self.began.iter().map(|(processor, before)| {
            let now = read(processor, "energy_uj")?;
            // It begins anew at its end, once an hour or so.
            match now.checked_sub(*before) {
                Some(used) => Some(used),
                None => (read(processor, "max_energy_range_uj")? - before).checked_add(now),
            }
        });
        let used: Option<u64> = used.sum();
        match used.filter(|_| !self.began.is_empty()) {
            Some(microjoules) => Energy { mj: microjoules / 1_000, is_estimate: false },
            None => Energy { mj: wall.0.saturating_mul(watts.into()), is_estimate: true },
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

    #[test]
    fn processors_are_added_up_and_their_parts_are_not() {
        let dir = tempfile::tempdir().unwrap();
        for (processor, microjoules) in
            [("intel-rapl:0", 10_000), ("intel-rapl:0:1", 5_000), ("intel-rapl:1", 999_000)]
        {
            set(dir.path(), processor, microjoules);
        }
        let meter = EnergyMeter::of(dir.path());
        set(dir.path(), "intel-rapl:0", 40_000);
        set(dir.path(), "intel-rapl:0:1", 30_000);
        // Its counter has begun anew.
        set(dir.path(), "intel-rapl:1", 9_000);
        let energy = meter.end(45, Millis(1_000));
        assert_eq!(energy, Energy { mj: 40, is_estimate: false });
    }

    #[test]
    fn without_counters_it_is_what_the_machine_is_said_to_draw() {
        let dir = tempfile::tempdir().unwrap();
        for counters in [dir.path(), &dir.path().join("none")] {
            let energy = EnergyMeter::of(counters).end(45, Millis(2_000));
            assert_eq!(energy, Energy { mj: 90_000, is_estimate: true });
        }
    }

    #[test]
    fn a_counter_that_goes_away_is_none() {
        let dir = tempfile::tempdir().unwrap();
        set(dir.path(), "intel-rapl:0", 10);
        let meter = EnergyMeter::of(dir.path());
        fs::remove_dir_all(dir.path().join("intel-rapl:0")).unwrap();
        assert!(meter.end(1, Millis(1)).is_estimate);
    }
}
