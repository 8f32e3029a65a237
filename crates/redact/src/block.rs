//! Private keys between their lines of dashes, whole, or cut at either end. The lines may have
//! something before them, as `grep -n` puts it, or be one line with `\n` written out in it.
//!
//! Apart from `token`, because it goes by lines: what stands between the dashes is a key if it
//! holds a long run of base64. Code that only names the dashes has none.

use crate::{Kind, Span};

const DASHES: &str = "-----";
/// Lines between the dashes and the key: what it is encrypted by, and an empty one.
const HEAD_LINES: usize = 8;
/// Lines behind the last long one: the rest of the key, and its checksum.
const TAIL_LINES: usize = 2;
/// The shortest run of base64 that is a line of a key, in bytes; usual are 64, 70 and 76.
const RUN_BYTES: usize = 40;

/// The longest word that counts as one, in bytes.
const LONGEST_WORD: usize = 24;

/// Where they are, in order. Each byte is looked at a few times at most: what belongs to a line
/// of dashes ends at the next one.
pub(crate) fn find(text: &str) -> Vec<Span> {
    let dashes = dashes(text);
    let (mut spans, mut from) = (Vec::new(), 0);
    for (place, at) in dashes.iter().copied().enumerate() {
        if at < from {
            continue;
        }
        let next = |from: usize| dashes[place + 1..].iter().copied().find(|at| *at >= from);
        let found = match Mark::at(text, at) {
            Some(Mark { begins: true, end }) => {
                let until = next(end).unwrap_or(text.len());
                after(text, end, until).map(|end| at..end)
            }
            Some(Mark { begins: false, end }) => {
                let last = place.checked_sub(1).map_or(0, |before| dashes[before] + DASHES.len());
                before(text, last.max(from), at).map(|start| start..end)
            }
            None => None,
        };
        if let Some(at) = found {
            from = at.end;
            spans.push(Span { at, kind: Kind::PrivateKey });
        }
    }
    spans
}

/// Where a key may begin that is not known for one yet, or may go on, by what follows a text of
/// whole lines; none if nothing that follows can make one of what is there.
pub(crate) fn unended(text: &str) -> Option<usize> {
    let (mut begun, mut from) = (None, 0);
    for at in dashes(text) {
        if at < from {
            continue;
        }
        let mark = Mark::at(text, at);
        from = mark.as_ref().map_or(at + DASHES.len(), |mark| mark.end);
        begun = mark.filter(|mark| mark.begins).map(|_| at);
    }
    let lines = lines(text, from, text.len());
    let begun = begun.filter(|_| {
        match lines.iter().take(HEAD_LINES).position(|(_, line)| is_of_key(line)) {
            None => lines.len() < HEAD_LINES,
            Some(first) => {
                let long = lines[first..].iter().take_while(|(_, line)| is_of_key(line)).count();
                lines.len() - first - long <= TAIL_LINES
            }
        }
    });
    // Or its beginning was never there, and its end will be.
    let cut = |place: usize| lines.get(place).filter(|(_, line)| is_cut(line));
    let short = lines.iter().rev().take(TAIL_LINES).take_while(|(_, line)| !is_of_key(line));
    let end = lines.len() - short.count();
    let long = lines[..end].iter().rev().take_while(|(_, line)| is_of_key(line)).count();
    let headless = match long {
        0 => lines.len().checked_sub(1).and_then(cut),
        long => {
            let first = end - long;
            first.checked_sub(1).and_then(cut).or(lines.get(first))
        }
    };
    begun.into_iter().chain(headless.map(|(at, _)| *at)).min()
}

fn dashes(text: &str) -> Vec<usize> {
    let mut dashes: Vec<usize> = text.match_indices(DASHES).map(|(at, _)| at).collect();
    // What was found before had dashes at its ends.
    dashes.extend(text.match_indices(&Kind::PrivateKey.marker()).map(|(at, _)| at));
    dashes.sort_unstable();
    dashes
}

/// `-----BEGIN … PRIVATE KEY-----`, or with END.
struct Mark {
    begins: bool,
    /// Where it ends.
    end: usize,
}

impl Mark {
    fn at(text: &str, at: usize) -> Option<Self> {
        let rest = &text[at + DASHES.len()..];
        // A diff puts one before each line.
        let rest = rest.strip_prefix('-').unwrap_or(rest);
        let begins = rest.starts_with("BEGIN ");
        let label = rest.strip_prefix("BEGIN ").or_else(|| rest.strip_prefix("END "))?;
        let is_of_label = |b: &u8| b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b' ';
        let length = label.bytes().take(64).take_while(is_of_label).count();
        let (label, rest) = label.split_at(length);
        let names_one = label.ends_with("PRIVATE KEY") || label.ends_with("PRIVATE KEY BLOCK");
        let end = text.len() - rest.len() + DASHES.len();
        (names_one && rest.starts_with(DASHES)).then_some(Self { begins, end })
    }
}

/// Where the key ends that begins at `from`; none if there is no key before `until`, the next
/// dashes.
fn after(text: &str, from: usize, until: usize) -> Option<usize> {
    let lines = lines(text, from, until);
    let first = lines.iter().take(HEAD_LINES).position(|(_, line)| is_of_key(line))?;
    let long = lines[first..].iter().take_while(|(_, line)| is_of_key(line)).count();
    let last = first + long - 1;
    if lines.len() - 1 - last <= TAIL_LINES
        && let Some(Mark { begins: false, end }) =
            text[until..].starts_with(DASHES).then(|| Mark::at(text, until)).flatten()
    {
        return Some(end);
    }
    // It was cut off, maybe in the midst of a line.
    let end = |(start, line): &(usize, &str)| start + line.len();
    let tail = lines.get(last + 1).filter(|(_, line)| is_bare(line));
    tail.or(lines.get(last)).map(end)
}

