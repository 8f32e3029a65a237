//! Who looks from outside how often each command of an agent runs: a thread that lists the home's
//! processes all the time. Each command naps for a length that no other has, in a process of its
//! own; a nap that is too short is not seen, and none is seen twice.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// How often it looks.
const LOOK_AGAIN: Duration = Duration::from_millis(40);

/// A process: its number, and when it was started, for numbers come round again.
type Run = (u32, String);
type Seen = BTreeMap<String, BTreeSet<Run>>;

/// The thread; it ends when this is dropped.
pub(super) struct Watcher {
    seen: Arc<Mutex<Seen>>,
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Watcher {
    pub(super) fn of(home: &Path) -> Self {
        let (seen, is_over) = (Arc::new(Mutex::new(Seen::new())), Arc::new(AtomicBool::new(false)));
        let (home, there, end) = (home.to_owned(), Arc::clone(&seen), Arc::clone(&is_over));
        let thread = std::thread::spawn(move || {
            while !end.load(Ordering::Relaxed) {
                look(&home, &there);
                std::thread::sleep(LOOK_AGAIN);
            }
        });
        Self { seen, is_over, thread: Some(thread) }
    }

    /// How often each nap was seen.
    pub(super) fn naps(&self) -> BTreeMap<String, u64> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.iter().map(|(nap, runs)| (nap.clone(), runs.len() as u64)).collect()
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn look(home: &Path, seen: &Mutex<Seen>) {
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        if let Some((nap, started)) = napping(&entry.path(), home) {
            let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
            seen.entry(nap).or_default().insert((pid, started));
        }
    }
}

/// The nap that a process of the home takes, and when it was started.
fn napping(process: &Path, home: &Path) -> Option<(String, String)> {
    let line = std::fs::read(process.join("cmdline")).ok()?;
    let line = String::from_utf8(line).ok()?;
    let nap = line.strip_prefix("sleep\0")?.strip_suffix('\0')?.to_owned();
    let stands = std::fs::read_link(process.join("cwd")).ok()?;
    let stat = std::fs::read_to_string(process.join("stat")).ok()?;
    // After the name, which may hold anything, it is the twentieth.
    let started = stat.rsplit_once(") ")?.1.split(' ').nth(19)?.to_owned();
    stands.starts_with(home).then_some((nap, started))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nap_is_seen_once_and_of_its_own_home_only() {
        let home = tempfile::tempdir().unwrap();
        let mut nap = std::process::Command::new("sleep");
        let mut child = nap.arg("60.25").current_dir(home.path()).spawn().unwrap();
        let seen = Mutex::new(Seen::new());
        while seen.lock().unwrap().is_empty() {
            look(home.path(), &seen);
        }
        look(home.path(), &seen);
        let elsewhere = Mutex::new(Seen::new());
        look(&home.path().join("other"), &elsewhere);
        child.kill().unwrap();
        child.wait().unwrap();
        let seen = seen.into_inner().unwrap();
        assert_eq!(seen["60.25"].len(), 1);
        assert!(elsewhere.into_inner().unwrap().is_empty());
    }
}
