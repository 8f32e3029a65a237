//! From files to commits: the person's files as they are now, and the files that an agent left.
//!
//! Apart, because both must take bytes as they are and touch nothing: no index, no lock, no
//! time of access that matters. Nothing here runs, or lets git run, what it finds.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use tenfold_domain::CommitId;

use crate::WorkspaceError;
use crate::folder::{Folder, Form, Look};
use crate::git::Git;
use crate::import::{Change, Import, Imported, Mark, NewCommit, Signature, Source};
use crate::person::{self, Person};
use crate::place::{self, Place, Repository};
use crate::rules::Rules;
use crate::seen::Seen;
use crate::store;
use crate::tree::{FileKind, checked};
use crate::walk::{Found, MAX_FILE_BYTES, Walk};

/// A commit that was made from a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The files.
    pub commit: CommitId,
    /// What a person should know of it: files that were left out, and why.
    pub notes: Vec<String>,
}

/// The rules that hold in a workspace before its own `.gitignore` files.
pub(crate) fn rules(git: &Git, person: &Person, repository: Option<&Repository>) -> Rules {
    let global = person.global_ignores(git, repository);
    let rules = match repository {
        None => Rules::without_git(),
        Some(_) => Rules::none(),
    };
    let rules = rules.below(Path::new(""), &global);
    match repository {
        None => rules,
        Some(repository) => {
            let own = person::ignore_file(&repository.common_dir.join("info/exclude"));
            rules.below(Path::new(""), &own)
        }
    }
}

/// Commits the person's files as they are: tracked ones, and others that are not ignored.
pub(crate) fn snapshot(
    git: &Git,
    person: &Person,
    place: &Place,
) -> Result<Snapshot, WorkspaceError> {
    let began = SystemTime::now();
    let mut tracked = BTreeSet::new();
    let mut submodules = Vec::new();
    if let Some(repository) = &place.repository {
        let listed = person::tracked(git, repository)?;
        tracked.extend(listed.files);
        submodules = listed.submodules;
        tracked.extend(submodules.iter().cloned());
    }
    let nested = |dir: &Path| match place::repository_of(dir) {
        Some(repository) => {
            let listed = person::tracked(git, &repository)?;
            Ok(listed.files.into_iter().chain(listed.submodules).collect())
        }
        None => Ok(Vec::new()),
    };
    let rules = rules(git, person, place.repository.as_ref());
    let (top, mut found) = Walk::new(&place.root, tracked, Some(&nested))?.run(&rules)?;
    for submodule in submodules {
        if !found.files.keys().any(|path| path.starts_with(&submodule)) {
            found.skip(&submodule, "it is a submodule that is not checked out");
        }
    }
    let seen = Seen::load(git);
    let written = match write(git, &top, &mut found, &seen) {
        // Contents that were seen may have been swept away since.
        Err(WorkspaceError::Git { .. }) if !seen.is_empty() => {
            write(git, &top, &mut found, &Seen::default())
        }
        written => written,
    }?;
    let mut now_seen = Seen::default();
    for (path, look, blob) in &written.blobs {
        now_seen.add(path, look, blob, began);
    }
    now_seen.save(git);
    Ok(Snapshot { commit: written.commit, notes: found.notes.into_lines() })
}

struct Written {
    commit: CommitId,
    blobs: Vec<(PathBuf, Look, String)>,
}

/// Writes what was found as a commit without a parent.
fn write(
    git: &Git,
    top: &Folder,
    found: &mut Found,
    seen: &Seen,
) -> Result<Written, WorkspaceError> {
    let mut import = Import::start(git)?;
    let contents = contents(&mut import, top, found, seen)?;
    let changes = contents
        .iter()
        .map(|(path, content)| (path.as_path(), Some((content.kind, content.source.clone()))))
        .collect();
    let imported = import.commit(&NewCommit {
        parent: None,
        signature: Signature::own(),
        message: "The files as they were",
        changes,
    })?;
    let blobs = contents
        .into_iter()
        .filter(|(_, content)| content.kind != FileKind::Link)
        .filter_map(|(path, content)| {
            let blob = blob_name(&imported, content.source)?;
            Some((path, content.look, blob))
        })
        .collect();
    Ok(Written { commit: imported.commit, blobs })
}

fn blob_name(imported: &Imported, source: Source) -> Option<String> {
    match source {
        Source::Blob(name) => Some(name),
        Source::Mark(mark) => imported.blob(mark).map(str::to_owned),
    }
}

