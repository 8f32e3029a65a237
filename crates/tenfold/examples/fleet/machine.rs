//! The machine, and what this process takes of it, as Linux tells it.

use std::fs;
use std::path::Path;

use serde_json::{Map, Value, json};
use tenfold_store::SETTINGS;

use crate::Failure;

/// What there is, and how the store is kept on it: whoever compares figures has to know.
pub(crate) fn settings() -> Value {
    let meminfo = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let total = meminfo.split_whitespace().nth(1).and_then(|word| word.parse::<u64>().ok());
    let store: Map<String, Value> =
        SETTINGS.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    json!({
        "cores": std::thread::available_parallelism().map_or(0, usize::from),
        "memory_mb": total.unwrap_or(0) / 1_000,
        "disk": filesystem(&std::env::temp_dir()),
        "store": store,
    })
}

/// Of which kind the file system at a path is; empty if nobody knows.
fn filesystem(path: &Path) -> String {
    let path = fs::canonicalize(path).unwrap_or_default();
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    let of = |line: &str| {
        let mut words = line.split(' ').skip(1).map(str::to_owned);
        let (place, kind) = (words.next()?, words.next()?);
        path.starts_with(&place).then_some((place.len(), kind))
    };
    mounts.lines().filter_map(of).max().map(|(_, kind)| kind).unwrap_or_default()
}

/// Of this process, in bytes.
pub(crate) fn memory(which: &str) -> Result<u64, Failure> {
    let status = fs::read_to_string(Path::new("/proc/self/status"))?;
    let line = status.lines().find(|line| line.starts_with(which)).unwrap_or_default();
    let kilobytes = line.split_whitespace().nth(1).and_then(|word| word.parse::<u64>().ok());
    Ok(kilobytes.unwrap_or(0) * 1_024)
}

/// How many wanted to run in the last minute.
pub(crate) fn load() -> f64 {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().and_then(|word| word.parse().ok()).unwrap_or(0.0)
}

/// For how long the threads of this process have run, in seconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Worked {
    /// All of them that are there now.
    pub(crate) all: f64,
    /// The one that writes the journal.
    pub(crate) journal: f64,
}

impl Worked {
    /// What came since.
    pub(crate) fn since(self, before: Self) -> Self {
        Self { all: self.all - before.all, journal: self.journal - before.journal }
    }
}

/// For how long they have run so far.
pub(crate) fn worked() -> Result<Worked, Failure> {
    let mut worked = Worked { all: 0.0, journal: 0.0 };
    for thread in fs::read_dir("/proc/self/task")? {
        let thread = thread?.path();
        // It may have ended since.
        let read = |file: &str| fs::read_to_string(thread.join(file)).unwrap_or_default();
        let ran = read("schedstat").split(' ').next().and_then(|word| word.parse::<f64>().ok());
        let seconds = ran.unwrap_or(0.0) / 1e9;
        worked.all += seconds;
        if read("comm").starts_with("tenfold-store") {
            worked.journal += seconds;
        }
    }
    Ok(worked)
}
