//! SHA-256: the one thing by which a model's file is known.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tenfold_domain::{Bytes, hex};

use crate::{Cancel, ModelsError, Progress};

/// How much is read at a time: large enough for the disk, small enough to stop at once.
const CHUNK: usize = 1 << 20;

/// A SHA-256, written as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Sha256Sum([u8; 32]);

impl Sha256Sum {
    /// The sum that a hasher has come to.
    pub(crate) fn of(hasher: Sha256) -> Self {
        Self(hasher.finalize().into())
    }
}

impl fmt::Display for Sha256Sum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl fmt::Debug for Sha256Sum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Sha256Sum {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bad = || format!("'{text}' is not a SHA-256: that is 64 hexadecimal digits");
        if text.len() != 64 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(bad());
        }
        let mut sum = [0; 32];
        for (n, byte) in sum.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * n..2 * n + 2], 16).map_err(|_| bad())?;
        }
        Ok(Self(sum))
    }
}

impl TryFrom<String> for Sha256Sum {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Sha256Sum> for String {
    fn from(sum: Sha256Sum) -> String {
        sum.to_string()
    }
}

/// The SHA-256 of a file and its size, telling `progress` how far it has come.
///
/// # Errors
/// [`ModelsError::Io`] if it can't be read, [`ModelsError::Cancelled`] if it was stopped.
pub fn hash_file(
    path: &Path,
    progress: &mut dyn FnMut(Progress),
    cancel: &Cancel,
) -> Result<(Sha256Sum, Bytes), ModelsError> {
    let mut file = File::open(path).map_err(ModelsError::io("open", path))?;
    let total = Bytes(file.metadata().map_err(ModelsError::io("read", path))?.len());
    let mut hasher = Sha256::new();
    let done = hash_rest(&mut file, path, &mut hasher, total, progress, cancel)?;
    Ok((Sha256Sum::of(hasher), done))
}

/// Reads `file` to its end into `hasher`; how many bytes that were.
pub(crate) fn hash_rest(
    file: &mut File,
    path: &Path,
    hasher: &mut Sha256,
    total: Bytes,
    progress: &mut dyn FnMut(Progress),
    cancel: &Cancel,
) -> Result<Bytes, ModelsError> {
    let mut chunk = vec![0; CHUNK];
    let mut done = Bytes(0);
    loop {
        if cancel.is_cancelled() {
            return Err(ModelsError::Cancelled);
        }
        let n = file.read(&mut chunk).map_err(ModelsError::io("read", path))?;
        if n == 0 {
            return Ok(done);
        }
        hasher.update(&chunk[..n]);
        done += Bytes(n as u64);
        progress(Progress::Hashed { done, total });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn a_file_has_the_hash_that_the_standard_gives() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("abc");
        std::fs::write(&path, "abc").unwrap();
        let (sum, size) = hash_file(&path, &mut |_| (), &Cancel::new()).unwrap();
        assert_eq!((sum.to_string().as_str(), size), (ABC, Bytes(3)));
        assert_eq!(ABC.to_uppercase().parse(), Ok(sum));
    }

    #[test]
    fn what_is_no_hash_is_refused() {
        for text in ["", "abc", &"g".repeat(64), &"é".repeat(32), &ABC[1..]] {
            assert!(text.parse::<Sha256Sum>().is_err(), "{text}");
        }
    }

    #[test]
    fn hashing_stops_when_told_to() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("abc");
        std::fs::write(&path, "abc").unwrap();
        let cancel = Cancel::new();
        cancel.cancel();
        let stopped = hash_file(&path, &mut |_| (), &cancel);
        assert!(matches!(stopped, Err(ModelsError::Cancelled)));
    }
}
