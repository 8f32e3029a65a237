//! What a repository's `tenfold.toml` proposes. It counts only once the person has approved
//! this very text: the hash of the file is what is approved.

use std::fmt::Write as _;
use std::path::Path;

use serde::Deserialize;
use sha2::{Digest, Sha256};
use tenfold_domain::{Millis, hex};

use super::repository_file;
use crate::plain::visible;
use crate::{DeskError, defaults};

pub(super) const FILE: &str = "tenfold.toml";
/// The largest such file that is read.
const BYTES_MAX: u64 = 64 * 1024;

/// What a repository proposes for tasks on it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct Proposed {
    pub(super) check: Option<String>,
    pub(super) setup: Option<String>,
    pub(super) protect: Vec<String>,
    pub(super) may_edit: Vec<String>,
    #[serde(deserialize_with = "defaults::some_time")]
    pub(super) check_timeout: Option<Millis>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct File {
    task: Proposed,
}

/// Reads the file at the top of a workspace, if there is one, and its SHA-256 in hexadecimal.
pub(super) fn read(root: &Path) -> Result<Option<(Proposed, String)>, DeskError> {
    let Some(text) = repository_file::read(root, FILE, BYTES_MAX)? else { return Ok(None) };
    parse(&text).map(Some)
}

fn parse(text: &str) -> Result<(Proposed, String), DeskError> {
    let file: File = toml::from_str(text)
        .map_err(|error| repository_file::wrong(FILE, error.to_string().trim_end()))?;
    Ok((file.task, hash(text)))
}

/// The SHA-256 of a file's text, in hexadecimal: what is approved.
pub(super) fn hash(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}

impl Proposed {
    /// All of it, as the person reads it before approving.
    pub(super) fn shown(&self) -> String {
        let mut shown = String::new();
        let mut line = |name: &str, value: &str| {
            // A value of several lines keeps its lines below the first.
            let value = visible(value).replace('\n', "\n                  ");
            let _ = writeln!(shown, "  {name:<14}  {value}");
        };
        if let Some(check) = &self.check {
            line("check", check);
        }
        if let Some(setup) = &self.setup {
            line("setup", setup);
        }
        if let Some(time) = self.check_timeout {
            line("check-timeout", &time.to_string());
        }
        for (name, patterns) in [("protect", &self.protect), ("may-edit", &self.may_edit)] {
            if !patterns.is_empty() {
                line(name, &patterns.join("  "));
            }
        }
        if shown.is_empty() { "  nothing\n".to_owned() } else { shown }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use tenfold_domain::ProblemKind;

    proptest! {
        #[test]
        fn nothing_in_a_file_can_be_taken_for_words_of_tenfolds_own(
            value in "(\\\\n|\\\\r|\\\\t|\\\\u001b|\\\\u202e|  check  |[a-z ]|\\PC){0,20}",
            text in "(\\[task\\]|\n|[a-z]{1,9} ?= ?|check = |\"|\\[|90s|\\PC){0,30}",
        ) {
            let quoted = value.replace('"', "'");
            let whole = format!("[task]\ncheck = \"{quoted}\"\nprotect = [\"{quoted}\"]\n");
            for text in [&text, &whole] {
                let Ok((proposed, _)) = parse(text) else { continue };
                let shown = proposed.shown();
                prop_assert!(shown.lines().all(|line| line.starts_with("  ")), "{shown:?}");
                let plain = |c: char| !c.is_control() || c == '\n' || c == '\t';
                prop_assert!(shown.chars().all(plain), "{shown:?}");
            }
        }
    }

    const TEXT: &str = "[task]\ncheck = \"make\\ntest \\u001b[8m\"\ncheck-timeout = \"90s\"\n\
                        protect = [\"data/\"]\nmay-edit = [\"tests/new.py\"]\n";

    #[test]
    fn a_proposal_is_read_and_shown_whole() {
        let (proposed, hash) = parse(TEXT).unwrap();
        assert_eq!(proposed.check_timeout, Some(Millis(90_000)));
        assert_eq!(hash.len(), 64);
        let shown = proposed.shown();
        for part in ["make\n", "test ␛[8m", "1 min 30 s", "data/", "tests/new.py"] {
            assert!(shown.contains(part), "{part}: {shown}");
        }
    }

    #[test]
    fn another_text_has_another_hash() {
        let changed = TEXT.replace("data/", "data2/");
        assert_ne!(parse(TEXT).unwrap().1, parse(&changed).unwrap().1);
    }

    #[test]
    fn what_is_not_understood_is_refused_by_its_reason() {
        for (text, reason) in [
            ("[task]\nchek = \"x\"", "chek"),
            ("[tusk]", "tusk"),
            ("[task]\ncheck-timeout = \"soon\"", "not a length of time"),
        ] {
            let problem = parse(text).unwrap_err().problem();
            assert!(problem.what.contains(reason), "{problem}");
            assert_eq!(problem.kind, ProblemKind::Usage);
        }
    }

    #[test]
    fn a_link_is_not_followed_and_no_file_is_no_proposal() {
        let dir = tempfile::tempdir().unwrap();
        assert!(read(dir.path()).unwrap().is_none());
        std::os::unix::fs::symlink("/etc/passwd", dir.path().join(FILE)).unwrap();
        assert!(read(dir.path()).unwrap_err().to_string().contains("no plain file"));
    }
}
