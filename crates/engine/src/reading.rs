//! Reading a workspace's source files for a strategy.

use std::path::Path;
use std::sync::Arc;

use tenfold_agent::effect::Source;
use tenfold_code::Language;
use tenfold_domain::{CommitId, TaskSpec};
use tenfold_workspace::{FileKind, Patterns, TreeFile, Workspace};

use crate::EngineError;

/// A file larger than this is no source that a person wrote.
const LARGEST_FILE: u64 = 400_000;
/// The most text that is read in all.
const MOST_TEXT: u64 = 12_000_000;

/// Which files the agent may not edit, and which of them it may after all.
#[derive(Clone)]
pub(crate) struct Rules {
    pub(crate) protected: Patterns,
    pub(crate) may_edit: Patterns,
}

impl Rules {
    pub(crate) fn of(spec: &TaskSpec) -> Result<Self, EngineError> {
        Ok(Self {
            protected: Patterns::check_files_and(&spec.protect)?,
            may_edit: Patterns::new(&spec.may_edit)?,
        })
    }

    fn editable(&self, path: &Path) -> bool {
        !self.protected.matches(path) || self.may_edit.matches(path)
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
