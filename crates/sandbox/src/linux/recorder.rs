//! Lays down what a command writes in its [log](crate::log) as it comes, in bounded room.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};

use tenfold_domain::Bytes;

use super::stage::make_private;
use crate::log;

/// Writes a log.
pub(super) struct Recorder {
    dir: PathBuf,
    /// Keeps the directory's path good, whatever is mounted over it later.
    _open: File,
    file: File,
    number: u64,
    room: u64,
    each: u64,
}

impl Recorder {
    /// Begins a log in a directory that is made for it.
    pub(super) fn create(dir: &Path, output: Bytes) -> io::Result<Self> {
        make_private(dir)?;
        let open = File::open(dir)?;
        let dir = PathBuf::from(format!("/proc/self/fd/{}", open.as_raw_fd()));
        let file = File::create_new(log::file(&dir, 0))?;
        let each = log::file_bytes(output);
        Ok(Self { dir, _open: open, file, number: 0, room: each, each })
    }

    pub(super) fn push(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            if self.room == 0 {
                self.turn()?;
            }
            let (first, rest) = bytes.split_at(bytes.len().min(self.room as usize));
            self.file.write_all(first)?;
            self.room -= first.len() as u64;
            bytes = rest;
        }
        Ok(())
    }

    /// Begins the next file, and removes the one before the last.
    fn turn(&mut self) -> io::Result<()> {
        self.file = File::create_new(log::file(&self.dir, self.number + 1))?;
        if let Some(gone) = self.number.checked_sub(1) {
            fs::remove_file(log::file(&self.dir, gone))?;
        }
        (self.number, self.room) = (self.number + 1, self.each);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Log;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Each step writes so many bytes, and reads so many.
        #[test]
        fn what_is_read_is_the_whole_output_but_for_what_is_said_to_be_lost(
            output in 2_u64..40,
            steps in prop::collection::vec((0_usize..60, 1_usize..30), 1..20),
        ) {
            let dir = tempfile::tempdir().unwrap();
            let place = dir.path().join("log");
            let mut log = Log::new(place.clone(), Bytes(output));
            prop_assert_eq!(log.read(9).unwrap(), crate::Logged::default(), "none is there yet");
            let mut recorder = Recorder::create(&place, Bytes(output)).unwrap();
            let (mut written, mut at) = (Vec::new(), 0_usize);
            let mut take = |log: &mut Log, written: &[u8], most| {
                let logged = log.read(most).unwrap();
                at += logged.lost as usize;
                let same = written[at..].starts_with(&logged.bytes);
                at += logged.bytes.len();
                (same, at, logged.bytes.len())
            };
            for (count, most) in steps {
                let bytes: Vec<u8> = (0..count).map(|n| (written.len() + n) as u8).collect();
                written.extend(&bytes);
                recorder.push(&bytes).unwrap();
                let (same, _, _) = take(&mut log, &written, most);
                prop_assert!(same);
                let files = fs::read_dir(&place).unwrap().count();
                prop_assert!(files <= 2, "{} files", files);
            }
            loop {
                let (same, at, count) = take(&mut log, &written, 7);
                prop_assert!(same);
                if count == 0 {
                    prop_assert_eq!(at, written.len(), "the newest is there");
                    break;
                }
            }
        }
    }
}
