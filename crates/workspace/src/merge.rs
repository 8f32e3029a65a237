//! One file, changed on two sides: the three-way merge that accepting and undoing share.
//!
//! Apart, because it decides what is a conflict, and explains it. It writes nothing but
//! temporary files of its own, and never leaves a marker in anyone's file.

use std::path::Path;

use crate::WorkspaceError;
use crate::error::{Conflict, ConflictHunk, ConflictReason};
use crate::git::{self, Git};
use crate::tree::{FileKind, Version};

/// Longer than any run of `<` that a person would write.
const MARKER: usize = 60;

/// Files above this are not merged line by line.
const MAX_TEXT_BYTES: usize = 16 * 1024 * 1024;

/// A file as it is to be; `None` if it is to be gone. Or why not.
pub(crate) type Merged = Result<Option<Version>, Conflict>;

/// Brings the change from `base` to `theirs` to `ours`.
pub(crate) fn merge(
    git: &Git,
    path: &Path,
    base: Option<&Version>,
    ours: Option<&Version>,
    theirs: Option<&Version>,
) -> Result<Merged, WorkspaceError> {
    if ours == theirs || base == theirs {
        return Ok(Ok(ours.cloned()));
    }
    if ours == base {
        return Ok(Ok(theirs.cloned()));
    }
    let conflict = |why| Ok(Err(Conflict { path: path.to_owned(), why, hunks: Vec::new() }));
    match (base, ours, theirs) {
        (None, Some(_), Some(_)) => conflict(ConflictReason::AddedTwice),
        (Some(_), None, Some(_)) => conflict(ConflictReason::Gone),
        (Some(base), Some(ours), None) => match fitted(base, &ours.content) {
            fitted if fitted == ours.content && base.kind == ours.kind => Ok(Ok(None)),
            _ => conflict(ConflictReason::Deleted),
        },
        (Some(base), Some(ours), Some(theirs)) => merge_contents(git, path, base, ours, theirs),
        // Not there on two sides: one of the cases above.
        _ => Ok(Ok(None)),
    }
}

fn merge_contents(
    git: &Git,
    path: &Path,
    base: &Version,
    ours: &Version,
    theirs: &Version,
) -> Result<Merged, WorkspaceError> {
    let conflict = |why, hunks| Ok(Err(Conflict { path: path.to_owned(), why, hunks }));
    let sides = [base, ours, theirs];
    if sides.iter().any(|side| side.kind == FileKind::Link) {
        return conflict(ConflictReason::Link, Vec::new());
    }
    let kind = if theirs.kind == base.kind { ours.kind } else { theirs.kind };
    let done = |content| Ok(Ok(Some(Version { kind, content })));
    let (old, new) = (fitted(base, &ours.content), fitted(theirs, &ours.content));
    if ours.content == old {
        return done(new);
    }
    if ours.content == new || old == new {
        return done(ours.content.clone());
    }
    if sides.iter().any(|side| !is_text(&side.content)) {
        return conflict(ConflictReason::NotText, Vec::new());
    }
    match merge_text(git, &old, &ours.content, &new)? {
        Ok(content) => done(content),
        Err(hunks) => conflict(ConflictReason::SameLines, hunks),
    }
}

fn is_text(content: &[u8]) -> bool {
    content.len() <= MAX_TEXT_BYTES && !content.contains(&0)
}

/// How the lines of a text end, if they all end alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LineEnd {
    Lf,
    CrLf,
}

fn line_end(content: &[u8]) -> Option<LineEnd> {
    let lines = content.iter().filter(|byte| **byte == b'\n').count();
    let with_return = content.windows(2).filter(|pair| pair == b"\r\n").count();
    match (lines, with_return) {
        (0, _) => None,
        (_, 0) => Some(LineEnd::Lf),
        (lines, with_return) if lines == with_return => Some(LineEnd::CrLf),
        _ => None,
    }
}

