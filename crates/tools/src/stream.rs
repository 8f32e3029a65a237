//! What a command writes while it runs, made ready to be told in pieces: as a terminal would
//! leave it, without secrets, and only then cut.
//!
//! Apart, because a secret must not slip through by being cut in two, and what is still to come
//! decides what a secret is: lines are held back for as long as that can be. Nothing here reads
//! or waits, and it holds no more than some 100,000 bytes.

use tenfold_redact::Redactor;

use crate::{MAX_OUTPUT_BYTES, shown};

/// The longest line that is waited for, in bytes: of a longer one, parts are taken.
const MAX_LINE_BYTES: usize = 16_384;
/// The most that is held back, in bytes,
const MAX_HELD_BYTES: usize = 65_536;
/// and how much of it stays when it was more: a private key has less.
const KEPT_BYTES: usize = 16_384;
/// The longest word that is not cut in two, in bytes.
const WORD_BYTES: usize = 4_096;
/// How many places are tried where what is held back could be cut.
const PLACES: usize = 8;

/// The output of a command, of which some was told and some is still to come.
#[derive(Debug, Default)]
pub struct Stream {
    /// A line that is not at its end.
    raw: Vec<u8>,
    /// Lines in which a secret may begin.
    held: String,
    /// What can be told: secrets are taken out.
    ready: String,
}

impl Stream {
    /// Takes what was written next, in any cut; before it, so many bytes were lost.
    pub fn push(&mut self, lost: u64, mut bytes: &[u8], redactor: &Redactor) {
        if lost > 0 {
            // Half a word may be half a secret.
            let end = self.raw.len() - word(self.raw.iter().rev());
            let begin = word(bytes.iter());
            let left_out = lost + (self.raw.len() - end + begin) as u64;
            self.raw.truncate(end);
            self.end(redactor);
            self.ready.push_str(&format!("\n… ({left_out} bytes left out) …\n"));
            bytes = &bytes[begin..];
        }
        self.raw.extend_from_slice(bytes);
        let line = self.raw.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        self.show(line);
        if self.raw.len() > MAX_LINE_BYTES {
            let end = self.raw.len() - word(self.raw.iter().rev());
            let is_within = |at: &usize| self.raw.get(*at).is_some_and(|byte| byte & 0xc0 == 0x80);
            let cut = (end.saturating_sub(3)..=end).rev().find(|at| !is_within(at));
            self.show(cut.unwrap_or(end));
        }
        let settled = redactor.settled(&self.held);
        self.settle(settled, redactor);
        if self.held.len() > MAX_HELD_BYTES {
            let cut = place(&self.held, redactor);
            self.settle(cut, redactor);
        }
    }

    /// Nothing more comes.
    pub fn end(&mut self, redactor: &Redactor) {
        self.show(self.raw.len());
        self.settle(self.held.len(), redactor);
    }

    /// What is to be told next, at most [`MAX_OUTPUT_BYTES`]: whole lines, where that can be.
    pub fn piece(&mut self) -> String {
        let most = self.ready.floor_char_boundary(MAX_OUTPUT_BYTES);
        let end = match most == self.ready.len() {
            true => most,
            false => {
                let line = self.ready[..most].rfind('\n').map(|end| end + 1);
                line.filter(|end| *end > most / 2).unwrap_or(most)
            }
        };
        self.ready.drain(..end).collect()
    }

    /// Whether there is more than one piece holds, so that nothing more need be read.
    pub fn is_full(&self) -> bool {
        self.ready.len() > MAX_OUTPUT_BYTES
    }

    /// How much can be told now, in bytes.
    pub fn ready(&self) -> usize {
        self.ready.len()
    }

    /// How much can't be told yet, in bytes.
    pub fn held(&self) -> usize {
        self.raw.len() + self.held.len()
    }

    /// Makes so much of the raw bytes text.
    fn show(&mut self, end: usize) {
        let bytes: Vec<u8> = self.raw.drain(..end).collect();
        self.held.push_str(&shown::output(&String::from_utf8_lossy(&bytes)));
    }

