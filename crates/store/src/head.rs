//! What was recorded last, in a small file beside the store, so that a store which has lost its
//! end, or was replaced by an older copy, is noticed: SQLite by itself takes either for sound.
//!
//! It is written after a commit, never before, and read when the store is opened for writing. It
//! may be behind the journal, by what a crash kept from it; ahead of it, it never is. Two places
//! in it are written in turn, so that one of them is always whole.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};
use tenfold_domain::Seq;

use crate::StoreError;
use crate::chain::Checksum;
use crate::connection::private;

/// What a place begins with.
const MARK: &[u8; 8] = b"TenfHead";
/// The bytes of one place: the mark, a number, a checksum, and a checksum over these.
const PLACE: usize = 8 + 8 + 16 + 16;
/// From one place to the next.
const APART: u64 = 64;
/// How often it is brought to the disk at most; a crash of the machine loses no more of it.
const BETWEEN_SYNCS: Duration = Duration::from_secs(1);

/// The newest event.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Head {
    /// Its place; zero if there is none.
    pub(crate) seq: Seq,
    /// Its checksum.
    pub(crate) checksum: Checksum,
}

impl Head {
    fn written(self) -> [u8; PLACE] {
        let mut bytes = [0; PLACE];
        bytes[..8].copy_from_slice(MARK);
        bytes[8..16].copy_from_slice(&self.seq.0.to_le_bytes());
        bytes[16..32].copy_from_slice(&self.checksum.0);
        let own = Sha256::digest(&bytes[..32]);
        bytes[32..].copy_from_slice(&own[..16]);
        bytes
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let seq = u64::from_le_bytes(bytes.get(8..16)?.try_into().ok()?);
        let head = Self { seq: Seq(seq), checksum: Checksum::read(bytes.get(16..32)?)? };
        (head.written() == bytes).then_some(head)
    }
}

/// The file, open for writing.
#[derive(Debug)]
pub(crate) struct HeadFile {
    path: PathBuf,
    file: File,
    second: bool,
    synced: Instant,
}

impl HeadFile {
    /// Where the head of a store is.
    pub(crate) fn path_of(store: &Path) -> PathBuf {
        let mut name = store.file_name().unwrap_or_default().to_owned();
        name.push("-head");
        store.with_file_name(name)
    }

    /// Opens the file of a store, which is made if it is not there, and says what it has: nothing
    /// if it is new, or neither place is whole.
    pub(crate) fn open(store: &Path) -> Result<(Self, Option<Head>), StoreError> {
        let path = Self::path_of(store);
        let mut options = OpenOptions::new();
        private(options.read(true).write(true).create(true).truncate(false));
        let file = options.open(&path).map_err(|error| StoreError::io("opening", &path, error))?;
        let places = places(&file);
        let newest = newest(places);
        // The other one is written next.
        let second = places[0].is_some() && newest == places[0];
        Ok((Self { path, file, second, synced: Instant::now() }, newest))
    }

    /// What the file of a store has, for who only reads.
    pub(crate) fn read(store: &Path) -> Result<Option<Head>, StoreError> {
        let path = Self::path_of(store);
        match File::open(&path) {
            Ok(file) => Ok(newest(places(&file))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StoreError::io("reading", &path, error)),
        }
    }

    /// Writes down what was recorded last. The system has it then, and the disk a second later.
    pub(crate) fn write(&mut self, head: Head) -> Result<(), StoreError> {
        let failed = |error| StoreError::io("writing", &self.path, error);
        self.file.write_all_at(&head.written(), u64::from(self.second) * APART).map_err(failed)?;
        self.second = !self.second;
        Ok(())
    }

    /// Brings it to the disk, if that was long ago.
    pub(crate) fn sync_if_due(&mut self) -> Result<(), StoreError> {
        match self.synced.elapsed() < BETWEEN_SYNCS {
            true => Ok(()),
            false => self.sync(),
        }
    }

    /// Brings it to the disk.
    pub(crate) fn sync(&mut self) -> Result<(), StoreError> {
        self.synced = Instant::now();
        self.file.sync_data().map_err(|error| StoreError::io("writing", &self.path, error))
    }
}

fn places(file: &File) -> [Option<Head>; 2] {
    [0, 1].map(|place| {
        let mut bytes = [0; PLACE];
        file.read_exact_at(&mut bytes, place * APART).ok()?;
        Head::read(&bytes)
    })
}

fn newest(places: [Option<Head>; 2]) -> Option<Head> {
    places.into_iter().flatten().max_by_key(|head| head.seq)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(seq: u64) -> Head {
        Head { seq: Seq(seq), checksum: Checksum([u8::try_from(seq).unwrap(); 16]) }
    }

    #[test]
    fn the_newest_whole_place_counts_whatever_became_of_the_other() {
        let dir = tempfile::tempdir().unwrap();
        let store = dir.path().join("store.db");
        let (mut file, found) = HeadFile::open(&store).unwrap();
        assert_eq!(found, None);
        for seq in 1..=3 {
            file.write(head(seq)).unwrap();
            assert_eq!(HeadFile::open(&store).unwrap().1, Some(head(seq)));
        }
        // The newest is half written: the one before counts, and the next goes over the half.
        let path = HeadFile::path_of(&store);
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[20] ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        let (mut file, found) = HeadFile::open(&store).unwrap();
        assert_eq!(found, Some(head(2)));
        file.write(head(4)).unwrap();
        assert_eq!(HeadFile::open(&store).unwrap().1, Some(head(4)));
        std::fs::write(&path, "something else").unwrap();
        assert_eq!(HeadFile::open(&store).unwrap().1, None);
    }
}
