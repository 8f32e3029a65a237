//! What a commit holds: files, executables and links, by path.
//!
//! Apart, because reading, writing and comparing trees all speak it. It does no IO.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use tenfold_domain::Bytes;

use crate::WorkspaceError;

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FileKind {
    /// A plain file.
    File,
    /// A plain file that may be run.
    Executable,
    /// A symbolic link; its content is where it leads.
    Link,
}

impl FileKind {
    pub(crate) fn mode(self) -> &'static str {
        match self {
            Self::File => "100644",
            Self::Executable => "100755",
            Self::Link => "120000",
        }
    }

    /// The kind that a mode in a git tree stands for; none for folders and submodules.
    pub(crate) fn from_mode(mode: &[u8]) -> Option<Self> {
        match mode {
            b"100644" | b"100664" => Some(Self::File),
            b"100755" => Some(Self::Executable),
            b"120000" => Some(Self::Link),
            _ => None,
        }
    }
}

/// One file of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeFile {
    /// Its path from the top of the workspace; any bytes but NUL, not only UTF-8.
    pub path: PathBuf,
    /// What it is.
    pub kind: FileKind,
    /// Its size.
    pub bytes: Bytes,
}

/// A file of a commit, by the name of its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) kind: FileKind,
    pub(crate) blob: String,
    pub(crate) bytes: u64,
}

/// All files of a commit.
pub(crate) type Tree = BTreeMap<PathBuf, Entry>;

/// A file with its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Version {
    pub(crate) kind: FileKind,
    pub(crate) content: Vec<u8>,
}

/// A path from the bytes that git writes.
pub(crate) fn path_of(bytes: &[u8]) -> PathBuf {
    PathBuf::from(OsStr::from_bytes(bytes))
}

/// Whether a name is one that git keeps for itself, on any file system: such a folder would
/// become a repository wherever it is written. macOS leaves out some characters that nobody
/// sees; Windows cuts off dots, blanks and what follows a colon, and has a short name for it.
/// As git's `is_hfs_dotgit` and `is_ntfs_dotgit`.
pub(crate) fn is_dot_git(name: &OsStr) -> bool {
    let is = |name: &str| name.eq_ignore_ascii_case(".git");
    let Some(text) = name.to_str() else { return false };
    if text.len() > MAX_DOT_GIT_BYTES {
        return false;
    }
    let seen: String = text.chars().filter(|c| !is_left_out_by_macos(*c)).collect();
    let on_windows =
        text.split([':', '\\']).next().unwrap_or_default().trim_end_matches(['.', ' ']);
    is(&seen) || is(on_windows) || on_windows.eq_ignore_ascii_case("git~1")
}

/// What file systems take as a name; a longer one is no name.
const MAX_DOT_GIT_BYTES: usize = 255;

fn is_left_out_by_macos(c: char) -> bool {
    matches!(
        c,
        '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{206a}'..='\u{206f}' | '\u{feff}'
    )
}

/// Controls, what turns the direction of writing round, and what some take for the end of a
/// line. What joins signs to one stays: such a text has to be named as it stands.
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{61c}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2066}'..='\u{2069}'
        )
}

/// A path as it can be put on a terminal: what would move the cursor, turn the writing round or
/// break the line is written out.
pub(crate) fn shown(path: &Path) -> String {
    let mut text = String::new();
    for c in path.to_string_lossy().chars() {
        if is_hidden(c) {
            text.extend(c.escape_default());
        } else {
            text.push(c);
        }
    }
    text
}

/// Refuses a path that would lead out of a workspace or into a git directory.
pub(crate) fn checked(path: &Path) -> Result<&Path, WorkspaceError> {
    let bytes = path.as_os_str().as_bytes();
    let plain =
        |part: &[u8]| !matches!(part, b"" | b"." | b"..") && !is_dot_git(OsStr::from_bytes(part));
    if bytes.split(|byte| *byte == b'/').all(plain) && !bytes.contains(&0) {
        Ok(path)
    } else {
        Err(WorkspaceError::BadPath(path.to_owned()))
    }
}

/// Whether a link at `path` leads, by its text alone, to a place inside the workspace that is
/// not a git directory. A `..` behind a name counts as leading out: the name may be a link,
/// and then nobody knows from the text where its parent is.
pub(crate) fn stays_inside(path: &Path, target: &[u8]) -> bool {
    let mut depth = path.components().count().saturating_sub(1);
    let mut named = false;
    for part in Path::new(OsStr::from_bytes(target)).components() {
        match part {
            Component::Normal(name) if is_dot_git(name) => return false,
            Component::Normal(_) => named = true,
            Component::CurDir => {}
            Component::ParentDir if depth > 0 && !named => depth -= 1,
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_lead_elsewhere_are_refused() {
        for path in [
            "",
            "/etc/passwd",
            "../x",
            "a/../b",
            "a//b",
            "a/",
            "./a",
            ".git/config",
            "a/.GIT/hooks/x",
            ".g\u{200c}it/config",
            "a/\u{feff}.Git/x",
            "git~1/config",
            ".git. ./config",
            ".git::$INDEX_ALLOCATION/config",
            "a\0b",
        ] {
            assert!(checked(Path::new(path)).is_err(), "{path:?}");
        }
        for path in [
            "a",
            "a/b c",
            ".gitignore",
            "a/.github/x",
            "-x",
            "a\nb",
            "...",
            "git",
            "git~2",
            ".git~",
        ] {
            assert!(checked(Path::new(path)).is_ok(), "{path:?}");
        }
    }

    #[test]
    fn a_path_on_a_terminal_does_nothing_to_it() {
        assert_eq!(shown(Path::new("a\n\u{1b}[2Jb\u{202e}ü c")), "a\\n\\u{1b}[2Jb\\u{202e}ü c");
        assert_eq!(shown(Path::new("\u{61c}a\u{2028}")), "\\u{61c}a\\u{2028}");
    }

    #[test]
    fn links_that_lead_out_are_known_by_their_text() {
        for (path, target, inside) in [
            ("l", "a/b", true),
            ("d/l", "../a", true),
            ("d/l", "../../a", false),
            ("l", "..", false),
            ("l", "/etc/passwd", false),
            ("l", "a/../b", false),
            ("l", ".git/config", false),
        ] {
            assert_eq!(stays_inside(Path::new(path), target.as_bytes()), inside, "{path} {target}");
        }
    }
}