/// Where the key begins whose end is at `until`; none if there is no key behind `from`.
fn before(text: &str, from: usize, until: usize) -> Option<usize> {
    let lines = lines(text, from, until);
    let tail = lines.iter().rev().take(TAIL_LINES);
    let short = tail.take_while(|(_, line)| !is_of_key(line)).count();
    let back: Vec<_> = lines.iter().rev().skip(short).collect();
    let long = back.iter().take_while(|(_, line)| is_of_key(line)).count();
    let first = back.get(long.checked_sub(1)?)?;
    let cut = back.get(long).filter(|(_, line)| is_cut(line));
    Some(cut.unwrap_or(first).0)
}

/// The lines in a part of a text, each with where it starts. One ends at a line break or where
/// such a break is written out, as in a quoted text; what holds quotes or blanks alone is none.
fn lines(text: &str, from: usize, until: usize) -> Vec<(usize, &str)> {
    let (mut lines, mut start) = (Vec::new(), from);
    for line in text[from..until].split('\n') {
        let mut place = start;
        for part in line.split("\\n") {
            if part.bytes().any(is_base64) {
                lines.push((place, part));
            }
            place += part.len() + 2;
        }
        start += line.len() + 1;
    }
    lines
}

/// Whether a line holds a long run of base64 that is no word and no path.
fn is_of_key(line: &str) -> bool {
    line.as_bytes().split(|b| !is_base64(*b)).any(|run| {
        let has = |is: fn(&u8) -> bool| run.iter().any(is);
        run.len() >= RUN_BYTES
            && has(u8::is_ascii_uppercase)
            && has(u8::is_ascii_lowercase)
            && has(u8::is_ascii_digit)
    })
}

/// Whether a line is nothing but base64.
fn is_bare(line: &str) -> bool {
    line.trim().bytes().all(is_base64)
}

/// Whether a line may be what is left of the first line of a key, and is no word.
fn is_cut(line: &str) -> bool {
    is_bare(line) && (line.len() > LONGEST_WORD || line.bytes().any(|byte| byte.is_ascii_digit()))
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The dashes, put together here so that no scanner takes this file for a key.
    fn mark(word: &str) -> String {
        format!("{DASHES}{word} RSA PRIVATE {}{DASHES}", "KEY")
    }

    fn key(lines: usize) -> Vec<String> {
        let mut key = vec![mark("BEGIN")];
        key.extend(vec!["NotARealKey0".repeat(5); lines]);
        key.extend(["Tail=".to_owned(), mark("END")]);
        key
    }

    fn left(text: &str) -> String {
        crate::replaced(text, &find(text))
    }

    #[test]
    fn a_whole_key_goes_and_the_line_breaks_stay() {
        let text = format!("a\n{}\nb", key(5).join("\n"));
        assert_eq!(left(&text), format!("a\n[redacted: private key]{}\nb", "\n".repeat(7)));
        let quoted = format!("KEY = \"{}\\n\"", key(5).join("\\n"));
        assert_eq!(left(&quoted), "KEY = \"[redacted: private key]\\n\"");
        let strings = key(5).join("\\n\"\n    \"");
        let left_of = left(&format!("k =\n    \"{strings}\\n\";"));
        assert_eq!(left_of, format!("k =\n    \"[redacted: private key]{}\\n\";", "\n".repeat(7)));
        let flat = format!("KEY='{}'", key(5).join(" "));
        assert_eq!(left(&flat), "KEY='[redacted: private key]'");
        let grepped: Vec<_> = key(3).iter().map(|line| format!("id:{}:{line}", 7)).collect();
        assert!(left(&grepped.join("\n")).starts_with("id:7:[redacted: private key]\n\n"));
    }

    #[test]
    fn a_key_that_is_encrypted_has_lines_before_it() {
        let mut lines = key(3);
        lines.splice(1..1, ["Proc-Type: 4,ENCRYPTED", "DEK-Info: AES", ""].map(str::to_owned));
        assert!(!left(&lines.join("\n")).contains("DEK"));
    }

    #[test]
    fn half_a_key_goes_too() {
        let lines = key(4);
        let head = format!("{}\nNotAR", lines[..3].join("\n"));
        assert_eq!(left(&head), "[redacted: private key]\n\n\n");
        assert!(!left(&format!("{head}\n[... 9 bytes left out ...]\nend")).contains("NotAR"));
        let tail = format!("cut off:\nReal0\n{}\nend", lines[2..].join("\n"));
        assert_eq!(left(&tail), "cut off:\n[redacted: private key]\n\n\n\n\n\nend");
    }

    #[test]
    fn code_that_only_names_the_dashes_stays() {
        let (begin, end) = (mark("BEGIN"), mark("END"));
        for text in [
            format!("if line == \"{begin}\" {{\n    inside = true;\n}} else if line == \"{end}\""),
            format!("{begin}\nfake\n{end}\n"),
            format!("{begin}{begin}{end}{end}"),
            format!("{DASHES}BEGIN CERTIFICATE{DASHES}\n{}\n", "NotARealKey0".repeat(5)),
            format!("{DASHES}{DASHES}BEGIN"),
        ] {
            assert_eq!(left(&text), text);
        }
    }
}
