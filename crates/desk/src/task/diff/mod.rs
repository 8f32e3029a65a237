//! The change that a task proposes, file by file and line by line, and no more of it than a person
//! reads.

mod names;
mod unified;

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use tenfold_domain::AttemptId;
use tenfold_engine::EngineError;
use tenfold_store::{AttemptRow, ProposalRow, TaskRow, View};
use tenfold_workspace::{ChangeKind, ChangedFile};
use utoipa::ToSchema;

use super::page::{SecretView, secrets};
use crate::{DeskError, House};
use unified::{Bounds, read};

/// The most files that are told of; of more it is said how many.
const FILES: usize = 2_000;
/// A change of more lines is only listed: it is not a text that anybody reads.
const LINES_READ: u64 = 500_000;

/// The change that an attempt proposes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Diff {
    /// The attempt: TASK.NUMBER.
    pub attempt: String,
    /// Whether the whole check passed on it alone.
    pub verified: bool,
    /// The person's files as they were; or as the attempt proposes them that it is compared with.
    pub base: String,
    /// The files as they are proposed.
    pub commit: String,
    /// The files that change, by path.
    pub files: Vec<FileDiff>,
    /// How many more files change.
    pub files_left_out: usize,
    /// What looks like secrets in what is added.
    pub secrets: Vec<SecretView>,
}

/// The change of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FileDiff {
    /// From the top of the workspace.
    pub path: String,
    /// What it was called before, if it is called otherwise.
    pub was: Option<String>,
    /// What happened to it.
    pub change: Change,
    /// How many lines were added.
    pub added: u64,
    /// How many were removed.
    pub removed: u64,
    /// Whether its content is no text.
    pub binary: bool,
    /// Whether there is more than is told: further lines, or the ends of long ones.
    pub cut: bool,
    /// The places in which it changes.
    pub hunks: Vec<Hunk>,
}

/// What happened to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// It is new.
    Added,
    /// It is gone.
    Deleted,
    /// Its content changed, its name, or whether it may be run.
    Modified,
    /// It was a file and is a link, or the other way round.
    Replaced,
}

/// A place in which a file changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Hunk {
    /// Its first line as it was, from one; zero if there was none.
    pub old_start: u64,
    /// Its first line as it is to be, from one; zero if there is none.
    pub new_start: u64,
    /// What it is in, as far as the file's form tells: a function's head.
    pub header: String,
    /// The lines.
    pub lines: Vec<Line>,
}

/// A line of a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Line {
    /// What happened to it.
    pub kind: LineKind,
    /// Its number as it was, from one; none of an added one.
    pub old: Option<u64>,
    /// Its number as it is to be, from one; none of a removed one.
    pub new: Option<u64>,
    /// What it says, without its line feed; a carriage return is a part of it.
    pub text: String,
    /// Whether it is the file's last, and no line feed ends it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_unended: bool,
}

/// What happened to a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LineKind {
    /// Nothing.
    Same,
    /// It is new.
    Added,
    /// It is gone.
    Removed,
}

/// The change that an attempt proposes; without one, that of the proposal that counts. It is of the
/// person's files, or `against` what another attempt proposes: how the two differ.
///
/// # Errors
/// If there is no such task or proposal; if its files were removed, or its folder is gone.
pub fn diff(
    house: &House,
    view: &View,
    row: &TaskRow,
    (attempt, against): (Option<AttemptId>, Option<AttemptId>),
) -> Result<Diff, DeskError> {
    let proposal = proposal(row, attempt)?;
    let id = proposal.attempt;
    let attempt = view.attempt(id)?.ok_or_else(|| DeskError::no_attempt(id))?;
    has_files(&attempt)?;
    let base = match against {
        None => attempt.base,
        Some(other) => {
            has_files(&view.attempt(other)?.ok_or_else(|| DeskError::no_attempt(other))?)?;
            self::proposal(row, Some(other))?.commit.clone()
        }
    };
    let workspace = house.workspace(row)?;
    let changed = workspace.changed(&base, &proposal.commit)?;
    let lines: u64 =
        changed.iter().fold(0, |sum, file| sum.saturating_add(file.added + file.removed));
    let text = match lines <= LINES_READ {
        true => Some(workspace.diff(&base, &proposal.commit)?),
        false => None,
    };
    let files_left_out = changed.len().saturating_sub(FILES);
    Ok(Diff {
        attempt: id.to_string(),
        verified: proposal.verified,
        base: base.to_string(),
        commit: proposal.commit.to_string(),
        files: files(&changed[..changed.len() - files_left_out], text.as_deref()),
        files_left_out,
        secrets: secrets(house, view, proposal)?,
    })
}

