//! The catalogue as it is now, for who asks for it often: the person may connect a model while
//! others are at work, so the file is looked at each time, and read when it has changed, or the
//! price book beside it has, or another hour has begun, with which prices may change.

use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use tenfold_domain::Timestamp;

use crate::dirs::PRICES;
use crate::{Catalogue, ModelsError, SHIPPED};

/// Prices that change by the hour are rare, and change at a full one.
const HOUR_MS: u64 = 3_600_000;

/// The shipped catalogue with a person's own file.
#[derive(Debug)]
pub struct Current {
    user_file: PathBuf,
    read: Mutex<Option<(State, Arc<Catalogue>)>>,
}

/// What the catalogue depends on: its file, the price book, and the hour.
type State = (Stamp, Stamp, u64);

/// What tells one form of a file from another without reading it; nothing if there is none.
type Stamp = Option<(u64, Option<SystemTime>, u64)>;

impl Current {
    /// With the person's file at this path, if it is there.
    pub fn new(user_file: &Path) -> Self {
        Self { user_file: user_file.to_owned(), read: Mutex::default() }
    }

    /// The catalogue as it is now.
    ///
    /// # Errors
    /// As for [`Catalogue::load`].
    pub fn catalogue(&self) -> Result<Arc<Catalogue>, ModelsError> {
        // Before it is read: what is written meanwhile is read the next time.
        let stamp = |path: &Path| std::fs::metadata(path).ok().map(|found| stamp(&found));
        let hour = Timestamp::from(SystemTime::now()).0 / HOUR_MS;
        let now = (stamp(&self.user_file), stamp(&self.user_file.with_file_name(PRICES)), hour);
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, catalogue)) = &*read
            && *known == now
        {
            return Ok(Arc::clone(catalogue));
        }
        let catalogue = Arc::new(Catalogue::load(SHIPPED, &self.user_file)?);
        *read = Some((now, Arc::clone(&catalogue)));
        Ok(catalogue)
    }
}

fn stamp(found: &Metadata) -> (u64, Option<SystemTime>, u64) {
    #[cfg(unix)]
    let file = std::os::unix::fs::MetadataExt::ino(found);
    #[cfg(not(unix))]
    let file = 0;
    (found.len(), found.modified().ok(), file)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = r#"
        [[hosted]]
        name = "far"
        protocol = "openai"
        model = "m"
        context_tokens = 8192
        [hosted.price]
        usd_per_million_prompt = "1"
        usd_per_million_cached = "1"
        usd_per_million_output = "1"
    "#;

    #[test]
    fn a_file_that_comes_changes_and_goes_is_seen() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("models.toml");
        let current = Current::new(&file);
        let first = current.catalogue().unwrap();
        assert!(Arc::ptr_eq(&first, &current.catalogue().unwrap()), "read once");
        assert!(first.model("far").is_err());
        std::fs::write(&file, OWN).unwrap();
        assert!(current.catalogue().unwrap().model("far").is_ok());
        std::fs::write(&file, OWN.replace("far", "farther")).unwrap();
        assert!(current.catalogue().unwrap().model("farther").is_ok());
        std::fs::write(&file, "no = catalogue").unwrap();
        assert!(current.catalogue().is_err());
        std::fs::remove_file(&file).unwrap();
        assert_eq!(current.catalogue().unwrap(), first);
    }
}
