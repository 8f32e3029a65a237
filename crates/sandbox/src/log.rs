//! The log of a run: what it writes, laid down in files as it comes, so that it can be read while
//! the run goes on, in pieces.
//!
//! It is a row of files of one size with the numbers from zero. When one is full the next one
//! begins, and the one before it is removed: the newest output is always there, and whoever reads
//! too slowly is told how much was lost. Apart from the run, because neither waits for the other:
//! who reads needs no more than the directory. Nothing here writes.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use tenfold_domain::Bytes;

use crate::SandboxError;

/// A log, read from its beginning to its end.
#[derive(Debug)]
pub struct Log {
    dir: PathBuf,
    each: u64,
    /// The file that is read, and how much of it was.
    number: u64,
    at: u64,
}

/// What came next in a log.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Logged {
    /// Bytes before these that are gone, because more came than is kept.
    pub lost: u64,
    /// Raw; none if nothing new is there.
    pub bytes: Vec<u8>,
}

impl Log {
    /// The log that a [`Job`](crate::Job) writes into `dir` with this limit of output. It need
    /// not be there yet.
    pub fn new(dir: PathBuf, output: Bytes) -> Self {
        Self { dir, each: file_bytes(output), number: 0, at: 0 }
    }

    /// What comes next, at most so many bytes of it. When the run has ended and nothing comes,
    /// nothing ever will. It blocks for as long as a file takes to be read.
    ///
    /// # Errors
    /// [`SandboxError::Io`] if it is there and can't be read.
    pub fn read(&mut self, most: usize) -> Result<Logged, SandboxError> {
        self.next(most).map_err(SandboxError::io("read the log in", &self.dir))
    }

    fn next(&mut self, most: usize) -> io::Result<Logged> {
        let mut logged = Logged::default();
        loop {
            match File::open(file(&self.dir, self.number)) {
                Ok(mut file) => {
                    file.seek(SeekFrom::Start(self.at))?;
                    file.take(most as u64).read_to_end(&mut logged.bytes)?;
                    self.at += logged.bytes.len() as u64;
                    if !logged.bytes.is_empty() || self.at < self.each {
                        return Ok(logged);
                    }
                    (self.number, self.at) = (self.number + 1, 0);
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    let oldest = oldest(&self.dir)?.filter(|oldest| *oldest > self.number);
                    let Some(oldest) = oldest else { return Ok(logged) };
                    logged.lost += (oldest - self.number) * self.each - self.at;
                    (self.number, self.at) = (oldest, 0);
                }
                Err(error) => return Err(error),
            }
        }
    }
}

/// How much one file of a log holds, in bytes: two of them are kept.
pub(crate) fn file_bytes(output: Bytes) -> u64 {
    (output.0 / 2).max(1)
}

pub(crate) fn file(dir: &Path, number: u64) -> PathBuf {
    dir.join(number.to_string())
}

fn oldest(dir: &Path) -> io::Result<Option<u64>> {
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        entries => entries?,
    };
    let mut oldest = None;
    for entry in entries {
        let number = entry?.file_name().to_str().and_then(|name| name.parse::<u64>().ok());
        oldest = oldest.into_iter().chain(number).min();
    }
    Ok(oldest)
}
