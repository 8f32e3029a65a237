//! The person's side: what their environment, their git settings and their index say.
//!
//! Apart, because this is all that is ever read of them, and it is only read: settings by
//! `git config`, which runs nothing, and the index from a copy. It never writes.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::WorkspaceError;
use crate::git::Git;
use crate::place::Repository;
use crate::tree::path_of;

/// The longest ignore file that is read.
const MAX_IGNORE_BYTES: u64 = 1024 * 1024;

/// What is taken from the process's environment, so that a caller can hand in another.
#[derive(Debug, Clone, Default)]
pub struct Person {
    /// Where programs are looked for (`PATH`).
    pub path: Option<OsString>,
    /// The person's home (`HOME`).
    pub home: Option<PathBuf>,
    /// Where their settings are (`XDG_CONFIG_HOME`), if not in their home.
    pub config_home: Option<PathBuf>,
}

impl Person {
    /// Who runs this process.
    pub fn from_environment() -> Self {
        Self {
            path: std::env::var_os("PATH"),
            home: std::env::var_os("HOME").map(PathBuf::from),
            config_home: std::env::var_os("XDG_CONFIG_HOME").map(PathBuf::from),
        }
    }

    /// What the person has set `key` to, for this repository or in general.
    pub(crate) fn setting(
        &self,
        git: &Git,
        repository: Option<&Repository>,
        key: &str,
    ) -> Option<Vec<u8>> {
        let dir = repository.map_or(Path::new("/"), |repository| &repository.git_dir);
        let mut command = git.on(dir).command(&["config", "--get", "-z", key]);
        command.env_remove("GIT_CONFIG_NOSYSTEM").env_remove("GIT_CONFIG_GLOBAL");
        command.env_remove("GIT_CONFIG_COUNT");
        if repository.is_none() {
            command.env("GIT_DIR", "/nonexistent");
        }
        for (name, value) in [("HOME", &self.home), ("XDG_CONFIG_HOME", &self.config_home)] {
            if let Some(value) = value {
                command.env(name, value);
            }
        }
        let output = command.output().ok().filter(|output| output.status.success())?;
        output.stdout.strip_suffix(b"\0").filter(|value| !value.is_empty()).map(<[u8]>::to_vec)
    }

    /// The text of the file that names what the person never wants in any repository.
    pub(crate) fn global_ignores(&self, git: &Git, repository: Option<&Repository>) -> Vec<u8> {
        let path = match self.setting(git, repository, "core.excludesFile") {
            Some(path) => match (path.strip_prefix(b"~/"), &self.home) {
                (Some(rest), Some(home)) => Some(home.join(path_of(rest))),
                _ => Some(path_of(&path)),
            },
            None => self
                .config_home
                .clone()
                .or_else(|| self.home.as_ref().map(|home| home.join(".config")))
                .map(|settings| settings.join("git/ignore")),
        };
        path.map(|path| ignore_file(&path)).unwrap_or_default()
    }
}

/// The text of an ignore file that is not in the work tree; empty if there is none.
pub(crate) fn ignore_file(path: &Path) -> Vec<u8> {
    match fs::metadata(path) {
        Ok(meta) if meta.is_file() && meta.len() <= MAX_IGNORE_BYTES => {
            fs::read(path).unwrap_or_default()
        }
        _ => Vec::new(),
    }
}

/// Whether the repository names its objects by SHA-256.
pub(crate) fn is_sha256(git: &Git, repository: &Repository) -> Result<bool, WorkspaceError> {
    let format = git
        .on(&repository.git_dir)
        .run("read the repository's format", &["rev-parse", "--show-object-format"])?;
    Ok(format.starts_with(b"sha256"))
}

/// What the index lists, links to other repositories (submodules) apart.
#[derive(Debug, Default)]
pub(crate) struct Tracked {
    pub(crate) files: Vec<PathBuf>,
    pub(crate) submodules: Vec<PathBuf>,
}

/// What a repository tracks.
///
/// The index is copied into a git directory that holds nothing else, so that no setting of
/// the repository, and nothing that it may have been made to run, is in reach.
pub(crate) fn tracked(git: &Git, repository: &Repository) -> Result<Tracked, WorkspaceError> {
    const DOING: &str = "list the files that the repository tracks";
    let index = repository.git_dir.join("index");
    if !fs::metadata(&index).is_ok_and(|meta| meta.is_file()) {
        return Ok(Tracked::default());
    }
    let sha256 = is_sha256(git, repository)?;
    let copy = tempfile::Builder::new()
        .prefix("tenfold-index-")
        .tempdir()
        .map_err(WorkspaceError::io("make a folder in", std::env::temp_dir()))?;
    copy_index(&repository.git_dir, copy.path(), sha256)
        .map_err(WorkspaceError::io("copy", &index))?;
    let listing = git
        .on(copy.path())
        .with_objects(&repository.common_dir.join("objects"))
        .run(DOING, &["ls-files", "--stage", "-z"])?;
    let mut tracked = Tracked::default();
    for record in listing.split(|byte| *byte == 0) {
        let Some(tab) = record.iter().position(|byte| *byte == b'\t') else { continue };
        let path = path_of(&record[tab + 1..]);
        if record.starts_with(b"160000 ") {
            tracked.submodules.push(path);
        } else {
            tracked.files.push(path);
        }
    }
    Ok(tracked)
}

fn copy_index(from: &Path, to: &Path, sha256: bool) -> std::io::Result<()> {
    for folder in ["objects", "refs"] {
        fs::create_dir(to.join(folder))?;
    }
    fs::write(to.join("HEAD"), "ref: refs/heads/none\n")?;
    let format = if sha256 {
        "1\n\tbare = true\n[extensions]\n\tobjectFormat = sha256"
    } else {
        "0\n\tbare = true"
    };
    fs::write(to.join("config"), format!("[core]\n\trepositoryFormatVersion = {format}\n"))?;
    // A split index stands in two files.
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let name = entry.file_name();
        let wanted = name == "index" || name.as_bytes().starts_with(b"sharedindex.");
        if wanted && entry.file_type()?.is_file() {
            fs::copy(entry.path(), to.join(name))?;
        }
    }
    Ok(())
}