struct Content {
    kind: FileKind,
    source: Source,
    look: Look,
}

/// Hands over the contents of all files that were found and have not been seen before.
fn contents(
    import: &mut Import,
    top: &Folder,
    found: &mut Found,
    seen: &Seen,
) -> Result<Vec<(PathBuf, Content)>, WorkspaceError> {
    let mut contents = Vec::new();
    let mut unread = Vec::new();
    for (path, look) in &found.files {
        let kind = match (look.form, look.is_executable()) {
            (Form::Link, _) => FileKind::Link,
            (_, true) => FileKind::Executable,
            (_, false) => FileKind::File,
        };
        let (source, look) = match seen.blob(path, look).filter(|_| kind != FileKind::Link) {
            Some(blob) => (Source::Blob(blob.to_owned()), *look),
            None => match read(top, path, look) {
                Ok((content, look)) => (Source::Mark(import.blob(&content)?), look),
                Err(error) => {
                    unread.push((path.clone(), error));
                    continue;
                }
            },
        };
        contents.push((path.clone(), Content { kind, source, look }));
    }
    for (path, error) in unread {
        // A file that went away since it was found is simply not there.
        if error.kind() != std::io::ErrorKind::NotFound {
            found.skip(&path, &format!("it can't be read ({error})"));
        }
        found.files.remove(&path);
    }
    Ok(contents)
}

fn read(top: &Folder, path: &Path, look: &Look) -> std::io::Result<(Vec<u8>, Look)> {
    let name = path.file_name().unwrap_or_default();
    let parent = top.parent_of(path)?;
    match look.form {
        Form::Link => Ok((parent.read_link(name)?, *look)),
        _ => parent.read(name, MAX_FILE_BYTES),
    }
}

/// Commits what stands in `dir` as a change to `base`. Files of `base` are taken even if they
/// are ignored, files that can't be taken stay as in `base`.
pub(crate) fn capture(
    git: &Git,
    rules: &Rules,
    base: &CommitId,
    dir: &Path,
    message: &str,
) -> Result<Snapshot, WorkspaceError> {
    let (tree, _) = store::tree(git, base.as_str())?;
    let (top, mut found) = Walk::new(dir, tree.keys().cloned().collect(), None)?.run(rules)?;
    let mut import = Import::start(git)?;
    let contents = contents(&mut import, &top, &mut found, &Seen::default())?;
    let gone = tree
        .keys()
        .filter(|path| !found.files.contains_key(*path))
        .filter(|path| !found.skipped.iter().any(|skipped| path.starts_with(skipped)));
    let mut changes: Vec<Change<'_>> = gone.map(|path| (path.as_path(), None)).collect();
    for (path, content) in &contents {
        changes.push((path, Some((content.kind, content.source.clone()))));
    }
    let imported = import.commit(&NewCommit {
        parent: Some(base.as_str()),
        signature: Signature::own(),
        message,
        changes,
    })?;
    Ok(Snapshot { commit: imported.commit, notes: found.notes.into_lines() })
}

/// A file to change in a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileChange {
    /// Which, from the top of the workspace.
    pub path: PathBuf,
    /// Its new content; `None` deletes it.
    pub content: Option<Vec<u8>>,
}

/// Commits changed files on top of `base`. What was executable stays so.
pub(crate) fn commit(
    git: &Git,
    base: &CommitId,
    changes: &[FileChange],
    message: &str,
) -> Result<CommitId, WorkspaceError> {
    let mut paths = Vec::new();
    for change in changes {
        paths.push(checked(&change.path)?);
    }
    let tree = store::part_of_tree(git, base.as_str(), &paths)?;
    let mut import = Import::start(git)?;
    let mut marks: HashMap<&Path, Mark> = HashMap::new();
    for change in changes {
        if let Some(content) = &change.content {
            marks.insert(&change.path, import.blob(content)?);
        }
    }
    let changes = changes.iter().map(|change| {
        let kind = match tree.get(&change.path).map(|entry| entry.kind) {
            Some(FileKind::Executable) => FileKind::Executable,
            _ => FileKind::File,
        };
        let mark = change.content.as_ref().and(marks.get(change.path.as_path()));
        (change.path.as_path(), mark.map(|mark| (kind, Source::Mark(*mark))))
    });
    let imported = import.commit(&NewCommit {
        parent: Some(base.as_str()),
        signature: Signature::own(),
        message,
        changes: changes.collect(),
    })?;
    Ok(imported.commit)
}
