//! Reading a workspace's source files for a strategy, and for a record that only refers to
//! them.

use std::path::Path;
use std::sync::Arc;

use serde_json::Value;
use tenfold_agent::effect::{Reply, Source};
use tenfold_code::{Edit, Language};
use tenfold_domain::{AttemptId, CheckFiles, CommitId, Event, Fact, StepEvent, TaskSpec};
use tenfold_store::View;
use tenfold_workspace::{FileKind, Patterns, TreeFile, Workspace};

use crate::recovery::{read, value};
use crate::redaction::with_lines;
use crate::{EngineError, Places};

/// A file larger than this is no source that a person wrote.
pub(crate) const LARGEST_FILE: u64 = 400_000;
/// The most text that is read in all.
const MOST_TEXT: u64 = 12_000_000;

/// Which files the agent may not edit, and which of them it may after all; those of a check that
/// was approved it never may.
#[derive(Clone)]
pub(crate) struct Rules {
    protected: Patterns,
    may_edit: Patterns,
    /// Those of an approved check, as they are whenever it runs.
    pub(crate) check_files: Option<CheckFiles>,
}

impl Rules {
    pub(crate) fn of(spec: &TaskSpec) -> Result<Self, EngineError> {
        Ok(Self {
            protected: Patterns::check_files_and(&spec.protect)?,
            may_edit: Patterns::new(&spec.may_edit)?,
            check_files: spec.check_files.clone(),
        })
    }

    pub(crate) fn editable(&self, path: &Path) -> bool {
        let approved = self.check_files.iter().flat_map(|files| &files.paths);
        !approved.map(Path::new).any(|own| own == path)
            && (!self.protected.matches(path) || self.may_edit.matches(path))
    }
}

/// The source files of a commit in languages that can be read, in the order of their paths.
pub(crate) fn sources(
    workspace: &Arc<Workspace>,
    commit: &CommitId,
    rules: &Rules,
) -> Result<Vec<Source>, EngineError> {
    let mut left = MOST_TEXT;
    let files: Vec<TreeFile> = workspace
        .files(commit)?
        .into_iter()
        .filter(|file| {
            let source = matches!(file.kind, FileKind::File | FileKind::Executable)
                && file.path.to_str().is_some()
                && Language::of(&file.path).is_some()
                && file.bytes.0 <= LARGEST_FILE.min(left);
            left -= if source { file.bytes.0 } else { 0 };
            source
        })
        .collect();
    let paths: Vec<&Path> = files.iter().map(|file| file.path.as_path()).collect();
    let texts = workspace.read_many(commit, &paths)?;
    let sources = files.iter().zip(texts).filter_map(|(file, text)| {
        Some(Source {
            path: file.path.to_str()?.to_owned(),
            text: String::from_utf8(text).ok()?,
            editable: rules.editable(&file.path),
        })
    });
    Ok(sources.collect())
}

/// A recorded event with what was left out of the record put into it: source files, which lie
/// in the attempt's base commit.
///
/// # Errors
/// When the person's folder, or Tenfold's own git directory for it, is not there any more.
pub fn resolved(view: &View, places: &Places, event: Event) -> Result<Event, EngineError> {
    let Event { seq, at, mut fact } = event;
    if let Fact::Step { attempt, event: StepEvent::Result { reply, .. }, .. } = &mut fact
        && is_left_out(reply)
    {
        let spec = view.spec(attempt.task)?.ok_or(EngineError::NoTask(attempt.task))?;
        let read = whole(&spec, places, *attempt, std::mem::take(reply));
        *reply = read.map_err(|why| if_removed(view, *attempt, why))?;
    }
    Ok(Event { seq, at, fact })
}

/// Why files can't be read: perhaps because they were removed.
pub(crate) fn if_removed(view: &View, attempt: AttemptId, why: EngineError) -> EngineError {
    match view.attempt(attempt) {
        Ok(Some(row)) if row.files_removed_at.is_some() => {
            EngineError::FilesRemoved { attempt, verb: "read" }
        }
        _ => why,
    }
}

/// Whether a recorded reply names the commit that it was read from, in place of what was read.
fn is_left_out(reply: &Value) -> bool {
    reply["reply"] == "sources" && reply.get("base").is_some()
}

/// A recorded reply with what was left out of the record read again from the base commit.
pub(crate) fn whole(
    spec: &TaskSpec,
    places: &Places,
    attempt: AttemptId,
    reply: Value,
) -> Result<Value, EngineError> {
    if !is_left_out(&reply) {
        return Ok(reply);
    }
    let base: CommitId = read(attempt, reply["base"].clone())?;
    let redacted: Vec<Edit> = match reply.get("redacted") {
        Some(lines) => read(attempt, lines.clone())?,
        None => Vec::new(),
    };
    let workspace = Arc::new(Workspace::open(&spec.workspace, &places.workspaces())?);
    let files = sources(&workspace, &base, &Rules::of(spec)?)?;
    Ok(value(&Reply::Sources { files: with_lines(files, &redacted) }))
}
