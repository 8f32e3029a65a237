//! Running the `git` program so that nothing but our own words decides what it does.
//!
//! Apart, because this is the only place that starts a process. It never starts one in a
//! folder that an agent or a person wrote, never with a work tree, and never with a setting
//! from the environment, from the system, or from someone's home; what the person's own
//! repository is set to is overridden by [`SETTINGS`].

use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::WorkspaceError;

/// Settings that win over every configuration file. Each one closes a way in which git runs
/// a program, reaches the network, changes bytes, or tidies up by itself.
const SETTINGS: &[(&str, &str)] = &[
    ("core.fsmonitor", "false"),
    ("core.hooksPath", "/dev/null"),
    ("core.attributesFile", "/dev/null"),
    ("core.excludesFile", "/dev/null"),
    ("core.autocrlf", "false"),
    ("core.safecrlf", "false"),
    ("core.eol", "lf"),
    ("core.fileMode", "true"),
    ("core.symlinks", "true"),
    ("core.quotePath", "false"),
    ("core.pager", "cat"),
    ("core.editor", "false"),
    ("core.sshCommand", "false"),
    ("core.askPass", "false"),
    ("core.gitProxy", "false"),
    ("core.alternateRefsCommand", "false"),
    ("core.compression", "1"),
    ("core.fsync", "committed"),
    ("core.fsyncMethod", "batch"),
    ("credential.helper", ""),
    ("diff.noprefix", "false"),
    ("diff.mnemonicPrefix", "false"),
    ("diff.algorithm", "myers"),
    ("diff.suppressBlankEmpty", "false"),
    ("diff.ignoreSubmodules", "all"),
    ("fetch.recurseSubmodules", "false"),
    ("submodule.recurse", "false"),
    ("commit.gpgSign", "false"),
    ("tag.gpgSign", "false"),
    ("gpg.program", "false"),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    ("protocol.allow", "never"),
    ("fastimport.unpackLimit", "100"),
    ("merge.conflictStyle", "merge"),
];

/// Where to look for programs when there is no PATH.
const DEFAULT_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// The `git` program by its absolute path.
///
/// A relative entry of PATH is passed over: it would mean a program in whatever folder we
/// happen to be in.
pub(crate) fn find_git(path: Option<&OsStr>) -> Result<PathBuf, WorkspaceError> {
    let path = path.map_or_else(|| OsString::from(DEFAULT_PATH), OsStr::to_owned);
    std::env::split_paths(&path)
        .filter(|dir| dir.is_absolute())
        .map(|dir| dir.join("git"))
        .find(|program| is_program(program))
        .ok_or(WorkspaceError::NoGit)
}

fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

/// The program, and the git directory that it works on.
#[derive(Debug, Clone)]
pub(crate) struct Git {
    program: PathBuf,
    dir: PathBuf,
    objects: Option<PathBuf>,
    settings: Vec<(&'static str, String)>,
}

impl Git {
    /// Works on the git directory `dir`, which need not exist yet.
    pub(crate) fn new(program: &Path, dir: &Path) -> Self {
        Self {
            program: program.to_owned(),
            dir: dir.to_owned(),
            objects: None,
            settings: Vec::new(),
        }
    }

    /// The same program on another git directory.
    pub(crate) fn on(&self, dir: &Path) -> Self {
        Self::new(&self.program, dir)
    }

    /// The same, with objects read from and written to another folder.
    pub(crate) fn with_objects(&self, objects: &Path) -> Self {
        Self { objects: Some(objects.to_owned()), ..self.clone() }
    }

    /// The same, with one more setting.
    pub(crate) fn with_setting(mut self, key: &'static str, value: String) -> Self {
        self.settings.push((key, value));
        self
    }

    /// Whether it reads and writes the objects of its own git directory.
    pub(crate) fn has_own_objects(&self) -> bool {
        self.objects.is_none()
    }

    /// The git directory.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// A command that starts in the git directory and knows nothing of the world around.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(args)
            .current_dir(&self.dir)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_else(|| DEFAULT_PATH.into()))
            .env("LC_ALL", "C")
            .env("HOME", "/nonexistent")
            .env("GIT_DIR", &self.dir)
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_ATTR_NOSYSTEM", "1")
            .env("GIT_NO_REPLACE_OBJECTS", "1")
            .env("GIT_NO_LAZY_FETCH", "1")
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_ALLOW_PROTOCOL", "none")
            .env("GIT_LITERAL_PATHSPECS", "1")
            .env("GIT_AUTHOR_NAME", "Tenfold")
            .env("GIT_AUTHOR_EMAIL", "tenfold@localhost")
            .env("GIT_COMMITTER_NAME", "Tenfold")
            .env("GIT_COMMITTER_EMAIL", "tenfold@localhost")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if let Some(objects) = &self.objects {
            command.env("GIT_OBJECT_DIRECTORY", objects);
        }
        let fixed = SETTINGS.iter().map(|(key, value)| (*key, *value));
        let own = self.settings.iter().map(|(key, value)| (*key, value.as_str()));
        let mut count = 0;
        for (key, value) in fixed.chain(own) {
            command.env(format!("GIT_CONFIG_KEY_{count}"), key);
            command.env(format!("GIT_CONFIG_VALUE_{count}"), value);
            count += 1;
        }
        command.env("GIT_CONFIG_COUNT", count.to_string());
        command
    }

    /// Runs to the end and returns what it wrote; `doing` is for the error.
    pub(crate) fn run(
        &self,
        doing: &'static str,
        args: &[&str],
    ) -> Result<Vec<u8>, WorkspaceError> {
        let output = self.try_run(doing, args)?;
        if output.status.success() { Ok(output.stdout) } else { Err(failed(doing, &output)) }
    }

    /// As [`Git::run`], with this as its input.
    pub(crate) fn run_with(
        &self,
        doing: &'static str,
        args: &[&str],
        input: &[u8],
    ) -> Result<Vec<u8>, WorkspaceError> {
        let not_run = |error: io::Error| not_run(doing, &error);
        let mut child = self.command(args).stdin(Stdio::piped()).spawn().map_err(not_run)?;
        let pipe = child.stdin.take();
        // Told by another thread: git may want its answers to be read before it reads on.
        let output = std::thread::scope(|scope| {
            scope.spawn(move || pipe.map(|mut pipe| pipe.write_all(input)));
            child.wait_with_output()
        });
        let output = output.map_err(not_run)?;
        if output.status.success() { Ok(output.stdout) } else { Err(failed(doing, &output)) }
    }

    /// Runs to the end; the caller judges the exit code.
    pub(crate) fn try_run(
        &self,
        doing: &'static str,
        args: &[&str],
    ) -> Result<Output, WorkspaceError> {
        self.command(args).output().map_err(|error| not_run(doing, &error))
    }
}

/// The error for a command that could not be started.
pub(crate) fn not_run(doing: &'static str, error: &io::Error) -> WorkspaceError {
    WorkspaceError::Git { doing, message: format!("it could not be run: {error}") }
}

/// The error for a command that ended badly, with the last lines that it wrote.
pub(crate) fn failed(doing: &'static str, output: &Output) -> WorkspaceError {
    const SHOWN_LINES: usize = 6;
    let text = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let message = lines[lines.len().saturating_sub(SHOWN_LINES)..].join("\n");
    let message = if message.is_empty() { output.status.to_string() } else { message };
    WorkspaceError::Git { doing, message }
}
