//! Accepting a proposal as a branch of the person's own repository, and taking it back.
//!
//! Apart, because this is the only part that writes into the person's `.git`: new objects, and
//! one new branch, at the very end. It never moves HEAD or an existing branch, and never
//! touches the index or a file.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use tenfold_domain::CommitId;

use crate::WorkspaceError;
use crate::diff;
use crate::error::{Conflict, ConflictReason};
use crate::git::Git;
use crate::import::{Change, Import, NewCommit, Signature, Source};
use crate::in_place::{Trust, leads_out, version};
use crate::merge::merge;
use crate::person::{self, Person};
use crate::place::{Place, Repository};
use crate::store;
use crate::tree::{Tree, Version, checked};

/// A branch that a proposal is accepted as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcceptedBranch {
    /// Its full name, `refs/heads/…`.
    pub branch: String,
    /// The commit that it points to, in the person's repository.
    pub commit: String,
}

/// What the person's HEAD holds.
struct Head {
    commit: Option<String>,
    tree: Tree,
    submodules: Vec<PathBuf>,
}

/// Writes what branch `name` is to point to: one commit on top of the person's HEAD that brings
/// the change from `base` to `proposal`. Nothing of theirs leads to it yet.
pub(crate) fn fit(
    git: &Git,
    person: &Person,
    place: &Place,
    change: (&CommitId, &CommitId),
    name: &str,
) -> Result<AcceptedBranch, WorkspaceError> {
    let repository = repository(place)?;
    if person::is_sha256(git, repository)? {
        return Err(WorkspaceError::Sha256(place.root.clone()));
    }
    let theirs = git.on(&repository.git_dir);
    let branch = free_branch(&theirs, name)?;
    let mut objects = git.with_objects(&repository.common_dir.join("objects"));
    if let Some(shared) = person.setting(git, Some(repository), "core.sharedRepository") {
        let shared = String::from_utf8_lossy(&shared).into_owned();
        objects = objects.with_setting("core.sharedRepository", shared);
    }
    let head = head(&theirs, &objects)?;
    let results = results(git, &objects, &head, change)?;
    if results.is_empty() {
        return Err(WorkspaceError::NothingToAccept);
    }
    let message = format!("{}\n", store::message(git, change.1)?);
    let signature = author(git, person, repository);
    let commit = commit(&objects, head.commit.as_deref(), &results, (signature, &message))?;
    Ok(AcceptedBranch { branch, commit: String::from(commit) })
}

/// Makes a branch that [`fit`] has written, if it is not there yet.
pub(crate) fn make(
    git: &Git,
    place: &Place,
    accepted: &AcceptedBranch,
) -> Result<(), WorkspaceError> {
    let theirs = git.on(&repository(place)?.git_dir);
    let AcceptedBranch { branch, commit } = accepted;
    // Another process may make the same one at the same time: one of them does.
    let never = "0".repeat(40);
    let asked = ["update-ref", "-m", "tenfold: accepted", branch, commit, &never];
    match theirs.run("make the branch", &asked) {
        Err(_) if leads_to(&theirs, branch, commit)? => Ok(()),
        made => made.map(drop),
    }
}

/// Whether a branch is there, and has this commit in it.
fn leads_to(theirs: &Git, branch: &str, commit: &str) -> Result<bool, WorkspaceError> {
    let Some(tip) = tip(theirs, branch)? else { return Ok(false) };
    let asked = ["merge-base", "--is-ancestor", commit, &tip];
    Ok(tip == commit || theirs.try_run("look at a branch", &asked)?.status.success())
}

/// The change from `base` to `proposal`, brought to what another commit of ours holds: one commit
/// on top of that, or that itself if it has all of it.
pub(crate) fn on_top(
    git: &Git,
    target: &CommitId,
    change: (&CommitId, &CommitId),
) -> Result<CommitId, WorkspaceError> {
    let (tree, submodules) = store::tree(git, target.as_str())?;
    let head = Head { commit: Some(target.as_str().to_owned()), tree, submodules };
    let results = results(git, git, &head, change)?;
    if results.is_empty() {
        return Ok(target.clone());
    }
    let message = format!("{}\n", store::message(git, change.1)?);
    commit(git, head.commit.as_deref(), &results, (Signature::own(), &message))
}