/// The same, against the person's files, as `git apply` takes it: byte for byte, binary files too.
///
/// # Errors
/// As for [`diff`].
pub fn patch(
    house: &House,
    view: &View,
    row: &TaskRow,
    proposal: &ProposalRow,
) -> Result<Vec<u8>, DeskError> {
    let id = proposal.attempt;
    let attempt = view.attempt(id)?.ok_or_else(|| DeskError::no_attempt(id))?;
    has_files(&attempt)?;
    Ok(house.workspace(row)?.patch(&attempt.base, &proposal.commit)?)
}

/// The files of an attempt have to be there to be shown.
///
/// # Errors
/// If they were removed to make room.
pub fn has_files(attempt: &AttemptRow) -> Result<(), DeskError> {
    match attempt.files_removed_at {
        Some(_) => {
            let verb = "show";
            Err(EngineError::FilesRemoved { attempt: attempt.id, verb }.into())
        }
        None => Ok(()),
    }
}

/// What an attempt proposes; without one, the proposal of the task that counts.
///
/// # Errors
/// If there is none.
pub fn proposal(row: &TaskRow, attempt: Option<AttemptId>) -> Result<&ProposalRow, DeskError> {
    let found = match attempt {
        None => row.proposal(),
        Some(id) => row.proposals.iter().find(|proposal| proposal.attempt == id),
    };
    found.ok_or_else(|| {
        let what = attempt.map_or_else(|| row.id.to_string(), |id| id.to_string());
        DeskError::not_found(format!("{what} has no proposal"))
            .advise(format!("`tenfold show {}` says what was tried", row.id))
    })
}

/// The list of what changes says which files, and what happened to each; the text says how.
fn files(changed: &[ChangedFile], text: Option<&str>) -> Vec<FileDiff> {
    let mut read_of: HashMap<String, FileDiff> = HashMap::new();
    for file in read(text.unwrap_or_default(), Bounds::default()) {
        // What was a file and is a link is told in two parts: one goes, and one comes.
        match read_of.get_mut(&file.path) {
            Some(first) => {
                first.hunks.extend(file.hunks);
                first.cut |= file.cut;
            }
            None => {
                read_of.insert(file.path.clone(), file);
            }
        }
    }
    let each = changed.iter().map(|file| {
        let path = file.path.to_string_lossy().into_owned();
        let read = read_of.remove(&path);
        let is_told = read.is_some() || file.added + file.removed == 0;
        let (was, cut, hunks) = match read {
            Some(read) => (read.was, read.cut, read.hunks),
            None => (None, !is_told, Vec::new()),
        };
        let (added, removed, binary) = (file.added, file.removed, file.binary);
        FileDiff { path, was, change: file.kind.into(), added, removed, binary, cut, hunks }
    });
    each.collect()
}

impl From<ChangeKind> for Change {
    fn from(kind: ChangeKind) -> Self {
        match kind {
            ChangeKind::Added => Self::Added,
            ChangeKind::Deleted => Self::Deleted,
            ChangeKind::Modified => Self::Modified,
            ChangeKind::Replaced => Self::Replaced,
        }
    }
}
