//! Finding the files of a folder: all but what is ignored, and what is tracked in any case.
//!
//! Apart, because the folder may be one that an agent wrote: every step is by descriptor and
//! follows no link, whatever is no file, link or folder is passed over with a note, and depth,
//! number and size have bounds. It reads no content but that of `.gitignore`.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use crate::WorkspaceError;
use crate::folder::{Folder, Form, Look};
use crate::rules::Rules;
use crate::tree::{is_dot_git, shown};

/// A file above this is passed over, with a note.
pub(crate) const MAX_FILE_BYTES: u64 = 100 * 1024 * 1024;
/// More than this in all is too much.
const MAX_TOTAL_BYTES: u64 = 8 * 1024 * 1024 * 1024;
/// More files than this are too many.
const MAX_FILES: usize = 400_000;
/// Folders further down than this are passed over, with a note.
const MAX_DEPTH: usize = 200;
/// The largest `.gitignore` that is read.
pub(crate) const MAX_RULES_BYTES: u64 = 1024 * 1024;
/// How many notes are kept; the rest is counted.
const MAX_NOTES: usize = 20;

/// The beginning of the names of files that are being written when an acceptance is cut short.
pub(crate) const TEMPORARY: &str = ".tenfold-new-";

/// Things that a person should know about a snapshot, at most [`MAX_NOTES`] of them.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    shown: Vec<String>,
    more: usize,
}

impl Notes {
    pub(crate) fn add(&mut self, note: String) {
        if self.shown.len() < MAX_NOTES {
            self.shown.push(note);
        } else {
            self.more += 1;
        }
    }

    pub(crate) fn into_lines(mut self) -> Vec<String> {
        if self.more > 0 {
            self.shown.push(format!("and {} more like these", self.more));
        }
        self.shown
    }
}

/// What a walk found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Files and links.
    pub(crate) files: BTreeMap<PathBuf, Look>,
    /// What is there but was passed over.
    pub(crate) skipped: BTreeSet<PathBuf>,
    pub(crate) notes: Notes,
    total_bytes: u64,
}

impl Found {
    /// Passes a path over, and says why.
    pub(crate) fn skip(&mut self, path: &Path, why: &str) {
        self.notes.add(format!("{} is left out: {why}", shown(path)));
        self.skipped.insert(path.to_owned());
    }
}

/// What a nested repository tracks, with the paths of its files from its own top.
pub(crate) type Nested<'a> = dyn Fn(&Path) -> Result<Vec<PathBuf>, WorkspaceError> + 'a;

/// A walk over a folder.
pub(crate) struct Walk<'a> {
    top: Folder,
    root: &'a Path,
    /// What is found even if it is ignored.
    tracked: BTreeSet<PathBuf>,
    nested: Option<&'a Nested<'a>>,
    found: Found,
}

impl<'a> Walk<'a> {
    /// Walks `root`, which the caller trusts to be the folder that is meant.
    pub(crate) fn new(
        root: &'a Path,
        tracked: BTreeSet<PathBuf>,
        nested: Option<&'a Nested<'a>>,
    ) -> Result<Self, WorkspaceError> {
        let top = Folder::open(root).map_err(WorkspaceError::io("open", root))?;
        Ok(Self { top, root, tracked, nested, found: Found::default() })
    }

    /// Finds everything.
    pub(crate) fn run(mut self, rules: &Rules) -> Result<(Folder, Found), WorkspaceError> {
        let top = self.top.parent_of(Path::new("x")).map_err(self.io("open", Path::new("")))?;
        self.folder(&top, Path::new(""), rules, 0)?;
        // What the walk passed by because a folder above it is ignored.
        for path in std::mem::take(&mut self.tracked) {
            if !self.found.files.contains_key(&path) && !self.found.skipped.contains(&path) {
                self.tracked_file(&path)?;
            }
        }
        Ok((self.top, self.found))
    }

    fn io(&self, doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> WorkspaceError {
        WorkspaceError::io(doing, self.root.join(path))
    }

    fn folder(
        &mut self,
        folder: &Folder,
        path: &Path,
        rules: &Rules,
        depth: usize,
    ) -> Result<(), WorkspaceError> {
        let names = match folder.names() {
            Ok(names) => names,
            Err(error) => {
                self.found.skip(path, &format!("it can't be read ({error})"));
                return Ok(());
            }
        };
        let own = self.own_rules(folder, path, rules);
        let rules = own.as_ref().unwrap_or(rules);
        if !path.as_os_str().is_empty() && names.iter().any(|name| is_dot_git(name)) {
            self.enter_nested(path)?;
        }
        for name in names.iter().filter(|name| !is_dot_git(name)) {
            let path = path.join(name);
            let Ok(Some(look)) = folder.look(name) else { continue };
            if rules.ignore(&path, look.form == Form::Folder) && !self.tracked.contains(&path) {
                continue;
            }
            match look.form {
                Form::Folder if depth >= MAX_DEPTH => {
                    self.found.skip(&path, "it lies too deep");
                }
                Form::Folder => match folder.enter(name) {
                    Ok(below) => self.folder(&below, &path, rules, depth + 1)?,
                    Err(error) => {
                        self.found.skip(&path, &format!("it can't be opened ({error})"));
                    }
                },
                _ => self.take(path, look)?,
            }
        }
        Ok(())
    }

    /// The rules below this folder, if it adds any.
    fn own_rules(&self, folder: &Folder, path: &Path, rules: &Rules) -> Option<Rules> {
        let text = folder.read(OsStr::new(".gitignore"), MAX_RULES_BYTES).ok()?;
        Some(rules.below(path, &text.0))
    }

    fn enter_nested(&mut self, path: &Path) -> Result<(), WorkspaceError> {
        let Some(nested) = self.nested else { return Ok(()) };
        for file in nested(&self.root.join(path))? {
            self.tracked.insert(path.join(file));
        }
        Ok(())
    }

    fn tracked_file(&mut self, path: &Path) -> Result<(), WorkspaceError> {
        let Some(name) = path.file_name() else { return Ok(()) };
        // A folder that is gone, or a link now, holds none of the files that are tracked.
        let Ok(parent) = self.top.parent_of(path) else { return Ok(()) };
        match parent.look(name) {
            Ok(Some(look)) if look.form != Form::Folder => self.take(path.to_owned(), look),
            _ => Ok(()),
        }
    }

    fn take(&mut self, path: PathBuf, look: Look) -> Result<(), WorkspaceError> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        match look.form {
            _ if name.starts_with(TEMPORARY) => {}
            Form::Other => self.found.skip(&path, "it is a pipe, a socket or a device"),
            Form::File if look.bytes > MAX_FILE_BYTES => {
                self.found.skip(&path, "it is larger than 100 MB");
            }
            _ => {
                self.found.total_bytes += look.bytes;
                self.found.files.insert(path, look);
            }
        }
        if self.found.files.len() > MAX_FILES {
            return Err(self.too_much(format!("{MAX_FILES} files")));
        }
        if self.found.total_bytes > MAX_TOTAL_BYTES {
            return Err(self.too_much(format!("{} GB", MAX_TOTAL_BYTES >> 30)));
        }
        Ok(())
    }

    fn too_much(&self, limit: String) -> WorkspaceError {
        WorkspaceError::TooMuch { root: self.root.to_owned(), limit }
    }
}