/// A side's content with the line ends of `like`. The same text has other line ends in a
/// commit than in a folder where git converts them (`core.autocrlf`).
fn fitted(side: &Version, like: &[u8]) -> Vec<u8> {
    let content = &side.content;
    if side.kind == FileKind::Link || !is_text(content) || !is_text(like) {
        return content.clone();
    }
    match (line_end(content), line_end(like)) {
        (Some(LineEnd::CrLf), Some(LineEnd::Lf)) => {
            let mut text = Vec::with_capacity(content.len());
            for (place, byte) in content.iter().enumerate() {
                if *byte != b'\r' || content.get(place + 1) != Some(&b'\n') {
                    text.push(*byte);
                }
            }
            text
        }
        (Some(LineEnd::Lf), Some(LineEnd::CrLf)) => {
            let lines: Vec<&[u8]> = content.split(|byte| *byte == b'\n').collect();
            lines.join(&b"\r\n"[..])
        }
        _ => content.clone(),
    }
}

fn merge_text(
    git: &Git,
    base: &[u8],
    ours: &[u8],
    theirs: &[u8],
) -> Result<Result<Vec<u8>, Vec<ConflictHunk>>, WorkspaceError> {
    const DOING: &str = "merge two changes of a file";
    let scratch = tempfile::Builder::new()
        .prefix("tenfold-merge-")
        .tempdir()
        .map_err(WorkspaceError::io("make a folder in", std::env::temp_dir()))?;
    for (name, content) in [("ours", ours), ("base", base), ("theirs", theirs)] {
        let file = scratch.path().join(name);
        std::fs::write(&file, content).map_err(WorkspaceError::io("write", file))?;
    }
    let marker = format!("--marker-size={MARKER}");
    let args = ["merge-file", "-p", "-q", &marker, "ours", "base", "theirs"];
    let output = git
        .command(&args)
        .current_dir(scratch.path())
        .output()
        .map_err(|error| git::not_run(DOING, &error))?;
    match output.status.code() {
        Some(0) => Ok(Ok(output.stdout)),
        // Up to 127 it is the number of conflicts.
        Some(1..=127) => Ok(Err(hunks(&output.stdout, ours))),
        _ => Err(git::failed(DOING, &output)),
    }
}

/// Reads the conflicts out of a merged text with markers.
fn hunks(merged: &[u8], ours: &[u8]) -> Vec<ConflictHunk> {
    let marker = |byte: u8| vec![byte; MARKER];
    let (open, middle, close) = (marker(b'<'), marker(b'='), marker(b'>'));
    let mut hunks = Vec::new();
    let mut sides: [Vec<&[u8]>; 2] = [Vec::new(), Vec::new()];
    let mut side = None;
    let mut below = 0;
    for line in merged.split_inclusive(|byte| *byte == b'\n') {
        if line.starts_with(&open) {
            side = Some(0);
        } else if line.starts_with(&middle) && side == Some(0) {
            side = Some(1);
        } else if line.starts_with(&close) && side == Some(1) {
            let (number, next) = line_of(ours, &sides[0], below);
            below = next;
            let [yours, proposed] = sides.map(|lines| text(&lines));
            hunks.push(ConflictHunk { line: number, yours, proposed });
            (sides, side) = ([Vec::new(), Vec::new()], None);
        } else if let Some(side) = side {
            sides[side].push(line);
        }
    }
    hunks
}

fn text(lines: &[&[u8]]) -> String {
    String::from_utf8_lossy(&lines.concat()).into_owned()
}

