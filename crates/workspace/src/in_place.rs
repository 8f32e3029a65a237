//! Bringing a change to the files that the person has now, and taking it back.
//!
//! Apart, because this is the only part that writes the person's files. Everything is computed
//! before anything is written; what is written goes into new files that then take the old
//! ones' places; and whatever fails on the way is taken back. What a process that is killed
//! leaves is known by its name, and swept away later. No link is ever written through.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use tenfold_domain::CommitId;

use crate::WorkspaceError;
use crate::diff::{self, Side};
use crate::error::{Conflict, ConflictReason};
use crate::folder::{Folder, Form, Look, Permissions};
use crate::git::Git;
use crate::import::{Change, Import, NewCommit, Signature, Source};
use crate::merge::merge;
use crate::store;
use crate::tree::{FileKind, Version, checked, stays_inside};
use crate::walk::{MAX_FILE_BYTES, TEMPORARY};

/// A change that fits the person's files as they are now: computed, and nothing written yet.
///
/// A process may be killed while it writes. So whoever writes keeps [`InPlace::before`] and
/// [`InPlace::after`] first, and says durably that it is about to; what was cut short is then
/// told from what is whole by [`Workspace::fit_back`](crate::Workspace::fit_back).
#[derive(Debug)]
pub struct InPlace {
    /// Every file that would be written, as it is now; a commit that holds no other file.
    pub before: CommitId,
    /// The same files as they would be.
    pub after: CommitId,
    /// Which files would be written or deleted; none if all is as wanted already.
    pub files: Vec<PathBuf>,
    root: PathBuf,
    top: Folder,
    steps: Vec<Step>,
    /// The beginning of the names of what is on its way.
    temporary: String,
}

/// Whether the change comes from an agent or from the person's own past.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trust<'a> {
    Proposal,
    /// It takes back what led to this commit.
    Own(&'a CommitId),
}

/// Fits the change from `base` to `wanted` to the files below `root`.
pub(crate) fn fit(
    git: &Git,
    root: &Path,
    base: &CommitId,
    wanted: &CommitId,
    trust: Trust<'_>,
) -> Result<InPlace, WorkspaceError> {
    let top = Folder::open(root).map_err(WorkspaceError::io("open", root))?;
    let mut steps = Vec::new();
    let mut conflicts = Vec::new();
    for delta in diff::deltas(git, base, wanted)? {
        let path = checked(&delta.path)?;
        let [before, after] = [version(git, &delta.before)?, version(git, &delta.after)?];
        if let Some(why) = leads_out(path, after.as_ref(), trust) {
            conflicts.push(Conflict { path: path.to_owned(), why, hunks: Vec::new() });
            continue;
        }
        let merged = match now(&top, path).map_err(WorkspaceError::io("read", root.join(path)))? {
            Err(why) => Err(Conflict { path: path.to_owned(), why, hunks: Vec::new() }),
            Ok((current, look)) => {
                merge(git, path, before.as_ref(), current.as_ref(), after.as_ref())?
                    .map(|result| Step { path: delta.path.clone(), current, look, result })
            }
        };
        match merged {
            Ok(step) if step.current == step.result => {}
            Ok(step) => steps.push(step),
            Err(conflict) => conflicts.push(conflict),
        }
    }
    if !conflicts.is_empty() {
        return Err(WorkspaceError::Conflicts(conflicts));
    }
    let before = record(git, &steps, "Before", |step| step.current.as_ref())?;
    let after = record(git, &steps, "After", |step| step.result.as_ref())?;
    let temporary = match trust {
        Trust::Proposal => temporary(&after),
        Trust::Own(accepted) => temporary(accepted),
    };
    let files = steps.iter().map(|step| step.path.clone()).collect();
    Ok(InPlace { before, after, files, root: root.to_owned(), top, steps, temporary })
}

/// How the names of files begin that are on their way to what an acceptance leads to, or back:
/// what one that was killed has left is told by it from all else.
fn temporary(after: &CommitId) -> String {
    format!("{TEMPORARY}{}-", after.short())
}

impl InPlace {
    /// Writes it, all of it or nothing. `hear` is called after each change of the disk.
    ///
    /// # Errors
    /// [`WorkspaceError::Conflicts`] if a file has changed since it was looked at;
    /// [`Io`](WorkspaceError::Io). What was written by then is taken back as far as that goes.
    pub fn write(&self, hear: &mut dyn FnMut()) -> Result<(), WorkspaceError> {
        Writing { it: self, hear, staged: Vec::new(), made: Vec::new(), written: 0 }.run()
    }
}

