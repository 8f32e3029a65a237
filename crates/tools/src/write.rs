//! `write`: makes a file, or replaces all of it.

use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tenfold_redact::Kind;
use tenfold_workspace::FileKind;

use crate::call::{Call, FileCall, Tool};
use crate::files::{Files, Thing};
use crate::tree::{Done, NotDone, Tree};
use crate::{secret, shown};

/// Makes a new file with this text, or replaces the whole text of one that is there. Folders
/// on the way are made. To change a part of a file, use `edit`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Write {
    /// The file, from the top of the workspace.
    pub path: String,
    /// All of its text.
    pub text: String,
}

impl Tool for Write {
    const NAME: &'static str = "write";

    fn call(self) -> Call {
        Call::Files(FileCall::Write(self))
    }
}

impl Write {
    pub(crate) fn perform(&self, tree: &Tree<'_>) -> Result<Done, NotDone> {
        let place = tree.place(&self.path)?;
        let path = shown::name(&place);
        if place.is_empty() || self.path.ends_with('/') {
            return Err("`path` names a folder: give the path of a file".to_owned().into());
        }
        let lines = shown::count(self.text.lines().count(), "line", "lines");
        let before = self.before(tree, &tree.files()?, &place)?;
        let old = before.as_deref().map(String::from_utf8_lossy).unwrap_or_default();
        if let Some(kind) = Kind::marked_anew(&old, &self.text) {
            return Err(format!("{path} is as it was: {}", secret::in_new(kind)).into());
        }
        let told = match before {
            Some(old) if old == self.text.as_bytes() => {
                return Err(format!("{path} has exactly this text already").into());
            }
            Some(old) => {
                let old = String::from_utf8_lossy(&old).lines().count();
                let old = shown::count(old, "line", "lines");
                format!("replaced {path}: it has {lines} now, and had {old} before")
            }
            None => format!("made {path}, a new file of {lines}"),
        };
        let content = self.text.clone().into_bytes();
        let at = tree.change(&place, content, &format!("write {path}"))?;
        Ok(Done::changed(at, told))
    }

    /// The content that the file has now, if it is there.
    fn before(
        &self,
        tree: &Tree<'_>,
        files: &Files,
        place: &str,
    ) -> Result<Option<Vec<u8>>, NotDone> {
        let path = shown::name(place);
        if let Some(file) = files.file_on_the_way(place) {
            let kind = if file.kind == FileKind::Link { "a symbolic link" } else { "a file" };
            let file = shown::path(&file.path);
            return Err(format!("{path} can't be made: {file} is {kind}, and no folder").into());
        }
        match files.at(place) {
            Thing::Nothing => Ok(None),
            Thing::Folder => Err(format!("{path} is a folder, not a file").into()),
            Thing::File(file) if file.kind == FileKind::Link => Err(tree.told_of_link(place)?),
            Thing::File(_) => Ok(Some(tree.workspace.read(&tree.at, Path::new(place))?)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ground::Ground;

    fn write(path: &str, text: &str) -> FileCall {
        FileCall::Write(Write { path: path.into(), text: text.into() })
    }

    #[test]
    fn files_are_made_and_replaced() {
        let ground = Ground::with(&[("a", "1\n2\n")]);
        let done = ground.perform(write("new/deep/b.py", "x\n"));
        assert_eq!(done.text, "made new/deep/b.py, a new file of 1 line");
        assert_eq!(ground.content(&done, "new/deep/b.py"), "x\n");
        assert_eq!(ground.content(&done, "a"), "1\n2\n", "others stay");

        let root = ground.workspace.root().to_str().unwrap().to_owned();
        let done = ground.perform(write(&format!("{root}/a"), ""));
        assert_eq!(done.text, "replaced a: it has 0 lines now, and had 2 lines before");
        assert_eq!(ground.content(&done, "a"), "");
        assert!(ground.read_only(write("a", "1\n2\n")).contains("exactly this text already"));
    }

    #[test]
    fn nothing_else_is_lost_by_a_write() {
        let ground = Ground::new(&[("d/f", b"x"), ("a", b"y")], &[("link", "a"), ("up", "d")]);
        for (path, said) in [
            ("d", "d is a folder"),
            ("d/", "names a folder"),
            (".", "names a folder"),
            ("a/b", "a is a file, and no folder"),
            ("link", "symbolic link to a"),
            ("up/g", "up is a symbolic link, and no folder"),
            ("../x", "from the top"),
            ("/etc/cron.d/x", "not in the workspace"),
            (".git/hooks/pre-commit", "git's own"),
            ("d/.GIT/config", "git's own"),
            ("a\0", "can't be the path"),
        ] {
            let told = ground.read_only(write(path, "new"));
            assert!(told.contains(said), "{path:?}: {told}");
        }
    }

    #[test]
    fn an_odd_name_is_written_and_shown_on_one_line() {
        let ground = Ground::with(&[]);
        let done = ground.perform(write("a\n\u{1b}[2J \"ü\"", "x"));
        assert_eq!(done.text, "made a\\n\\u{1b}[2J \"ü\", a new file of 1 line");
        assert_eq!(ground.content(&done, "a\n\u{1b}[2J \"ü\""), "x");
    }
}
