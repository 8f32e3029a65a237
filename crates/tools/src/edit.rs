//! `edit`: replaces pieces of a file.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tenfold_redact::Kind;

use crate::call::{Call, FileCall, Tool};
use crate::endings::Endings;
use crate::read::is_binary;
use crate::replace::{self, Replaced, line_at};
use crate::reply::Lines;
use crate::tree::{Done, NotDone, Tree};
use crate::{numbered, secret, shown};

/// How many lines around a change are shown.
const CONTEXT_LINES: usize = 2;

/// Replaces pieces of a file, all of them or none. Each `old` has to be in the file exactly
/// once, to the last space, so give whole lines, and enough of them. Use it to change a file;
/// use `write` to make one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Edit {
    /// The file, from the top of the workspace.
    pub path: String,
    /// What to replace; made one after another, each on what those before have left.
    pub edits: Vec<Replace>,
}

/// One replacement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Replace {
    /// The text that is there now, without line numbers.
    pub old: String,
    /// The text to put in its place; empty to take it out.
    pub new: String,
}

impl Tool for Edit {
    const NAME: &'static str = "edit";

    fn call(self) -> Call {
        Call::Files(FileCall::Edit(self))
    }
}

impl Edit {
    pub(crate) fn perform(&self, tree: &Tree<'_>) -> Result<Done, NotDone> {
        let open = tree.open(&self.path)?;
        let path = shown::name(&open.path);
        if is_binary(&open.content) {
            return Err(format!("{path} is a binary file, which `edit` can't change").into());
        }
        let text = String::from_utf8(open.content).map_err(|error| {
            let bytes = error.as_bytes();
            let before = &bytes[..error.utf8_error().valid_up_to()];
            let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
            format!(
                "{path} has bytes that are no UTF-8, first in line {line}, so `edit` can't change \
                 it: change it with a command (`run`)"
            )
        })?;
        let endings = Endings::of(&text);
        let edits: Vec<_> = self
            .edits
            .iter()
            .map(|edit| Replace {
                old: endings.without(&edit.old).into_owned(),
                new: endings.without(&edit.new).into_owned(),
            })
            .collect();
        let replaced = replace::apply(&endings.without(&text), &edits, tree.redactor)
            .map_err(|why| format!("{path}: {why}"))?;
        let written = endings.with(&replaced.text);
        if written == text {
            return Err(format!("{path} is as it was: the edits take each other back").into());
        }
        if let Some(kind) = Kind::marked_anew(&text, &written) {
            return Err(format!("{path}: nothing was changed: {}", secret::in_new(kind)).into());
        }
        let at = tree.change(&open.path, written.into_bytes(), &format!("edit {path}"))?;
        Ok(Done::changed(at, told(&path, &replaced, &tree.redactor.text(&replaced.text))))
    }
}