/// Removes what a killed [`InPlace::write`] of this acceptance, or its taking back, has left
/// beside the files: those on their way, and folders that were made for them.
pub(crate) fn sweep(
    git: &Git,
    root: &Path,
    before: &CommitId,
    after: &CommitId,
) -> Result<(), WorkspaceError> {
    let top = Folder::open(root).map_err(WorkspaceError::io("open", root))?;
    let temporary = temporary(after);
    for delta in diff::deltas(git, before, after)? {
        let path = checked(&delta.path)?;
        // A folder that is not there, or a link by now, holds nothing of ours; those above it may
        // have been made for it.
        let Ok(parent) = top.parent_of(path) else {
            if delta.before.is_none() {
                remove_empty(&top, path);
            }
            continue;
        };
        let doing = || WorkspaceError::io("list", root.join(path.parent().unwrap_or(path)));
        for name in parent.names().map_err(doing())? {
            if name.as_bytes().starts_with(temporary.as_bytes()) {
                parent.remove(&name).map_err(doing())?;
            }
        }
        let name = path.file_name().unwrap_or_default();
        if delta.before.is_none() && parent.look(name).map_err(doing())?.is_none() {
            remove_empty(&top, path);
        }
    }
    Ok(())
}

/// What happens to one file.
#[derive(Debug)]
struct Step {
    path: PathBuf,
    current: Option<Version>,
    look: Option<Look>,
    result: Option<Version>,
}

/// The content of one side of a change.
pub(crate) fn version(git: &Git, side: &Side) -> Result<Option<Version>, WorkspaceError> {
    match side {
        None => Ok(None),
        Some((kind, blob)) => {
            Ok(Some(Version { kind: *kind, content: store::read_blob(git, blob)? }))
        }
    }
}

/// Whether a proposed file is a link that must not be made.
pub(crate) fn leads_out(
    path: &Path,
    after: Option<&Version>,
    trust: Trust<'_>,
) -> Option<ConflictReason> {
    let link = after.filter(|version| version.kind == FileKind::Link)?;
    let out = trust == Trust::Proposal && !stays_inside(path, &link.content);
    out.then_some(ConflictReason::LinkLeads)
}

type Now = Result<(Option<Version>, Option<Look>), ConflictReason>;

/// What is at a path now, and how it looks; or why nothing can be put there.
fn now(top: &Folder, path: &Path) -> io::Result<Now> {
    let mut folder = top.parent_of(Path::new("x"))?;
    for part in path.parent().into_iter().flat_map(Path::iter) {
        match folder.look(part)?.map(|look| look.form) {
            None => return Ok(Ok((None, None))),
            Some(Form::Folder) => folder = folder.enter(part)?,
            Some(Form::Link) => return Ok(Err(ConflictReason::ThroughLink)),
            Some(_) => return Ok(Err(ConflictReason::InTheWay)),
        }
    }
    let name = path.file_name().unwrap_or_default();
    let Some(look) = folder.look(name)? else { return Ok(Ok((None, None))) };
    let version = match look.form {
        Form::Folder | Form::Other => return Ok(Err(ConflictReason::InTheWay)),
        Form::Link => Version { kind: FileKind::Link, content: folder.read_link(name)? },
        Form::File => {
            let kind = if look.is_executable() { FileKind::Executable } else { FileKind::File };
            Version { kind, content: folder.read(name, MAX_FILE_BYTES)?.0 }
        }
    };
    Ok(Ok((Some(version), Some(look))))
}

/// Commits one side of all steps.
fn record(
    git: &Git,
    steps: &[Step],
    message: &str,
    side: impl Fn(&Step) -> Option<&Version>,
) -> Result<CommitId, WorkspaceError> {
    let mut import = Import::start(git)?;
    let mut changes: Vec<Change<'_>> = Vec::new();
    for step in steps {
        if let Some(version) = side(step) {
            let mark = import.blob(&version.content)?;
            changes.push((&step.path, Some((version.kind, Source::Mark(mark)))));
        }
    }
    let signature = Signature::own();
    let imported = import.commit(&NewCommit { parent: None, signature, message, changes })?;
    Ok(imported.commit)
}

/// A new file that waits beside its place.
struct Staged<'a> {
    parent: Folder,
    name: &'a OsStr,
    temporary: Option<OsString>,
    step: &'a Step,
}

/// The writing of all steps. Dropped before its end, it takes back what it did.
struct Writing<'a> {
    it: &'a InPlace,
    hear: &'a mut dyn FnMut(),
    staged: Vec<Staged<'a>>,
    /// Folders that were made for it.
    made: Vec<PathBuf>,
    /// How many of the staged files are in their places.
    written: usize,
}

impl<'a> Writing<'a> {
    fn run(mut self) -> Result<(), WorkspaceError> {
        let InPlace { root, top, steps, .. } = self.it;
        for (number, step) in steps.iter().enumerate() {
            self.stage(number, step).map_err(WorkspaceError::io("write", root.join(&step.path)))?;
            (self.hear)();
        }
        while self.written < self.staged.len() {
            let staged = &mut self.staged[self.written];
            let path = &staged.step.path;
            let doing = WorkspaceError::io("write", root.join(path));
            if !staged.put().map_err(doing)? {
                let why = ConflictReason::Busy;
                let conflict = Conflict { path: path.clone(), why, hunks: Vec::new() };
                return Err(WorkspaceError::Conflicts(vec![conflict]));
            }
            self.written += 1;
            (self.hear)();
        }
        for staged in &self.staged {
            let doing = WorkspaceError::io("write", root.join(&staged.step.path));
            staged.parent.sync().map_err(doing)?;
        }
        for step in steps.iter().filter(|step| step.result.is_none()) {
            remove_empty(top, &step.path);
            (self.hear)();
        }
        self.staged.clear();
        self.made.clear();
        Ok(())
    }