/// One commit on top of `parent` that has these files otherwise.
fn commit(
    objects: &Git,
    parent: Option<&str>,
    results: &[(PathBuf, Option<Version>)],
    (signature, message): (Signature, &str),
) -> Result<CommitId, WorkspaceError> {
    let mut import = Import::start(objects)?;
    let mut changes: Vec<Change<'_>> = Vec::new();
    for (path, result) in results {
        let source = match result {
            Some(version) => Some((version.kind, Source::Mark(import.blob(&version.content)?))),
            None => None,
        };
        changes.push((path, source));
    }
    Ok(import.commit(&NewCommit { parent, signature, message, changes })?.commit)
}

fn repository(place: &Place) -> Result<&Repository, WorkspaceError> {
    place.repository.as_ref().ok_or_else(|| WorkspaceError::NoRepository(place.root.clone()))
}

/// The full name of a branch that is not there yet.
fn free_branch(theirs: &Git, name: &str) -> Result<String, WorkspaceError> {
    let branch = format!("refs/heads/{name}");
    let sound = theirs.try_run("check the branch's name", &["check-ref-format", &branch])?;
    if !sound.status.success() || name.starts_with('-') || name == "HEAD" {
        return Err(WorkspaceError::BadBranchName(name.to_owned()));
    }
    // `a` and `a/b` can't both be branches.
    let folder = format!("{branch}/");
    let below = ["for-each-ref", "--count=1", "--format=%(refname)", &folder];
    let below = theirs.run("list the branches", &below)?;
    let below = String::from_utf8_lossy(&below);
    if let Some(taken) = below.trim().strip_prefix("refs/heads/") {
        return Err(WorkspaceError::BranchExists(taken.to_owned()));
    }
    let slashes = name.match_indices('/').map(|(place, _)| &name[..place]);
    for taken in slashes.chain([name]) {
        if tip(theirs, &format!("refs/heads/{taken}"))?.is_some() {
            return Err(WorkspaceError::BranchExists(taken.to_owned()));
        }
    }
    Ok(branch)
}

/// Where a name points to in the person's repository.
fn tip(theirs: &Git, name: &str) -> Result<Option<String>, WorkspaceError> {
    let found = theirs.try_run("look at a branch", &["rev-parse", "--verify", "--quiet", name])?;
    let id = String::from_utf8_lossy(&found.stdout).trim().to_owned();
    Ok(Some(id).filter(|id| found.status.success() && !id.is_empty()))
}

fn head(theirs: &Git, objects: &Git) -> Result<Head, WorkspaceError> {
    let Some(commit) = tip(theirs, "HEAD^{commit}")? else {
        return Ok(Head { commit: None, tree: Tree::new(), submodules: Vec::new() });
    };
    let (tree, submodules) = store::tree(objects, &commit)?;
    Ok(Head { commit: Some(commit), tree, submodules })
}

/// Every file that the branch has otherwise than HEAD.
fn results(
    git: &Git,
    objects: &Git,
    head: &Head,
    (base, proposal): (&CommitId, &CommitId),
) -> Result<Vec<(PathBuf, Option<Version>)>, WorkspaceError> {
    let mut results = Vec::new();
    let mut conflicts = Vec::new();
    let deltas = diff::deltas(git, base, proposal)?;
    let deleted: BTreeSet<&Path> = deltas
        .iter()
        .filter(|delta| delta.after.is_none())
        .map(|delta| delta.path.as_path())
        .collect();
    for delta in &deltas {
        let path = checked(&delta.path)?;
        let [before, after] = [version(git, &delta.before)?, version(git, &delta.after)?];
        let refused = leads_out(path, after.as_ref(), Trust::Proposal)
            .or_else(|| in_the_way(head, path, after.is_some(), &deleted));
        if let Some(why) = refused {
            conflicts.push(Conflict { path: path.to_owned(), why, hunks: Vec::new() });
            continue;
        }
        let entry = head.tree.get(path);
        let ours = entry.map(|entry| (entry.kind, entry.blob.clone()));
        let ours = version(objects, &ours)?;
        match merge(git, path, before.as_ref(), ours.as_ref(), after.as_ref())? {
            Ok(result) if result == ours => {}
            Ok(result) => results.push((path.to_owned(), result)),
            Err(conflict) => conflicts.push(conflict),
        }
    }
    if conflicts.is_empty() { Ok(results) } else { Err(WorkspaceError::Conflicts(conflicts)) }
}

