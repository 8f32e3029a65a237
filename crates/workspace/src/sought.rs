//! Looking for a few files of the person's by where they lie, and reading them.
//!
//! Apart from the walk of a snapshot, because it is to be quick and to find little: ignored and
//! hidden folders are passed by, what lies nearest to the top is found first, and depth, number
//! and size have bounds that are said when they are met. As there, every step is by descriptor
//! and follows no link. What is in the files is for the caller to judge.

use std::collections::VecDeque;
use std::ffi::OsStr;
use std::io;
use std::path::Path;

use crate::WorkspaceError;
use crate::folder::{Folder, Form};
use crate::rules::Rules;
use crate::tree::{is_dot_git, is_hidden, shown};
use crate::walk::MAX_RULES_BYTES;

/// Folders further down are passed by, with a note.
const MAX_DEPTH: usize = 24;
/// More names are not looked at, with a note.
const MAX_NAMES: usize = 200_000;
/// How many notes are kept.
const MAX_NOTES: usize = 20;

/// What a path from the top, `/` separated, is to who looks for files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interest {
    /// Nothing; if it is a folder, it is looked into unless its name begins with a dot.
    None,
    /// Nothing, and it is not looked into.
    Pass,
    /// A folder that is looked into even so; a link in its place is worth a note.
    Folder,
    /// A file that is looked for.
    File {
        /// One that is larger is left out, with a note; in bytes.
        max_bytes: u64,
    },
}

/// What is looked for.
pub struct Sought<'a> {
    /// What a path is.
    pub interest: &'a dyn Fn(&str) -> Interest,
    /// The most files.
    pub max_files: usize,
    /// The most that they hold together, in bytes.
    pub max_bytes: u64,
}

/// What was found.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Sighted {
    /// Each file's path from the top and its text; those nearest to the top first.
    pub files: Vec<(String, String)>,
    /// What was left out, and why.
    pub notes: Vec<String>,
}

/// Looks for files below `root`, which the caller trusts to be the folder that is meant.
pub(crate) fn look(
    root: &Path,
    rules: Rules,
    sought: &Sought<'_>,
) -> Result<Sighted, WorkspaceError> {
    let top = Folder::open(root).map_err(WorkspaceError::io("open", root))?;
    let mut look =
        Look { sought, names: 0, bytes: 0, queue: VecDeque::new(), found: <_>::default() };
    look.queue.push_back((String::new(), rules));
    while let Some((path, rules)) = look.queue.pop_front() {
        // Opened from the top each time, so that a wide tree holds no descriptors.
        match top.parent_of(&Path::new(&path).join("x")) {
            Ok(folder) => look.folder(&folder, &path, &rules),
            Err(error) => look.leave_out(&path, &format!("it can't be opened ({error})")),
        }
        if look.names > MAX_NAMES {
            let note = format!("there are more than {MAX_NAMES} files: the rest is not looked at");
            look.found.notes.push(note);
            break;
        }
    }
    Ok(look.found)
}

struct Look<'a> {
    sought: &'a Sought<'a>,
    /// Looked at so far.
    names: usize,
    /// Taken so far.
    bytes: u64,
    /// Folders to look into, with the rules that hold there.
    queue: VecDeque<(String, Rules)>,
    found: Sighted,
}

impl Look<'_> {
    fn leave_out(&mut self, path: &str, why: &str) {
        match self.found.notes.len() {
            few if few < MAX_NOTES => {
                self.found.notes.push(format!("{} is left out: {why}", shown(Path::new(path))));
            }
            MAX_NOTES => self.found.notes.push("and more like these".to_owned()),
            _ => {}
        }
    }

    fn folder(&mut self, folder: &Folder, path: &str, rules: &Rules) {
        let names = match folder.names() {
            Ok(names) => names,
            Err(error) => return self.leave_out(path, &format!("it can't be read ({error})")),
        };
        let own = folder.read(OsStr::new(".gitignore"), MAX_RULES_BYTES).ok();
        let own = own.map(|(text, _)| rules.below(Path::new(path), &text));
        let rules = own.as_ref().unwrap_or(rules);
        self.names += names.len();
        // What has a name that is no text is asked for by nobody.
        for name in names.iter().filter(|name| !is_dot_git(name)).filter_map(|name| name.to_str()) {
            let below = if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") };
            let Ok(Some(look)) = folder.look(OsStr::new(name)) else { continue };
            if rules.ignore(Path::new(&below), look.form == Form::Folder) {
                continue;
            }
            match ((self.sought.interest)(&below), look.form) {
                (Interest::Pass, _) => {}
                (Interest::None, Form::Folder) if name.starts_with('.') => {}
                (_, Form::Folder) if below.matches('/').count() >= MAX_DEPTH => {
                    self.leave_out(&below, "it lies too deep");
                }
                (_, Form::Folder) => self.queue.push_back((below, rules.clone())),
                (Interest::File { max_bytes }, Form::File) => {
                    self.take(folder, name, below, max_bytes);
                }
                (Interest::File { .. }, _) => self.leave_out(&below, "it is no plain file"),
                (Interest::Folder, Form::Link) => self.leave_out(&below, "it is a link"),
                _ => {}
            }
        }
    }

    fn take(&mut self, folder: &Folder, name: &str, path: String, max_bytes: u64) {
        if path.chars().any(is_hidden) {
            return self.leave_out(&path, "its path has characters that can't be seen");
        }
        if self.found.files.len() >= self.sought.max_files {
            let most = self.sought.max_files;
            return self.leave_out(&path, &format!("there are more than {most} such files"));
        }
        let text = match folder.read(OsStr::new(name), max_bytes) {
            Ok((bytes, _)) => String::from_utf8(bytes),
            Err(error) if error.kind() == io::ErrorKind::FileTooLarge => {
                let most = max_bytes / 1024;
                return self.leave_out(&path, &format!("it is larger than {most} KiB"));
            }
            Err(error) => return self.leave_out(&path, &format!("it can't be read ({error})")),
        };
        let Ok(text) = text else { return self.leave_out(&path, "it is no UTF-8 text") };
        if self.bytes + text.len() as u64 > self.sought.max_bytes {
            let most = self.sought.max_bytes / 1024;
            let why = format!("with those before it, it is more than {most} KiB");
            return self.leave_out(&path, &why);
        }
        self.bytes += text.len() as u64;
        self.found.files.push((path, text));
    }
}
