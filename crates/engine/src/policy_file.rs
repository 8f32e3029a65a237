//! The policy that holds, as its file is now: the person may change it while others are at work, and
//! the next call of each goes by what it says then. It is apart from what is decided by it
//! ([`approval`](crate::approval)) because it is a file: it is looked at each time, and read when
//! it has changed. One that does not read changes nothing: what held before goes on holding.

use std::fs::{File, Metadata};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use tenfold_policy::{MAX_FILE_BYTES, Policy};

use crate::EngineError;

/// The name of a person's policy in their configuration folder.
pub const POLICY_FILE: &str = "policy.toml";

/// The built-in policy with the person's own laid over it.
#[derive(Debug)]
pub(crate) struct PolicyFile {
    path: PathBuf,
    held: Mutex<(Stamp, Arc<Policy>)>,
}

/// What tells one form of a file from another without reading it; nothing if there is none.
type Stamp = Option<(u64, Option<SystemTime>, u64)>;

impl PolicyFile {
    /// That of a configuration folder.
    ///
    /// # Errors
    /// [`EngineError::Policy`] if the person's file does not read; [`EngineError::Io`].
    pub(crate) fn of(config: &Path) -> Result<Self, EngineError> {
        let path = config.join(POLICY_FILE);
        let stamp = stamp(&path);
        let policy = Arc::new(read(&path)?);
        Ok(Self { path, held: Mutex::new((stamp, policy)) })
    }

    /// What holds now.
    pub(crate) fn now(&self) -> Arc<Policy> {
        // Before it is read: what is written meanwhile is read the next time.
        let now = stamp(&self.path);
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.0 != now {
            held.0 = now;
            match read(&self.path) {
                Ok(policy) => {
                    tracing::info!("{} has changed, and holds from now on", self.path.display());
                    held.1 = Arc::new(policy);
                }
                Err(why) => tracing::error!("what held before goes on holding: {why}"),
            }
        }
        Arc::clone(&held.1)
    }
}

fn read(path: &Path) -> Result<Policy, EngineError> {
    let mut text = Vec::new();
    let read = File::open(path)
        .and_then(|file| file.take(MAX_FILE_BYTES as u64 + 1).read_to_end(&mut text));
    match read {
        Ok(_) => Policy::with_own(&text)
            .map_err(|why| EngineError::Policy { path: path.display().to_string(), why }),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Policy::built_in()),
        Err(error) => Err(EngineError::io(format!("reading {}", path.display()), error)),
    }
}

fn stamp(path: &Path) -> Stamp {
    let stamp = |found: Metadata| {
        #[cfg(unix)]
        let file = std::os::unix::fs::MetadataExt::ino(&found);
        #[cfg(not(unix))]
        let file = 0;
        (found.len(), found.modified().ok(), file)
    };
    std::fs::metadata(path).ok().map(stamp)
}

#[cfg(test)]
mod tests {
    use tenfold_policy::{Request, Verdict};

    use super::*;

    const DENIES: &str = "version = 1\n[[rule]]\nname = \"no-make\"\nwhy = \"so\"\ndecide = \"deny\"\n\
                          command = \"make\"\n";

    #[test]
    fn a_file_that_comes_changes_and_goes_is_taken_up_and_one_that_does_not_read_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(POLICY_FILE);
        let policy = PolicyFile::of(folder.path()).unwrap();
        let makes = || policy.now().decide(&Request::Command { line: "make all".to_owned() });
        let first = policy.now();
        assert!(Arc::ptr_eq(&first, &policy.now()), "read once");
        let built_in = makes().verdict;
        assert_ne!(built_in, Verdict::Deny);
        std::fs::write(&file, DENIES).unwrap();
        assert_eq!((makes().verdict, makes().rule.as_deref()), (Verdict::Deny, Some("no-make")));
        std::fs::write(&file, "nonsense").unwrap();
        assert_eq!(makes().verdict, Verdict::Deny, "what held goes on holding");
        std::fs::write(&file, DENIES.replace("no-make", "not-make")).unwrap();
        assert_eq!(makes().rule.as_deref(), Some("not-make"));
        std::fs::remove_file(&file).unwrap();
        assert_eq!(makes().verdict, built_in);
    }
}
