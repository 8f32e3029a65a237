//! What the last snapshot saw: which content a file had, by its size, times and inode.
//!
//! Apart, because it makes snapshots quick and must never make one wrong: an entry counts
//! only if nothing that the system says of the file has changed, its time of change included,
//! which no program can set. Losing it costs time, nothing else.

use std::collections::HashMap;
use std::fs;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::folder::Look;
use crate::git::Git;
use crate::tree::path_of;

/// The file's first line; another form of the file gets another one.
const FORM: &[u8] = b"tenfold seen 1\n";

/// Files that changed shortly before they were read could change again within the same tick
/// of the file system's clock, which is two seconds at its coarsest.
const TICK_NANOS: i128 = 2_000_000_000;

/// What was seen, by path.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    files: HashMap<PathBuf, (Fingerprint, String)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Fingerprint {
    bytes: u64,
    inode: u64,
    device: u64,
    modified: i128,
    changed: i128,
}

impl From<&Look> for Fingerprint {
    fn from(look: &Look) -> Self {
        Self {
            bytes: look.bytes,
            inode: look.inode,
            device: look.device,
            modified: look.modified,
            changed: look.changed,
        }
    }
}

impl Seen {
    /// What was saved beside the snapshots; nothing if it can't be read.
    pub(crate) fn load(git: &Git) -> Self {
        let text = fs::read(file(git)).unwrap_or_default();
        let records = text.strip_prefix(FORM).unwrap_or_default();
        let files = records.split(|byte| *byte == 0).filter_map(read_record).collect();
        Self { files }
    }

    /// The content that a file has, if it is as it was.
    pub(crate) fn blob(&self, path: &Path, look: &Look) -> Option<&str> {
        let (fingerprint, blob) = self.files.get(path)?;
        (*fingerprint == look.into()).then_some(blob.as_str())
    }

    /// Whether there is nothing in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Adds a file that was read after `began`, unless it is too young to be told from a
    /// later one.
    pub(crate) fn add(&mut self, path: &Path, look: &Look, blob: &str, began: SystemTime) {
        let began = began.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
        let oldest_doubt = i128::try_from(began).unwrap_or(i128::MAX) - TICK_NANOS;
        if look.modified.max(look.changed) < oldest_doubt {
            self.files.insert(path.to_owned(), (look.into(), blob.to_owned()));
        }
    }

    /// Saves it, whole or not at all. It is no failure if that does not work.
    pub(crate) fn save(&self, git: &Git) {
        let mut text = FORM.to_vec();
        for (path, (seen, blob)) in &self.files {
            let Fingerprint { bytes, inode, device, modified, changed } = seen;
            let record = format!("{blob} {bytes} {inode} {device} {modified} {changed} ");
            text.extend(record.as_bytes());
            text.extend(path.as_os_str().as_bytes());
            text.push(0);
        }
        if let Ok(mut new) = tempfile::NamedTempFile::new_in(git.dir())
            && new.write_all(&text).is_ok()
        {
            let _ = new.persist(file(git));
        }
    }
}

fn file(git: &Git) -> PathBuf {
    git.dir().join("seen")
}

fn read_record(record: &[u8]) -> Option<(PathBuf, (Fingerprint, String))> {
    let mut fields = record.splitn(7, |byte| *byte == b' ');
    let mut text = || std::str::from_utf8(fields.next()?).ok();
    let blob = text()?.to_owned();
    let fingerprint = Fingerprint {
        bytes: text()?.parse().ok()?,
        inode: text()?.parse().ok()?,
        device: text()?.parse().ok()?,
        modified: text()?.parse().ok()?,
        changed: text()?.parse().ok()?,
    };
    Some((path_of(fields.next()?), (fingerprint, blob)))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::folder::Form;

    fn look(changed: i128) -> Look {
        Look {
            form: Form::File,
            mode: 0o644,
            bytes: 5,
            inode: 7,
            device: 1,
            modified: 1,
            changed,
            owner: 0,
            group: 0,
        }
    }

    #[test]
    fn a_file_counts_as_seen_only_if_nothing_about_it_changed() {
        let dir = tempfile::tempdir().unwrap();
        let git = Git::new(Path::new("git"), dir.path());
        let began = UNIX_EPOCH + Duration::from_secs(100);
        let mut seen = Seen::default();
        let path = Path::new("a b\nc");
        let (old, young) = (look(97_000_000_000), look(99_000_000_000));
        seen.add(path, &old, "b10b", began);
        seen.add(Path::new("young"), &young, "b10b", began);
        seen.save(&git);
        let seen = Seen::load(&git);
        assert_eq!(seen.blob(path, &old), Some("b10b"));
        assert_eq!(seen.blob(path, &young), None);
        assert_eq!(seen.blob(Path::new("young"), &young), None);
    }

    #[test]
    fn what_can_not_be_read_is_nothing_seen() {
        let dir = tempfile::tempdir().unwrap();
        let git = Git::new(Path::new("git"), dir.path());
        fs::write(file(&git), b"tenfold seen 1\n\0x 1 2\0\xff\xfe\0").unwrap();
        assert!(Seen::load(&git).is_empty());
    }
}
