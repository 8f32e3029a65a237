//! Trying out changed files of a library: do its tests still pass, and which fail?
//!
//! What was once tried is kept in the cache directory under the hash of all that decides
//! the answer, so that the tasks of a seed are found again in a second. Nothing here
//! decides what to try.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tenfold_domain::hex;

use super::confine;
use super::fetch::cache;
use super::ground::{Ground, copy, write};
use super::hide::Files;
use super::suite::{self, Verdict};
use crate::python::Environment;
use crate::trouble::{Tried, Trouble};

/// What any run of a test-suite may take, and how many times the unbroken suite's time.
const LEAST_LIMIT_MS: u64 = 10_000;
const LIMIT_FACTOR: u64 = 4;

/// The limit for the unbroken suite, which may have to compile first.
const FIRST_LIMIT_MS: u64 = 120_000;

/// A verdict as it lies in the cache.
#[derive(Serialize, Deserialize)]
struct Kept {
    verdict: Verdict,
    wall_ms: u64,
}

/// A library with a copy of its own to try things in.
pub(super) struct Trial<'a> {
    pub(super) ground: &'a Ground,
    python: &'a Environment,
    /// Made when the first thing is run: often everything is known already.
    work: Option<tempfile::TempDir>,
    kept: PathBuf,
    /// The hash of the library as it was laid out.
    base: String,
    pub(super) limit: Duration,
}

impl<'a> Trial<'a> {
    /// Runs the unbroken tests first; they all have to pass.
    pub(super) fn new(ground: &'a Ground, python: &'a Environment) -> Result<Self, Trouble> {
        let kept = cache()?.join("verdicts").join(&ground.library.name);
        std::fs::create_dir_all(&kept).tried(|| format!("could not create {}", kept.display()))?;
        let limit = Duration::from_millis(FIRST_LIMIT_MS);
        let base = hash(ground.files.iter().flat_map(|(path, text)| [path.as_str(), text]));
        let mut trial = Self { ground, python, work: None, kept, base, limit };
        let first = trial.kept(&Files::new(), &[])?;
        match first.verdict {
            Verdict::Passed => {}
            other => {
                return Err(Trouble::failed(format!(
                    "the unbroken tests of {} do not pass on this machine: {other:?}",
                    ground.library.name
                )));
            }
        }
        trial.limit = Duration::from_millis(LEAST_LIMIT_MS + LIMIT_FACTOR * first.wall_ms);
        Ok(trial)
    }

    /// The verdict on the library with these files changed; of the tests in the files
    /// `only`, if it names any.
    pub(super) fn verdict(&mut self, changed: &Files, only: &[String]) -> Result<Verdict, Trouble> {
        self.kept(changed, only).map(|kept| kept.verdict)
    }

    fn kept(&mut self, changed: &Files, only: &[String]) -> Result<Kept, Trouble> {
        let line = suite::line(&self.ground.library, only);
        let words = [self.ground.library.sha256.as_str(), &self.base, &line].into_iter();
        let key = hash(words.chain(changed.iter().flat_map(|(path, text)| [path.as_str(), text])));
        let file = self.kept.join(key);
        if let Some(kept) = std::fs::read(&file).ok().and_then(|b| serde_json::from_slice(&b).ok())
        {
            return Ok(kept);
        }
        let kept = self.run(changed, &line)?;
        let bytes = serde_json::to_vec(&kept).tried(|| "could not write a verdict".to_owned())?;
        // A whole file or none: another bench may be reading.
        let half = file.with_extension(std::process::id().to_string());
        std::fs::write(&half, bytes)
            .and_then(|()| std::fs::rename(&half, &file))
            .tried(|| format!("could not write {}", file.display()))?;
        Ok(kept)
    }

    fn run(&mut self, changed: &Files, line: &str) -> Result<Kept, Trouble> {
        if self.work.is_none() {
            let work = tempfile::tempdir().tried(|| "could not make a folder".to_owned())?;
            copy(&self.ground.dir, &work.path().join("lib"))?;
            self.work = Some(work);
        }
        let work = self.work.as_ref().expect("it was made just above").path().join("lib");
        for (path, text) in changed {
            write(&work, path, text)?;
        }
        let ran = confine::shell(line, &work, self.python, self.limit)?;
        for path in changed.keys() {
            write(&work, path, &self.ground.files[path])?;
        }
        let verdict = suite::verdict(self.ground.library.language, &ran);
        Ok(Kept { verdict, wall_ms: u64::try_from(ran.wall.as_millis()).unwrap_or(u64::MAX) })
    }
}

/// A hash over words, in which where one ends and the next begins counts.
fn hash<'t>(words: impl Iterator<Item = &'t str>) -> String {
    let mut digest = Sha256::new();
    for word in words {
        digest.update((word.len() as u64).to_le_bytes());
        digest.update(word.as_bytes());
    }
    hex(&digest.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_border_between_words_counts() {
        assert_ne!(hash(["ab", "c"].into_iter()), hash(["a", "bc"].into_iter()));
    }
}
