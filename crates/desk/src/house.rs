//! What a read needs besides the journal: where things are, the models that there are, the policy
//! that holds, and what finds secrets. Each is read anew when it is asked for, since the person may
//! change it meanwhile; nothing here is written.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use tenfold_domain::{Problem, ProblemKind, TaskId};
use tenfold_engine::{POLICY_FILE, Places};
use tenfold_models::{Catalogue, ModelDirs, SHIPPED};
use tenfold_policy::{MAX_FILE_BYTES, Policy};
use tenfold_redact::Redactor;
use tenfold_store::{EngineLock, Reader, Store, StoreError, TaskRow, View};
use tenfold_workspace::Workspace;

use crate::DeskError;

/// Where all of a user's things are.
#[derive(Debug, Clone)]
pub struct House {
    /// The folders.
    pub places: Places,
    /// Those of models.
    pub model_dirs: ModelDirs,
}

impl House {
    /// The house in these folders.
    pub fn new(places: Places) -> Self {
        let model_dirs = ModelDirs::new(&places.models, &places.config);
        Self { places, model_dirs }
    }

    /// The store for reading; none if nothing was ever asked for.
    ///
    /// # Errors
    /// If it is there and can't be read.
    pub fn reader(&self) -> Result<Option<Reader>, DeskError> {
        match Store::read_only(&self.places.store_file()) {
            Ok(reader) => Ok(Some(reader)),
            Err(StoreError::Missing { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The store as it is now, for who asks about a task.
    ///
    /// # Errors
    /// If there is no store, so that there is no such task; if it can't be read.
    pub fn view(&self, task: TaskId) -> Result<View, DeskError> {
        match self.reader()? {
            Some(reader) => Ok(reader.view()?),
            None => Err(DeskError::no_task(task)),
        }
    }

    /// Whether an engine is at work, in this process or another.
    ///
    /// # Errors
    /// If its lock can't be looked at.
    pub fn engine_runs(&self) -> Result<bool, DeskError> {
        Ok(EngineLock::holder(&self.places.data)?.is_some())
    }

    /// The repository or folder of a task.
    ///
    /// # Errors
    /// If it is gone, or can't be opened.
    pub fn workspace(&self, task: &TaskRow) -> Result<Workspace, DeskError> {
        Ok(Workspace::open(&task.workspace, &self.places.workspaces())?)
    }

    /// A repository or folder as tasks in it name it.
    ///
    /// # Errors
    /// If it is not there, or can't be opened.
    pub fn workspace_of(&self, folder: &Path) -> Result<PathBuf, DeskError> {
        let opened = Workspace::open(folder, &self.places.workspaces())?;
        Ok(opened.root().join(opened.subdir()).components().collect())
    }

    /// The models that there are.
    ///
    /// # Errors
    /// If what the person has added does not read.
    pub fn catalogue(&self) -> Result<Catalogue, DeskError> {
        Ok(Catalogue::load(SHIPPED, &self.model_dirs.user_file())?)
    }

    /// The policy that holds: the built-in one with the person's laid over it.
    ///
    /// # Errors
    /// As for [`House::policy_of`].
    pub fn policy(&self) -> Result<Policy, DeskError> {
        self.policy_of(None).map(|(policy, _)| policy)
    }

    /// The policy, and the person's file that is laid over it, if there is one: this file, or the
    /// one in the configuration folder, which may be missing.
    ///
    /// # Errors
    /// If the file can't be read, or does not say what a policy may.
    pub fn policy_of(&self, file: Option<&Path>) -> Result<(Policy, Option<PathBuf>), DeskError> {
        let usual = self.places.config.join(POLICY_FILE);
        let path = file.unwrap_or(&usual);
        let bytes = match read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound && file.is_none() => {
                return Ok((Policy::built_in(), None));
            }
            Err(error) => {
                let kind = match error.kind() {
                    ErrorKind::NotFound => ProblemKind::NotFound,
                    _ => ProblemKind::Usage,
                };
                let what = format!("could not read the policy {}: {error}", path.display());
                return Err(Problem::new(kind, what).into());
            }
        };
        let policy = Policy::with_own(&bytes).map_err(|error| {
            DeskError::usage(format!("the policy {} can't be used: {error}", path.display()))
                .advise("correct it; docs/policy.md has all that it may say")
        })?;
        Ok((policy, Some(path.to_owned())))
    }

    /// What finds secrets, as the engine does: the keys of providers that this process knows among
    /// them. Making one takes a moment.
    ///
    /// # Errors
    /// If the models or the policy can't be read.
    pub fn redactor(&self) -> Result<Redactor, DeskError> {
        let variable = |name: &str| std::env::var(name).ok();
        Ok(tenfold_engine::redactor(&self.catalogue()?, &self.policy()?, variable))
    }
}

/// A file, and no more of it than shows that it is too large. A pipe would be waited for.
fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    if !std::fs::metadata(path)?.is_file() {
        return Err(std::io::Error::other("it is not a file"));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_FILE_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}
