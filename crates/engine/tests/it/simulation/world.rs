//! What lives on from one engine to the next: the folders, the clock on the wall, what commands
//! have done, what the provider bills; and from what all chance comes.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard};

use tenfold_domain::{Draws, NanoUsd, Seed, TaskId};
use tenfold_engine::Places;

use super::commands::Commands;

/// The model that all tasks ask.
pub(super) const MODEL: &str = "far";
/// The person's only file, and what is wrong with it.
pub(super) const FILE: &str = "work.txt";
/// What the file has to hold for the check to pass.
pub(super) const RIGHT: &str = "right\n";
/// What costs what at the provider.
const CATALOGUE: &str = "[[hosted]]\nname = 'far'\nprotocol = 'openai'\nmodel = 'far'\n\
    address = 'http://far.test/'\ncontext_tokens = 32768\nat_once = 2\n[hosted.price]\n\
    usd_per_million_prompt = '1'\nusd_per_million_cached = '0.1'\nusd_per_million_output = '2'\n";
/// When the first engine begins, in milliseconds.
const BEGINNING: u64 = 1_700_000_000_000;

/// A world of one seed.
pub(super) struct World {
    pub(super) root: PathBuf,
    state: Mutex<State>,
}

/// What changes in it.
pub(super) struct State {
    pub(super) draws: Draws,
    /// Whether nothing fails any more.
    pub(super) is_calm: bool,
    /// What time it is when the engine of now begins, in milliseconds.
    pub(super) now_ms: u64,
    pub(super) commands: Commands,
    /// The tasks that were asked for.
    pub(super) asked: BTreeSet<TaskId>,
    /// By the hash of each request: how often the provider got it, and what it billed.
    pub(super) bill: BTreeMap<String, Billed>,
    /// All that happened, for who looks for what went wrong.
    pub(super) told: Vec<String>,
    /// What must not be, and was.
    pub(super) wrongs: Vec<String>,
    is_telling: bool,
    /// Whether it is told to the terminal as it happens.
    is_loud: bool,
}

/// What a provider knows of a request.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Billed {
    pub(super) got: u32,
    pub(super) billed: u32,
    pub(super) cost: NanoUsd,
}

impl State {
    /// Whether something that happens once in so many times happens now.
    pub(super) fn one_in(&mut self, times: usize) -> bool {
        self.draws.below(times) == 0
    }

    /// A number of these.
    pub(super) fn within(&mut self, range: std::ops::Range<u64>) -> u64 {
        range.start + self.draws.below((range.end - range.start) as usize) as u64
    }

    pub(super) fn tell(&mut self, what: impl FnOnce() -> String) {
        if self.is_telling {
            let what = what();
            if self.is_loud {
                let _ = writeln!(std::io::stderr(), "{what}");
            }
            self.told.push(what);
        }
    }
}

impl World {
    /// A world that nobody has lived in, in an empty folder.
    pub(super) fn new(root: &Path, seed: u64, is_telling: bool) -> Self {
        for folder in ["data", "config", "files"] {
            std::fs::create_dir_all(root.join(folder)).unwrap();
        }
        std::fs::write(root.join("config/models.toml"), CATALOGUE).unwrap();
        std::fs::write(root.join("files").join(FILE), "wrong\n").unwrap();
        let state = State {
            draws: Seed(seed).draws(),
            is_calm: false,
            now_ms: BEGINNING,
            commands: Commands::default(),
            asked: BTreeSet::new(),
            bill: BTreeMap::new(),
            told: Vec::new(),
            wrongs: Vec::new(),
            is_telling,
            is_loud: std::env::var_os(super::TELL).is_some(),
        };
        Self { root: root.to_owned(), state: Mutex::new(state) }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub(super) fn places(&self) -> Places {
        let below = |name: &str| self.root.join(name);
        Places {
            data: below("data"),
            cache: below("cache"),
            models: below("cache/models"),
            config: below("config"),
            runtime: below("data/work"),
        }
    }

    /// The person's files.
    pub(super) fn files(&self) -> PathBuf {
        self.root.join("files")
    }
}