    /// Writes a step's result beside its place.
    fn stage(&mut self, number: usize, step: &'a Step) -> io::Result<()> {
        let parent = self.parent(&step.path)?;
        let name = step.path.file_name().unwrap_or_default();
        let Some(result) = &step.result else {
            self.staged.push(Staged { parent, name, temporary: None, step });
            return Ok(());
        };
        let temporary = OsString::from(format!("{}{number}", self.it.temporary));
        // What an earlier run of the same change left when it was killed.
        let _ = parent.remove(&temporary);
        let above = parent.look(OsStr::new("."))?;
        self.staged.push(Staged { parent, name, temporary: Some(temporary.clone()), step });
        let parent = &self.staged[self.staged.len() - 1].parent;
        write(parent, &temporary, result, step.look.as_ref(), above.as_ref())
    }

    /// Opens the folder of a path, and makes what is missing of it.
    fn parent(&mut self, path: &Path) -> io::Result<Folder> {
        let mut folder = self.it.top.parent_of(Path::new("x"))?;
        let mut walked = PathBuf::new();
        for part in path.parent().into_iter().flat_map(Path::iter) {
            walked.push(part);
            let made = folder.make_folder(part)?;
            let below = folder.enter(part)?;
            if made {
                self.made.push(walked.clone());
                (self.hear)();
                if let Some(above) = folder.look(OsStr::new("."))?.filter(|_| is_root()) {
                    below.give_to_owner_of(&above);
                }
            }
            folder = below;
        }
        Ok(folder)
    }
}

impl Staged<'_> {
    /// Puts the new file in its place, or takes the old one away; `false` if the old one has
    /// changed since it was read.
    fn put(&mut self) -> io::Result<bool> {
        if self.parent.look(self.name)? != self.step.look {
            return Ok(false);
        }
        match self.temporary.take() {
            Some(temporary) => {
                let put = self.parent.rename(&temporary, self.name);
                if put.is_err() {
                    self.temporary = Some(temporary);
                }
                put?;
            }
            None => self.parent.remove(self.name)?,
        }
        Ok(true)
    }

    /// Puts the old content back in its place.
    fn take_back(&self, temporary: &str) -> io::Result<()> {
        let Some(current) = &self.step.current else { return self.parent.remove(self.name) };
        let temporary = OsString::from(format!("{temporary}back"));
        let _ = self.parent.remove(&temporary);
        write(&self.parent, &temporary, current, self.step.look.as_ref(), None)?;
        self.parent.rename(&temporary, self.name)
    }
}

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        for (number, staged) in self.staged.iter().enumerate().rev() {
            if number < self.written {
                let _ = staged.take_back(&self.it.temporary);
            } else if let Some(temporary) = &staged.temporary {
                let _ = staged.parent.remove(temporary);
            }
        }
        for folder in self.made.iter().rev() {
            let name = folder.file_name().unwrap_or_default();
            let _ = self.it.top.parent_of(folder).and_then(|parent| parent.remove_folder(name));
        }
    }
}

/// Writes a version under a new name, as like as may be to what was there (`like`), or to the
/// folder it lies in.
fn write(
    parent: &Folder,
    name: &OsStr,
    version: &Version,
    like: Option<&Look>,
    above: Option<&Look>,
) -> io::Result<()> {
    if version.kind == FileKind::Link {
        return parent.create_link(name, &version.content);
    }
    let executable = version.kind == FileKind::Executable;
    let permissions = match like.filter(|look| look.form == Form::File) {
        None => Permissions::Usual { executable },
        Some(look) if look.is_executable() == executable => Permissions::Exactly(look.mode),
        // Whoever may read may run, or nobody.
        Some(look) if executable => Permissions::Exactly(look.mode | (look.mode & 0o444) >> 2),
        Some(look) => Permissions::Exactly(look.mode & !0o111),
    };
    let file = parent.create(name, &version.content, permissions)?;
    match (like, above) {
        (Some(like), _) => file.give_to_owner_of(like),
        (None, Some(above)) if is_root() => file.give_to_owner_of(above),
        _ => {}
    }
    file.sync()
}

/// Only who writes as root into another person's folder gives files away.
fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

/// Removes the folders above a deleted file that hold nothing any more; some may be gone.
fn remove_empty(top: &Folder, path: &Path) {
    for folder in path.ancestors().skip(1).filter(|folder| !folder.as_os_str().is_empty()) {
        let name = folder.file_name().unwrap_or_default();
        let gone = match top.parent_of(folder) {
            Ok(parent) => {
                let removed = parent.remove_folder(name).unwrap_or(false);
                removed || parent.look(name).is_ok_and(|look| look.is_none())
            }
            Err(error) => error.kind() == io::ErrorKind::NotFound,
        };
        if !gone {
            return;
        }
    }
}
