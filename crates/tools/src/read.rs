//! `read`: lines of a file.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::call::{Call, FileCall, Tool};
use crate::reply::Lines;
use crate::tree::{Done, NotDone, Tree};
use crate::{numbered, shown};

/// How many lines are shown if nothing is said.
const DEFAULT_LINES: usize = 200;
/// How many lines are shown at most.
const MAX_LINES: usize = 400;

/// Reads lines of a text file. Each is shown as its number, two spaces, and the line; the
/// number and the spaces are not in the file. Says how many lines the file has, and how to
/// read on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Read {
    /// The file, from the top of the workspace.
    pub path: String,
    /// The number of the first line to show; 1 if left out.
    pub from: Option<u32>,
    /// How many lines to show; 200 if left out, 400 at most.
    pub lines: Option<u32>,
}

impl Tool for Read {
    const NAME: &'static str = "read";

    fn call(self) -> Call {
        Call::Files(FileCall::Read(self))
    }
}

impl Read {
    pub(crate) fn perform(&self, tree: &Tree<'_>) -> Result<Done, NotDone> {
        let open = tree.open(&self.path)?;
        let path = shown::name(&open.path);
        if is_binary(&open.content) {
            let size = shown::count(open.content.len(), "byte", "bytes");
            return Err(format!("{path} is a binary file of {size}, and is not shown").into());
        }
        let from = self.from.map_or(1, |from| from.max(1) as usize);
        let most = self.lines.map_or(DEFAULT_LINES, |lines| lines.max(1) as usize).min(MAX_LINES);
        let shown = tree.without_secrets(&open.content);
        let is_mended = std::str::from_utf8(&open.content).is_err();
        let text = String::from_utf8_lossy(&shown);
        Ok(Done::unchanged(tree, page(&path, &text, is_mended, (from, most))))
    }
}

/// Whether a file is no text: it holds a zero byte.
pub(crate) fn is_binary(content: &[u8]) -> bool {
    content.contains(&0)
}

fn page(path: &str, text: &str, is_mended: bool, (from, most): (usize, usize)) -> String {
    let total = text.lines().count();
    let all =
        format!("{path} has {}{}", shown::count(total, "line", "lines"), oddities(text, is_mended));
    if total == 0 {
        return format!("{path} is empty");
    }
    if from > total {
        return format!("{all}; there is no line {from}");
    }
    let mut lines = Lines::default();
    let wanted = text.lines().enumerate().skip(from - 1).take(most);
    let many =
        wanted.take_while(|(place, text)| lines.add(&numbered::line(place + 1, text))).count();
    let last = from + many - 1;
    let tail = match last {
        last if last < total => format!("to read on: `from` {}", last + 1),
        _ => String::new(),
    };
    let head = match many {
        many if many == total => format!("{all}:"),
        _ => format!("{all}; these are {from} to {last}:"),
    };
    lines.between(&head, &tail)
}

/// What can't be seen in lines, and matters to who edits them.
fn oddities(text: &str, is_mended: bool) -> String {
    let mut odd = String::new();
    if text.contains("\r\n") {
        odd.push_str(", which end with CRLF");
    }
    if !text.ends_with('\n') {
        odd.push_str(", no line break after the last");
    }
    if is_mended {
        odd.push_str(", some bytes that are no UTF-8 (shown as \u{fffd})");
    }
    odd
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ground::Ground;
    use crate::reply::MAX_REPLY_BYTES;

    fn read(ground: &Ground, path: &str, from: Option<u32>, lines: Option<u32>) -> String {
        ground.read_only(FileCall::Read(Read { path: path.into(), from, lines }))
    }

    #[test]
    fn lines_have_numbers_and_it_is_said_how_to_read_on() {
        let ground = Ground::with(&[("a.py", "one\n\ttwo\nthree\nfour\n")]);
        assert_eq!(
            read(&ground, "a.py", Some(2), Some(2)),
            "a.py has 4 lines; these are 2 to 3:\n    2  \ttwo\n    3  three\nto read on: `from` 4"
        );
        let whole = read(&ground, "a.py", None, None);
        assert!(whole.starts_with("a.py has 4 lines:\n    1  one\n"), "{whole}");
        assert!(whole.ends_with("    4  four"), "{whole}");
        assert_eq!(read(&ground, "a.py", Some(5), None), "a.py has 4 lines; there is no line 5");
        assert_eq!(read(&ground, "a.py", Some(0), Some(0)).lines().count(), 3, "one line at least");
    }

    #[test]
    fn what_lines_do_not_show_is_said() {
        let files: [(&str, &[u8]); 4] = [
            ("dos", b"a\r\nb\r\n"),
            ("open", b"a\nb"),
            ("latin", b"caf\xe9\n\x1b[2J\n"),
            ("none", b""),
        ];
        let ground = Ground::new(&files, &[]);
        assert!(
            read(&ground, "dos", None, None).contains("2 lines, which end with CRLF:\n    1  a\n")
        );
        assert!(read(&ground, "open", None, None).contains("no line break after the last"));
        let latin = read(&ground, "latin", None, None);
        assert!(latin.contains("no UTF-8") && latin.contains("\\u{1b}[2J"), "{latin}");
        assert_eq!(read(&ground, "none", None, None), "none is empty");
    }

    #[test]
    fn what_is_no_text_file_is_said() {
        let ground = Ground::new(&[("d/b", b"\x7fELF\0")], &[("l", "d/b")]);
        assert_eq!(
            read(&ground, "d/b", None, None),
            "d/b is a binary file of 5 bytes, and is not shown"
        );
        assert!(read(&ground, "l", None, None).contains("symbolic link to d/b"));
        assert!(read(&ground, "d", None, None).contains("d is a folder"));
        assert!(read(&ground, "", None, None).contains("the top is a folder"));
        assert!(read(&ground, "b", None, None).contains("there is d/b"));
        assert!(read(&ground, "/etc/passwd", None, None).contains("not in the workspace"));
    }

    #[test]
    fn long_files_are_read_page_by_page_to_the_end() {
        let long = format!("{}\n", "x".repeat(5_000));
        let text = format!("{long}{}", "0123456789\n".repeat(700));
        let ground = Ground::with(&[("a", &text)]);
        let (mut from, mut seen) = (1, 0);
        loop {
            let page = read(&ground, "a", Some(from), Some(9_999));
            assert!(page.len() <= MAX_REPLY_BYTES);
            seen += page.lines().filter(|line| line.starts_with(' ')).count();
            if from == 1 {
                assert!(page.contains("(4600 characters more)"), "{page}");
            }
            match page.rsplit_once("to read on: `from` ") {
                Some((_, next)) => from = next.parse().unwrap(),
                None => break,
            }
        }
        assert_eq!(seen, 701);
    }
}
