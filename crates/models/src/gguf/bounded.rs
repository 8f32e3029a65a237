//! A reader that counts, stops at a limit, and never allocates what a length claims.

use std::io::{self, BufReader, Read};

use super::{GgufError, NAME_LIMIT, limited};

/// Bytes from a source, up to a limit.
pub(super) struct Bounded<R> {
    source: BufReader<R>,
    position: u64,
    limit: u64,
}

impl<R: Read> Bounded<R> {
    pub(super) fn new(source: R, limit: u64) -> Self {
        Self { source: BufReader::with_capacity(64 << 10, source), position: 0, limit }
    }

    /// How many bytes have been read.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    fn advance(&mut self, by: u64) -> Result<(), GgufError> {
        let position = self.position.saturating_add(by);
        self.position = limited("bytes of header", position, self.limit)?;
        Ok(())
    }

    fn fill(&mut self, buffer: &mut [u8]) -> Result<(), GgufError> {
        let before = self.position;
        self.advance(buffer.len() as u64)?;
        self.source.read_exact(buffer).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => GgufError::Truncated(before),
            _ => GgufError::Read(error),
        })
    }

    /// The next `N` bytes.
    pub(super) fn bytes<const N: usize>(&mut self) -> Result<[u8; N], GgufError> {
        let mut buffer = [0; N];
        self.fill(&mut buffer)?;
        Ok(buffer)
    }

    pub(super) fn u32(&mut self) -> Result<u32, GgufError> {
        Ok(u32::from_le_bytes(self.bytes()?))
    }

    pub(super) fn u64(&mut self) -> Result<u64, GgufError> {
        Ok(u64::from_le_bytes(self.bytes()?))
    }

    /// Passes over `count` bytes.
    pub(super) fn skip(&mut self, count: u64) -> Result<(), GgufError> {
        let before = self.position;
        self.advance(count)?;
        let skipped = io::copy(&mut (&mut self.source).take(count), &mut io::sink())
            .map_err(GgufError::Read)?;
        if skipped < count { Err(GgufError::Truncated(before + skipped)) } else { Ok(()) }
    }

    /// The next string if it has at most `limit` bytes; a longer one is passed over.
    pub(super) fn string(&mut self, limit: u64) -> Result<Option<Vec<u8>>, GgufError> {
        let length = self.u64()?;
        if length > limit {
            self.skip(length)?;
            return Ok(None);
        }
        let mut buffer = vec![0; usize::try_from(length).unwrap_or(0)];
        self.fill(&mut buffer)?;
        Ok(Some(buffer))
    }

    /// The next string, which has to be as short as names are.
    pub(super) fn name(&mut self) -> Result<String, GgufError> {
        let length = self.u64()?;
        limited("bytes in a name", length, NAME_LIMIT)?;
        let mut buffer = vec![0; usize::try_from(length).unwrap_or(0)];
        self.fill(&mut buffer)?;
        String::from_utf8(buffer).map_err(|_| GgufError::Malformed("a name is not UTF-8"))
    }
}
