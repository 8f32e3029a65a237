//! Blobs: bytes that are too large for an event, found by their hash. They are never changed;
//! putting the same bytes again costs nothing. What they mean is for whoever put them.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use rusqlite::{Connection, OptionalExtension};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::StoreError;
use crate::error::Doing;

/// The largest blob, in bytes (256 MiB).
pub const BLOB_BYTES_MAX: usize = 256 << 20;

/// The SHA-256 of a blob; 64 hexadecimal digits as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BlobHash([u8; 32]);

/// The text is not a blob's hash.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a blob's hash: expected 64 hexadecimal digits")]
pub struct BlobHashError(pub String);

impl BlobHash {
    /// The hash of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

impl fmt::Display for BlobHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&tenfold_domain::hex(&self.0))
    }
}

impl FromStr for BlobHash {
    type Err = BlobHashError;

    fn from_str(text: &str) -> Result<Self, BlobHashError> {
        let wrong = || BlobHashError(text.to_owned());
        if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(wrong());
        }
        let mut hash = [0; 32];
        for (byte, place) in hash.iter_mut().zip((0..64).step_by(2)) {
            *byte = u8::from_str_radix(&text[place..place + 2], 16).map_err(|_| wrong())?;
        }
        Ok(Self(hash))
    }
}

impl TryFrom<String> for BlobHash {
    type Error = BlobHashError;

    fn try_from(text: String) -> Result<Self, BlobHashError> {
        text.parse()
    }
}

impl From<BlobHash> for String {
    fn from(hash: BlobHash) -> String {
        hash.to_string()
    }
}

/// Keeps the bytes, if they are not kept already.
pub(crate) fn put(connection: &Connection, hash: BlobHash, bytes: &[u8]) -> Result<(), StoreError> {
    connection
        .prepare_cached("INSERT OR IGNORE INTO blob (hash, bytes) VALUES (?1, ?2)")
        .and_then(|mut insert| insert.execute((&hash.0[..], bytes)))
        .doing(connection, "keeping a blob")
        .map(|_| ())
}

/// The bytes with this hash; `None` if they were never put.
pub(crate) fn get(connection: &Connection, hash: BlobHash) -> Result<Option<Vec<u8>>, StoreError> {
    let found: Option<Vec<u8>> = connection
        .prepare_cached("SELECT bytes FROM blob WHERE hash = ?1")
        .and_then(|mut query| query.query_row([&hash.0[..]], |row| row.get(0)))
        .optional()
        .doing(connection, "reading a blob")?;
    match found {
        Some(bytes) if BlobHash::of(&bytes) != hash => Err(StoreError::Corrupt {
            path: Path::new(connection.path().unwrap_or_default()).to_owned(),
            detail: format!("blob {hash} holds other bytes than were put"),
        }),
        found => Ok(found),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_reads_back_and_nothing_else_does() {
        let hash = BlobHash::of(b"abc");
        let text = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(hash.to_string(), text);
        assert_eq!(text.parse(), Ok(hash));
        for wrong in ["", "ba78", &format!("{}é", "0".repeat(62)), &format!("+{}", &text[1..])] {
            assert_eq!(wrong.parse::<BlobHash>(), Err(BlobHashError(wrong.to_owned())));
        }
    }
}