/// Whether HEAD has something else at or above a path, or below it.
fn in_the_way(
    head: &Head,
    path: &Path,
    written: bool,
    deleted: &BTreeSet<&Path>,
) -> Option<ConflictReason> {
    if head.submodules.iter().any(|submodule| path.starts_with(submodule)) {
        return Some(ConflictReason::Submodule);
    }
    let stays = |other: &Path| head.tree.contains_key(other) && !deleted.contains(other);
    let above = path.ancestors().skip(1).any(stays);
    let below = || {
        let below = head.tree.range(path.to_owned()..).skip_while(|(other, _)| *other == path);
        below
            .take_while(|(other, _)| other.starts_with(path))
            .any(|(other, _)| !deleted.contains(other.as_path()))
    };
    (written && (above || below())).then_some(ConflictReason::InTheWay)
}

/// Who the person is in this repository, by their git settings; else Tenfold.
fn author(git: &Git, person: &Person, repository: &Repository) -> Signature {
    let setting = |key| {
        let value = person.setting(git, Some(repository), key)?;
        Some(String::from_utf8_lossy(&value).into_owned())
    };
    let own = Signature::own();
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let date = format!("{seconds} +0000");
    match (setting("user.name"), setting("user.email")) {
        (Some(name), Some(email)) => Signature { name, email, date },
        _ => Signature { date, ..own },
    }
}

/// Removes a branch that [`make`] made, if nothing has been built on it.
pub(crate) fn undo(
    git: &Git,
    place: &Place,
    accepted: &AcceptedBranch,
) -> Result<(), WorkspaceError> {
    can_undo(git, place, accepted)?;
    let AcceptedBranch { branch, commit } = accepted;
    let theirs = git.on(&repository(place)?.git_dir);
    theirs.run("remove the branch", &["update-ref", "-d", branch, commit]).map(drop)
}

/// Says why [`undo`] would not remove it.
pub(crate) fn can_undo(
    git: &Git,
    place: &Place,
    accepted: &AcceptedBranch,
) -> Result<(), WorkspaceError> {
    let repository = repository(place)?;
    let theirs = git.on(&repository.git_dir);
    let AcceptedBranch { branch, commit } = accepted;
    let name = branch.strip_prefix("refs/heads/").unwrap_or(branch).to_owned();
    match tip(&theirs, branch)? {
        None => return Err(WorkspaceError::BranchGone(name)),
        Some(now) if now != *commit => {
            return Err(WorkspaceError::BranchMoved { branch: name, now });
        }
        Some(_) => {}
    }
    match checked_out(&theirs, branch)? {
        Some(at) => Err(WorkspaceError::BranchCheckedOut { branch: name, at }),
        None => Ok(()),
    }
}

/// The work tree that has the branch checked out.
fn checked_out(theirs: &Git, branch: &str) -> Result<Option<String>, WorkspaceError> {
    let list = theirs
        .run("list the repository's work trees", &["worktree", "list", "--porcelain", "-z"])?;
    let list = String::from_utf8_lossy(&list);
    let mut place = "";
    for line in list.split('\0') {
        if let Some(path) = line.strip_prefix("worktree ") {
            place = path;
        }
        if line.strip_prefix("branch ") == Some(branch) {
            return Ok(Some(place.to_owned()));
        }
    }
    Ok(None)
}
