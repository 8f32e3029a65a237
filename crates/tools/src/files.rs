//! What stands at a path, in a list of a commit's files: a commit has no folders of its own.
//!
//! Apart, because all tools look before they act. It does no IO.

use std::path::Path;

use tenfold_workspace::TreeFile;

use crate::shown;

/// How many files of a name are offered where a path leads nowhere.
const MAX_OFFERS: usize = 5;

/// The files of a commit, sorted by path.
#[derive(Debug)]
pub(crate) struct Files {
    all: Vec<TreeFile>,
}

/// What stands at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Thing<'f> {
    /// A file or a link.
    File(&'f TreeFile),
    /// At least one file lies below it; or it is the top.
    Folder,
    /// Nothing.
    Nothing,
}

impl Files {
    pub(crate) fn new(mut all: Vec<TreeFile>) -> Self {
        all.sort_by(|a, b| a.path.cmp(&b.path));
        Self { all }
    }

    /// All of them, sorted by path.
    pub(crate) fn all(&self) -> &[TreeFile] {
        &self.all
    }

    /// What stands at `path`, which is empty for the top.
    pub(crate) fn at(&self, path: &str) -> Thing<'_> {
        let path = Path::new(path);
        let place = self.all.partition_point(|file| file.path.as_path() < path);
        match self.all.get(place) {
            _ if path.as_os_str().is_empty() => Thing::Folder,
            Some(file) if file.path == path => Thing::File(file),
            Some(file) if file.path.starts_with(path) => Thing::Folder,
            _ => Thing::Nothing,
        }
    }

    /// The files below a folder, sorted by path.
    pub(crate) fn below(&self, folder: &str) -> &[TreeFile] {
        let folder = Path::new(folder);
        let from = self.all.partition_point(|file| file.path.as_path() < folder);
        let below = &self.all[from..];
        &below[..below.partition_point(|file| file.path.starts_with(folder))]
    }

    /// The first folder on the way to `path` that is a file in truth.
    pub(crate) fn file_on_the_way(&self, path: &str) -> Option<&TreeFile> {
        let mut folders = path.match_indices('/').map(|(end, _)| &path[..end]);
        folders.find_map(|folder| match self.at(folder) {
            Thing::File(file) => Some(file),
            _ => None,
        })
    }

    /// What a model is told that named a path where nothing is.
    pub(crate) fn nothing_at(&self, path: &str) -> String {
        let shown = shown::name(path);
        let name = Path::new(path).file_name().unwrap_or_default();
        let alike: Vec<_> = self
            .all
            .iter()
            .filter(|file| file.path.file_name().is_some_and(|it| it.eq_ignore_ascii_case(name)))
            .map(|file| shown::path(&file.path))
            .take(MAX_OFFERS)
            .collect();
        if alike.is_empty() {
            format!("there is no file or folder {shown}: see what there is with `list`")
        } else {
            format!(
                "there is no file or folder {shown}; of that name there is {}",
                alike.join(", ")
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use tenfold_domain::Bytes;
    use tenfold_workspace::FileKind;

    use super::*;

    fn files(paths: &[&str]) -> Files {
        let file =
            |path: &&str| TreeFile { path: path.into(), kind: FileKind::File, bytes: Bytes(1) };
        Files::new(paths.iter().map(file).collect())
    }

    #[test]
    fn folders_are_seen_from_the_files_in_them() {
        // `a-b` and `a.c` sort between `a` and `a/x` by bytes, but not by parts.
        let files = files(&["a/x", "a-b/y", "a.c", "b"]);
        assert_eq!(files.at(""), Thing::Folder);
        assert_eq!(files.at("a"), Thing::Folder);
        assert!(matches!(files.at("a.c"), Thing::File(_)));
        assert_eq!(files.at("a/"), Thing::Folder);
        assert_eq!(files.at("a/x/y"), Thing::Nothing);
        assert_eq!(files.at("c"), Thing::Nothing);
        assert_eq!(files.below("a").len(), 1);
        assert_eq!(files.below("").len(), 4);
        assert!(files.file_on_the_way("b/new").is_some());
        assert!(files.file_on_the_way("a/new").is_none());
    }

    #[test]
    fn files_of_the_same_name_are_offered() {
        let files = files(&["src/deep/Main.py", "x"]);
        assert!(files.nothing_at("src/main.py").contains("src/deep/Main.py"));
        assert!(files.nothing_at("y").contains("`list`"));
    }
}
