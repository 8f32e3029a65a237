//! What differs between two commits.
//!
//! Apart, because every view of a change, for people and for rules, is made here, from objects
//! alone: no work tree, no external diff, no text conversion.

use std::collections::HashMap;
use std::path::PathBuf;

use tenfold_domain::CommitId;

use crate::WorkspaceError;
use crate::git::Git;
use crate::tree::{FileKind, path_of};

const DOING: &str = "compare two commits";

/// The options under which a comparison depends on nothing but the two commits.
const PLAIN: [&str; 7] = [
    "diff-tree",
    "-r",
    "--no-ext-diff",
    "--no-textconv",
    "--no-color",
    "--no-renames",
    "--ignore-submodules=all",
];

/// What happened to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChangeKind {
    /// It is new.
    Added,
    /// It is gone.
    Deleted,
    /// Its content changed, or whether it may be run.
    Modified,
    /// It was a file and is a link, or the other way round.
    Replaced,
}

/// A file that differs between two commits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedFile {
    /// Which.
    pub path: PathBuf,
    /// What happened to it.
    pub kind: ChangeKind,
    /// What it is now; `None` if it is gone.
    pub form: Option<FileKind>,
    /// How many lines were added; zero if it is binary.
    pub added: u64,
    /// How many lines were removed; zero if it is binary.
    pub removed: u64,
    /// Whether its content is no text.
    pub binary: bool,
}

/// One side of a changed file.
pub(crate) type Side = Option<(FileKind, String)>;

/// A changed file by the names of its contents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Delta {
    pub(crate) path: PathBuf,
    pub(crate) before: Side,
    pub(crate) after: Side,
}

impl Delta {
    fn kind(&self) -> ChangeKind {
        match (&self.before, &self.after) {
            (None, _) => ChangeKind::Added,
            (_, None) => ChangeKind::Deleted,
            (Some((a, _)), Some((b, _))) if (*a == FileKind::Link) != (*b == FileKind::Link) => {
                ChangeKind::Replaced
            }
            _ => ChangeKind::Modified,
        }
    }
}

fn compare(
    git: &Git,
    options: &[&str],
    a: &CommitId,
    b: &CommitId,
) -> Result<Vec<u8>, WorkspaceError> {
    let args: Vec<&str> =
        PLAIN.iter().chain(options).copied().chain([a.as_str(), b.as_str(), "--"]).collect();
    git.run(DOING, &args)
}

/// The difference as people read it. What is not UTF-8 shows as `\u{FFFD}`.
pub(crate) fn diff(git: &Git, a: &CommitId, b: &CommitId) -> Result<String, WorkspaceError> {
    let options = ["-p", "--src-prefix=a/", "--dst-prefix=b/"];
    Ok(String::from_utf8_lossy(&compare(git, &options, a, b)?).into_owned())
}

/// The difference as `git apply` takes it, byte for byte, binary files included.
pub(crate) fn patch(git: &Git, a: &CommitId, b: &CommitId) -> Result<Vec<u8>, WorkspaceError> {
    compare(git, &["-p", "--binary", "--full-index", "--src-prefix=a/", "--dst-prefix=b/"], a, b)
}

/// A line that the difference of a file shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownLine {
    /// Its number as it was, from one; none if it is added.
    pub old: Option<u32>,
    /// Its number as it is now, from one; none if it is removed.
    pub new: Option<u32>,
    /// What it says, without its line feed.
    pub text: String,
}

/// The lines that [`diff`] shows of one file, in its order.
pub(crate) fn shown_lines(
    git: &Git,
    a: &CommitId,
    b: &CommitId,
    path: &str,
) -> Result<Vec<ShownLine>, WorkspaceError> {
    let args: Vec<&str> =
        PLAIN.into_iter().chain(["-p", a.as_str(), b.as_str(), "--", path]).collect();
    let output = git.run(DOING, &args)?;
    let mut lines = Vec::new();
    // The numbers of the next line; none between hunks.
    let mut next: Option<(u32, u32)> = None;
    for line in String::from_utf8_lossy(&output).split_terminator('\n') {
        let Some((old, new)) = &mut next else {
            next = hunk(line);
            continue;
        };
        // Each line of a hunk has a sign before it, so that what has another one ends it.
        let (is_old, is_new) = match line.as_bytes().first() {
            Some(b' ') => (true, true),
            Some(b'-') => (true, false),
            Some(b'+') => (false, true),
            Some(b'\\') => continue,
            _ => {
                next = hunk(line);
                continue;
            }
        };
        let text = line[1..].to_owned();
        lines.push(ShownLine { old: is_old.then_some(*old), new: is_new.then_some(*new), text });
        *old = old.saturating_add(u32::from(is_old));
        *new = new.saturating_add(u32::from(is_new));
    }
    Ok(lines)
}

/// `@@ -12,7 +12,8 @@ fn main()`: where a hunk begins on both sides.
fn hunk(line: &str) -> Option<(u32, u32)> {
    let (old, rest) = line.strip_prefix("@@ -")?.split_once(" +")?;
    let (new, _) = rest.split_once(" @@")?;
    let start = |range: &str| range.split(',').next().and_then(|start| start.parse().ok());
    Some((start(old)?, start(new)?))
}

/// The files that differ, sorted by path.
pub(crate) fn deltas(git: &Git, a: &CommitId, b: &CommitId) -> Result<Vec<Delta>, WorkspaceError> {
    let output = compare(git, &["--raw", "-z", "--no-abbrev"], a, b)?;
    let mut fields = output.split(|byte| *byte == 0).filter(|field| !field.is_empty());
    let mut deltas = Vec::new();
    while let (Some(header), Some(path)) = (fields.next(), fields.next()) {
        let parts: Vec<&[u8]> = header.split(|byte| matches!(byte, b' ' | b':')).collect();
        let [_, old_mode, new_mode, old_blob, new_blob, _] = parts[..] else {
            let message = "an odd line in the comparison".to_owned();
            return Err(WorkspaceError::Git { doing: DOING, message });
        };
        deltas.push(Delta {
            path: path_of(path),
            before: side(old_mode, old_blob),
            after: side(new_mode, new_blob),
        });
    }
    Ok(deltas)
}

fn side(mode: &[u8], blob: &[u8]) -> Side {
    FileKind::from_mode(mode).map(|kind| (kind, String::from_utf8_lossy(blob).into_owned()))
}

/// The files that differ, with how many lines.
pub(crate) fn changed(
    git: &Git,
    a: &CommitId,
    b: &CommitId,
) -> Result<Vec<ChangedFile>, WorkspaceError> {
    let counts = compare(git, &["--numstat", "-z"], a, b)?;
    let mut lines: HashMap<PathBuf, (Option<u64>, Option<u64>)> = HashMap::new();
    for record in counts.split(|byte| *byte == 0) {
        let mut parts = record.splitn(3, |byte| *byte == b'\t');
        let mut number =
            || parts.next().and_then(|text| std::str::from_utf8(text).ok()?.parse::<u64>().ok());
        let (added, removed) = (number(), number());
        if let Some(path) = parts.next() {
            lines.insert(path_of(path), (added, removed));
        }
    }
    let files = deltas(git, a, b)?.into_iter().map(|delta| {
        let (added, removed) = lines.get(&delta.path).copied().unwrap_or((Some(0), Some(0)));
        ChangedFile {
            kind: delta.kind(),
            form: delta.after.as_ref().map(|(form, _)| *form),
            added: added.unwrap_or(0),
            removed: removed.unwrap_or(0),
            binary: added.is_none(),
            path: delta.path,
        }
    });
    Ok(files.collect())
}
