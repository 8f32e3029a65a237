//! `list`: what is in a folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tenfold_workspace::{FileKind, TreeFile};

use crate::call::{Call, FileCall, Tool};
use crate::files::Thing;
use crate::reply::Lines;
use crate::shown;
use crate::tree::{Done, NotDone, Tree};

/// How many files and folders are shown.
const MAX_ENTRIES: usize = 200;

/// Lists the files and folders in a folder. Folders end with `/` and say how many files are
/// below them. Use it to see how a project is laid out; to find a file by its content, use
/// `search`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct List {
    /// The folder, from the top of the workspace; `.` is the top itself.
    pub path: String,
    /// How many levels of folders to open; 1, which is the default, shows only what is
    /// directly in it.
    pub depth: Option<u32>,
}

impl Tool for List {
    const NAME: &'static str = "list";

    fn call(self) -> Call {
        Call::Files(FileCall::List(self))
    }
}

impl List {
    pub(crate) fn perform(&self, tree: &Tree<'_>) -> Result<Done, NotDone> {
        let place = tree.place(&self.path)?;
        let files = tree.files()?;
        let text = match files.at(&place) {
            Thing::Nothing => files.nothing_at(&place),
            Thing::File(file) => {
                format!("{} is a file: see what is in it with `read`", about(&file.path, file))
            }
            Thing::Folder => {
                let depth = self.depth.unwrap_or(1).max(1) as usize;
                listing(&place, files.below(&place), depth)
            }
        };
        Ok(Done::unchanged(tree, text))
    }
}

enum Entry<'f> {
    File(&'f TreeFile),
    /// How many files are below it.
    Folder(usize),
}

fn listing(folder: &str, files: &[TreeFile], depth: usize) -> String {
    let entries = entries(folder, files, depth);
    let mut lines = Lines::default();
    let mut many = 0;
    for (path, entry) in entries.iter().take(MAX_ENTRIES) {
        let line = match entry {
            Entry::File(file) => about(path, file),
            Entry::Folder(files) => {
                format!("{}/ ({})", shown::path(path), shown::count(*files, "file", "files"))
            }
        };
        if !lines.add(&line) {
            break;
        }
        many += 1;
    }
    let name = if folder.is_empty() { "the top".to_owned() } else { shown::name(folder) };
    let head = format!("{} below {name}:", shown::count(files.len(), "file", "files"));
    let tail = match entries.len() - many {
        0 => String::new(),
        more => format!(
            "{} left out: list one of the folders, or with a smaller `depth`",
            shown::count(more, "more is", "more are")
        ),
    };
    lines.between(&head, &tail)
}

/// What is at most `depth` levels below the folder, by its path from the top.
fn entries<'f>(folder: &str, files: &'f [TreeFile], depth: usize) -> BTreeMap<PathBuf, Entry<'f>> {
    let above = Path::new(folder).components().count();
    let mut entries = BTreeMap::new();
    for file in files {
        let levels = file.path.components().count() - above;
        let mut path = PathBuf::from(folder);
        for part in file.path.components().skip(above).take(depth.min(levels - 1)) {
            path.push(part);
            let entry = entries.entry(path.clone()).or_insert(Entry::Folder(0));
            if let Entry::Folder(files) = entry {
                *files += 1;
            }
        }
        if levels <= depth {
            entries.insert(file.path.clone(), Entry::File(file));
        }
    }
    entries
}

fn about(path: &Path, file: &TreeFile) -> String {
    let kind = match file.kind {
        FileKind::File => "",
        FileKind::Executable => ", executable",
        FileKind::Link => ", symbolic link",
    };
    let size = shown::count(file.bytes.0 as usize, "byte", "bytes");
    format!("{} ({size}{kind})", shown::path(path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ground::Ground;
    use crate::reply::MAX_REPLY_BYTES;

    fn list(ground: &Ground, path: &str, depth: Option<u32>) -> String {
        ground.read_only(FileCall::List(List { path: path.into(), depth }))
    }

    #[test]
    fn folders_say_how_many_files_are_below_them() {
        let ground = Ground::with(&[("a.txt", "12345"), ("src/x/deep.py", ""), ("src/y.py", "1")]);
        let top = "3 files below the top:\na.txt (5 bytes)\nsrc/ (2 files)";
        assert_eq!(list(&ground, ".", None), top);
        assert_eq!(
            list(&ground, "./src/", Some(9)),
            "2 files below src:\nsrc/x/ (1 file)\nsrc/x/deep.py (0 bytes)\nsrc/y.py (1 byte)"
        );
        let root = ground.workspace.root().to_str().unwrap();
        assert_eq!(list(&ground, root, Some(0)), top, "the absolute path of the top");
    }

    #[test]
    fn what_is_no_folder_is_said() {
        let ground = Ground::with(&[("src/y.py", "1")]);
        assert!(list(&ground, "src/y.py", None).contains("`read`"));
        assert!(list(&ground, "lib/y.py", None).contains("src/y.py"));
        assert!(list(&ground, "..", None).contains("from the top"));
        assert!(list(&Ground::with(&[]), ".", None).contains("0 files"));
    }

    #[test]
    fn a_large_folder_is_cut_and_the_rest_counted() {
        let names: Vec<_> = (0..230).map(|n| format!("{n:03}")).collect();
        let files: Vec<_> = names.iter().map(|name| (name.as_str(), "")).collect();
        let text = list(&Ground::with(&files), ".", None);
        assert!(text.contains("199 (") && !text.contains("200 ("), "{text}");
        assert!(text.contains("30 more are left out"), "{text}");

        let long = "x".repeat(190);
        let names: Vec<_> = (0..60).map(|n| format!("{n:03}{long}")).collect();
        let files: Vec<_> = names.iter().map(|name| (name.as_str(), "")).collect();
        let text = list(&Ground::with(&files), ".", None);
        assert!(text.len() <= MAX_REPLY_BYTES && text.contains("more are left out"), "{text}");
    }
}