    /// Takes the secrets out of so much of the text.
    fn settle(&mut self, end: usize, redactor: &Redactor) {
        let text: String = self.held.drain(..end).collect();
        self.ready.push_str(&redactor.text(&text));
    }
}

/// The length of the word that bytes begin with, if it is one and no more.
fn word<'b>(bytes: impl Iterator<Item = &'b u8>) -> usize {
    bytes.take(WORD_BYTES).position(u8::is_ascii_whitespace).unwrap_or(0)
}

/// Where a text that is too long to be held back is cut: between words, and in no secret that is
/// known by now.
fn place(text: &str, redactor: &Redactor) -> usize {
    let most = text.floor_char_boundary(text.len() - KEPT_BYTES);
    let near = |(at, _): &(usize, &str)| most - at <= WORD_BYTES;
    let blanks = text[..most].rmatch_indices(char::is_whitespace).take_while(near);
    let places: Vec<usize> = blanks.map(|(at, blank)| at + blank.len()).take(PLACES).collect();
    let whole = redactor.text(text);
    let is_fit = |at: &&usize| {
        let (before, after) = text.split_at(**at);
        whole == format!("{}{}", redactor.text(before), redactor.text(after))
    };
    places.iter().find(is_fit).or(places.first()).copied().unwrap_or(most)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A token of nothing, put together here so that no scanner takes this file for one.
    fn token() -> String {
        format!("ghp_{}", "N0tARealOne".repeat(4))
    }

    fn key() -> String {
        let mark = |word: &str| format!("-----{word} RSA PRIVATE {}-----\n", "KEY");
        mark("BEGIN") + &format!("{}\n", "NotARealKey0".repeat(5)).repeat(20) + &mark("END")
    }

    fn redactor() -> Redactor {
        Redactor::new(["no-real-key-of-mine"])
    }

    /// All pieces of an output that comes in these parts; pieces are taken as it comes.
    fn pieces(parts: &[&[u8]]) -> Vec<String> {
        let (mut stream, redactor) = (Stream::default(), redactor());
        let mut pieces = Vec::new();
        for part in parts {
            stream.push(0, part, &redactor);
            pieces.push(stream.piece());
        }
        stream.end(&redactor);
        while stream.ready() > 0 {
            pieces.push(stream.piece());
        }
        pieces
    }

    #[test]
    fn whole_lines_are_told_at_once_and_a_line_that_goes_on_is_held_back() {
        let (mut stream, redactor) = (Stream::default(), redactor());
        stream.push(0, b"one\ntw", &redactor);
        assert_eq!((stream.piece().as_str(), stream.held()), ("one\n", 2));
        stream.push(0, b"o\n", &redactor);
        assert_eq!((stream.piece().as_str(), stream.held()), ("two\n", 0));
        stream.push(0, b"10%\r100%", &redactor);
        stream.end(&redactor);
        assert_eq!(stream.piece(), "100%");
    }

    #[test]
    fn a_piece_ends_at_the_end_of_a_line_where_that_can_be() {
        let lines: String = (0..3_000).map(|n| format!("line {n}\n")).collect();
        let pieces = pieces(&[lines.as_bytes()]);
        assert!(pieces.len() > 4 && pieces.iter().all(|piece| piece.ends_with('\n')));
        assert!(pieces.iter().all(|piece| piece.len() <= MAX_OUTPUT_BYTES));
        let endless = self::pieces(&["ü".repeat(20_000).as_bytes()]);
        assert!(endless.iter().all(|piece| piece.len() <= MAX_OUTPUT_BYTES));
        assert_eq!(endless.concat(), "ü".repeat(20_000));
    }

    #[test]
    fn r43_a_secret_that_comes_in_parts_is_no_part_of_any_piece() {
        let (token, key) = (token(), key());
        for (secret, left) in [(&token, "[redacted: GitHub token]"), (&key, "[redacted: private")] {
            let whole = format!("{}x {secret} y\n", "line\n".repeat(1_190));
            let half = secret[secret.len() / 2..].trim_start().lines().next().unwrap_or_default();
            let control = redactor().text(half).to_lowercase();
            assert!(control.contains("arealone") || control.contains("notareal"), "{control}");
            for width in [1, 7, 64, 5_990] {
                let parts: Vec<&[u8]> = whole.as_bytes().chunks(width).collect();
                let told = pieces(&parts).concat();
                assert!(told.contains(left) && told.contains(" y\n"), "{told}");
                assert!(!told.contains("N0tAReal") && !told.contains("NotAReal"), "{told}");
            }
        }
        // Also where its beginning came long before.
        let half = &key[key.len() / 2..];
        let told = pieces(&[half.as_bytes().split_at(100).0, &half.as_bytes()[100..]]).concat();
        assert!(!told.contains("NotAReal"), "{told}");
    }

    #[test]
    fn r43_half_a_secret_at_the_edge_of_what_was_lost_is_left_out() {
        let (mut stream, redactor) = (Stream::default(), redactor());
        stream.push(0, &format!("a {}", &token()[..20]).into_bytes(), &redactor);
        stream.push(100, &format!("{} b\n", &token()[20..]).into_bytes(), &redactor);
        let left_out = 100 + token().len();
        assert_eq!(stream.piece(), format!("a \n… ({left_out} bytes left out) …\n b\n"));
    }

    #[test]
    fn what_is_held_back_has_a_bound() {
        let (mut stream, redactor) = (Stream::default(), redactor());
        let line = format!("{}\n", "NotARealKey0".repeat(6));
        for of in [line.as_bytes(), b"\0", b"x", "ü".as_bytes(), b"\x1b[", b"\r"] {
            for _ in 0..40 {
                stream.push(0, &of.repeat(30_000 / of.len()), &redactor);
                assert!(stream.held() <= MAX_HELD_BYTES + 30_000, "{}", stream.held());
                stream.ready.clear();
            }
        }
    }

    /// What outputs are made of, hard ones among it.
    fn part() -> impl Strategy<Value = Vec<u8>> {
        let fixed = [
            b"line\n".to_vec(),
            b"\n".to_vec(),
            b"a word ".to_vec(),
            b"\r".to_vec(),
            b"\x1b[31m".to_vec(),
            b"\xff".to_vec(),
            "ü😀".into(),
            b"no-real-key-of-mine".to_vec(),
            b"Bearer ".to_vec(),
            token().into_bytes(),
            key().into_bytes(),
            key()[..200].to_owned().into_bytes(),
            key()[key().len() - 200..].to_owned().into_bytes(),
        ];
        prop_oneof![
            6 => prop::sample::select(fixed.to_vec()),
            1 => prop::collection::vec(any::<u8>(), 0..9),
            1 => "[a-z ]{0,300}\n".prop_map(String::into_bytes),
        ]
    }

    proptest! {
        #[test]
        fn pieces_put_together_are_the_whole_output_without_its_secrets(
            parts in prop::collection::vec(part(), 0..60),
            cuts in prop::collection::vec(0_usize..4_000, 0..12),
        ) {
            let whole = parts.concat();
            let mut cuts: Vec<usize> = cuts.into_iter().map(|at| at.min(whole.len())).collect();
            cuts.extend([0, whole.len()]);
            cuts.sort_unstable();
            let parts: Vec<&[u8]> = cuts.windows(2).map(|at| &whole[at[0]..at[1]]).collect();
            let pieces = pieces(&parts);
            prop_assert!(pieces.iter().all(|piece| piece.len() <= MAX_OUTPUT_BYTES));
            let shown = shown::output(&String::from_utf8_lossy(&whole));
            prop_assert_eq!(pieces.concat(), redactor().text(&shown));
        }
    }
}