/// The changed lines, with some around them. `shown` is the text line for line without its
/// secrets.
fn told(path: &str, replaced: &Replaced, shown: &str) -> String {
    let text = replaced.text.as_str();
    let total = text.lines().count();
    if total == 0 {
        return format!("changed {path}, which is empty now");
    }
    let head = format!("changed {path}, which has {} now:", shown::count(total, "line", "lines"));
    let mut lines = Lines::default();
    let mut shown_to = 0;
    for region in &replaced.regions {
        let last = region.end.saturating_sub(1).max(region.start);
        let (first, last) = (line_at(text, region.start), line_at(text, last));
        let from = first.saturating_sub(CONTEXT_LINES).max(shown_to + 1);
        let to = (last + CONTEXT_LINES).min(total);
        if from > to {
            continue;
        }
        let apart = shown_to == 0 || from == shown_to + 1 || lines.add("  ---");
        if !apart || !numbered::add(&mut lines, shown, from..=to) {
            return lines.between(&head, "… (the rest of what is new is not shown)");
        }
        shown_to = to;
    }
    lines.between(&head, "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ground::Ground;
    use crate::reply::MAX_REPLY_BYTES;

    fn edit(path: &str, edits: &[(&str, &str)]) -> FileCall {
        let edits =
            edits.iter().map(|(old, new)| Replace { old: (*old).into(), new: (*new).into() });
        FileCall::Edit(Edit { path: path.into(), edits: edits.collect() })
    }

    #[test]
    fn an_edit_is_a_commit_on_top_and_shows_what_changed() {
        let ground = Ground::with(&[("a.py", "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n"), ("b", "b\n")]);
        let done = ground.perform(edit("./a.py", &[("3\n", "three\n"), ("11\n", "")]));
        assert_eq!(ground.content(&done, "a.py"), "1\n2\nthree\n4\n5\n6\n7\n8\n9\n10\n");
        assert_eq!(
            done.text,
            "changed a.py, which has 10 lines now:\n    1  1\n    2  2\n    3  three\n    4  4\n    \
             5  5\n  ---\n    9  9\n   10  10"
        );
        let changed = ground.workspace.changed(&ground.at, &done.at).unwrap();
        assert_eq!(changed.len(), 1, "only that file");
        assert!(
            ground.workspace.root().join("a.py").metadata().unwrap().len() == 24,
            "not the person's"
        );
    }

    #[test]
    fn what_can_not_be_edited_leaves_all_as_it_was() {
        let files: [(&str, &[u8]); 4] =
            [("a", b"x = 1\n    y\n"), ("bin", b"x\0"), ("latin", b"x\n\xe9\n"), ("d/f", b"x")];
        let ground = Ground::new(&files, &[("link", "a")]);
        for (path, old, said) in [
            ("a", "x = 2\n", "a: nothing was changed: `old` is not in the file. The likest"),
            ("a", "\ty", "but for spaces"),
            ("bin", "x", "binary file"),
            ("latin", "x", "first in line 2"),
            ("link", "x", "symbolic link to a"),
            ("d", "x", "d is a folder"),
            ("f", "x", "there is d/f"),
        ] {
            let told = ground.read_only(edit(path, &[(old, "new")]));
            assert!(told.contains(said), "{told}");
        }
        let undone = ground.read_only(edit("a", &[("x = 1", "z"), ("z", "x = 1")]));
        assert!(undone.contains("take each other back"), "{undone}");
    }

    #[test]
    fn line_ends_stay_as_they_are() {
        let ground = Ground::with(&[("dos", "a\r\nb\r\nc\r\n"), ("unix", "a\nb\n")]);
        let done = ground.perform(edit("dos", &[("a\nb\n", "x\ny\r\nz\n")]));
        assert_eq!(ground.content(&done, "dos"), "x\r\ny\r\nz\r\nc\r\n");
        assert!(!done.text.contains("\\r"), "{}", done.text);
        let done = ground.perform(edit("unix", &[("a\r\nb", "c\r\nd")]));
        assert_eq!(ground.content(&done, "unix"), "c\nd\n");
    }

    #[test]
    fn an_executable_stays_one() {
        use std::os::unix::fs::PermissionsExt;
        let mut ground = Ground::with(&[("run.sh", "echo 1\n")]);
        let script = ground.workspace.root().join("run.sh");
        std::fs::set_permissions(script, std::fs::Permissions::from_mode(0o755)).unwrap();
        ground.at = ground.workspace.snapshot().unwrap().commit;
        let done = ground.perform(edit("run.sh", &[("1", "2")]));
        let files = ground.workspace.files(&done.at).unwrap();
        assert_eq!(files[0].kind, tenfold_workspace::FileKind::Executable);
    }

    #[test]
    fn a_large_change_is_shown_in_part() {
        let ground = Ground::with(&[("a", "x\n")]);
        let done = ground.perform(edit("a", &[("x", &"line of text\n".repeat(1_000))]));
        assert!(done.text.len() <= MAX_REPLY_BYTES && done.text.contains("not shown"));
        let done = ground.perform(edit("a", &[("x\n", "")]));
        assert_eq!(done.text, "changed a, which is empty now");
    }
}
