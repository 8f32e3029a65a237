//! Keeps the head and the tail of what a command writes, in bounded memory, however much it
//! writes: ten gigabytes, one endless line, NUL bytes.

use std::collections::VecDeque;

/// The longest word that is left out whole rather than cut in two, in bytes: half a secret is not
/// known for one.
const WORD_BYTES: usize = 4_096;

/// The head and the tail of a stream of bytes.
pub(super) struct Capture {
    head: Vec<u8>,
    tail: VecDeque<u8>,
    head_limit: usize,
    tail_limit: usize,
    left_out: u64,
}

impl Capture {
    /// Keeps about `limit` bytes, half from the start and half from the end.
    pub(super) fn new(limit: u64) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        Self {
            head: Vec::new(),
            tail: VecDeque::new(),
            head_limit: limit / 2,
            tail_limit: limit - limit / 2,
            left_out: 0,
        }
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        let room = self.head_limit - self.head.len();
        let (first, rest) = bytes.split_at(room.min(bytes.len()));
        self.head.extend_from_slice(first);
        // Of a piece longer than the tail only its own tail can stay.
        let skipped = rest.len().saturating_sub(self.tail_limit);
        self.tail.extend(&rest[skipped..]);
        let surplus = self.tail.len().saturating_sub(self.tail_limit);
        self.tail.drain(..surplus);
        self.left_out += (skipped + surplus) as u64;
    }

    /// What was kept, with a line where something was left out.
    pub(super) fn finish(self) -> Vec<u8> {
        let (mut kept, tail) = (self.head, Vec::from(self.tail));
        if self.left_out == 0 {
            kept.extend(tail);
            return kept;
        }
        let half = kept.iter().rev().take(WORD_BYTES).position(u8::is_ascii_whitespace);
        let half = half.unwrap_or(0);
        kept.truncate(kept.len() - half);
        let rest = tail.iter().take(WORD_BYTES).position(u8::is_ascii_whitespace).unwrap_or(0);
        let left_out = self.left_out + (half + rest) as u64;
        kept.extend_from_slice(format!("\n[... {left_out} bytes left out ...]\n").as_bytes());
        kept.extend_from_slice(&tail[rest..]);
        kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn capture(limit: u64, pieces: &[&[u8]]) -> String {
        let mut capture = Capture::new(limit);
        for piece in pieces {
            capture.push(piece);
        }
        String::from_utf8(capture.finish()).unwrap()
    }

    #[test]
    fn what_fits_is_kept_as_it_is() {
        assert_eq!(capture(8, &[b"abc", b"", b"defgh"]), "abcdefgh");
        assert_eq!(capture(8, &[]), "");
    }

    #[test]
    fn head_and_tail_stay_and_the_rest_is_counted() {
        let expected = "abcd\n[... 6 bytes left out ...]\nklmn";
        assert_eq!(capture(8, &[b"abcdefghijklmn"]), expected);
        let single: Vec<&[u8]> = b"abcdefghijklmn".chunks(1).collect();
        assert_eq!(capture(8, &single), expected);
        assert_eq!(capture(0, &[b"abc"]), "\n[... 3 bytes left out ...]\n");
    }

    #[test]
    fn a_word_is_not_cut_in_two() {
        let kept = capture(20, &[b"one secret-in-the-midst two"]);
        assert_eq!(kept, "one \n[... 19 bytes left out ...]\n two");
    }
}