/// The number of the first of these lines in a file, looked for from line `from` (from zero)
/// on, and the line behind them. What is not there (no lines, or a last one that got a line
/// end) is said to be where the search began.
fn line_of(file: &[u8], lines: &[&[u8]], from: usize) -> (usize, usize) {
    let all: Vec<&[u8]> = file.split_inclusive(|byte| *byte == b'\n').collect();
    let bare = |line: &[u8]| -> Vec<u8> { line.trim_ascii_end().to_vec() };
    let wanted: Vec<Vec<u8>> = lines.iter().map(|line| bare(line)).collect();
    let place = (!wanted.is_empty())
        .then(|| {
            (from..(all.len() + 1).saturating_sub(wanted.len())).find(|start| {
                all[*start..*start + wanted.len()].iter().zip(&wanted).all(|(a, b)| bare(a) == *b)
            })
        })
        .flatten()
        .unwrap_or(from);
    (place + 1, place + lines.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(content: &str) -> Version {
        Version { kind: FileKind::File, content: content.as_bytes().to_vec() }
    }

    fn merged(base: Option<&str>, ours: Option<&str>, theirs: Option<&str>) -> Merged {
        let dir = tempfile::tempdir().unwrap();
        let program = git::find_git(std::env::var_os("PATH").as_deref()).unwrap();
        let git = Git::new(&program, dir.path());
        let [base, ours, theirs] = [base, ours, theirs].map(|side| side.map(file));
        merge(&git, Path::new("f"), base.as_ref(), ours.as_ref(), theirs.as_ref()).unwrap()
    }

    fn content(merged: Merged) -> String {
        String::from_utf8(merged.unwrap().unwrap().content).unwrap()
    }

    #[test]
    fn changes_of_different_lines_go_together() {
        let base = "a\nb\nc\nd\ne\nf\n";
        let both = merged(Some(base), Some("A\nb\nc\nd\ne\nf\n"), Some("a\nb\nc\nd\ne\nF\n"));
        assert_eq!(content(both), "A\nb\nc\nd\ne\nF\n");
    }

    #[test]
    fn changes_of_the_same_line_are_shown_side_by_side() {
        let base = "a\nb\nc\n";
        let conflict =
            merged(Some(base), Some("new\na\nyours\nc\n"), Some("a\nmine\nc\n")).unwrap_err();
        assert_eq!(conflict.why, ConflictReason::SameLines);
        let [hunk] = &conflict.hunks[..] else { panic!("{conflict}") };
        assert!(hunk.yours.contains("yours\n") && hunk.proposed.contains("mine\n"), "{conflict}");
        assert!(conflict.to_string().contains("f: the same lines"), "{conflict}");
    }

    #[test]
    fn line_ends_of_the_file_that_is_there_are_kept() {
        let theirs = "a\nB\nc\n";
        assert_eq!(
            content(merged(Some("a\nb\nc\n"), Some("a\r\nb\r\nc\r\n"), Some(theirs))),
            "a\r\nB\r\nc\r\n"
        );
        let crlf = merged(Some("a\r\nb\r\nc\r\n"), Some("a\nb\nc\n"), Some("a\r\nB\r\nc\r\n"));
        assert_eq!(content(crlf), "a\nB\nc\n");
        // Mixed line ends are left alone: nobody knows which of them are meant.
        let mixed = "a\r\nb\nc\nd\ne\n";
        let both = merged(Some(mixed), Some("a\r\nb\nc\nd\nE\n"), Some("a\r\nB\nc\nd\ne\n"));
        assert_eq!(content(both), "a\r\nB\nc\nd\nE\n");
    }

    #[test]
    fn what_is_gone_or_there_already_is_not_written_over() {
        let why = |merged: Merged| merged.unwrap_err().why;
        assert_eq!(why(merged(Some("a"), None, Some("b"))), ConflictReason::Gone);
        assert_eq!(why(merged(Some("a"), Some("b"), None)), ConflictReason::Deleted);
        assert_eq!(why(merged(None, Some("a"), Some("b"))), ConflictReason::AddedTwice);
        assert_eq!(why(merged(Some("a\0"), Some("b\0"), Some("c\0"))), ConflictReason::NotText);
        assert_eq!(merged(None, Some("a"), Some("a")), Ok(Some(file("a"))));
        assert_eq!(merged(Some("a"), None, None), Ok(None));
        assert_eq!(merged(Some("a\n"), Some("a\r\n"), None), Ok(None));
    }

    #[test]
    fn a_mode_that_one_side_changed_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let git = Git::new(Path::new("git"), dir.path());
        let executable = |text: &str| Version { kind: FileKind::Executable, ..file(text) };
        let merged =
            merge(&git, Path::new("f"), Some(&file("a")), Some(&executable("a")), Some(&file("b")));
        assert_eq!(merged.unwrap(), Ok(Some(executable("b"))));
    }
}
