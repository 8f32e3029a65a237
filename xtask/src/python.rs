//! Python environments: the one that the sample project and some tests run their checks with,
//! which holds pytest and what pytest needs, one with the clients that the gateway is tried with, and
//! those with Temporal's server and LiteLLM's proxy for the benches.
//!
//! What is in one is pinned by hash, and it lies in the person's cache directory under a name that
//! follows from the pins, so that two clones share it and a changed pin makes a new one. Nothing
//! is ever installed into the person's own Python.

use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest, Sha256};

use crate::command::{command, output, run};
use crate::house;
use crate::trouble::{Tried, Trouble};

/// Written last: an environment without it is only half made, and is made again.
const STAMP: &str = "tenfold-complete";

/// An environment, whether or not it has been made yet.
pub(crate) struct Environment {
    dir: PathBuf,
    /// The pins, as pip reads them.
    requirements: PathBuf,
}

impl Environment {
    /// The environment that goes with the pins of this repository.
    pub(crate) fn of_this_house() -> Result<Self, Trouble> {
        Self::of("pytest.txt")
    }

    /// The one with the clients that the gateway is tried with.
    pub(crate) fn of_clients() -> Result<Self, Trouble> {
        Self::of("clients.txt")
    }

    /// The one with Temporal's server.
    pub(crate) fn of_temporal() -> Result<Self, Trouble> {
        Self::of("temporal.txt")
    }

    /// The one with LiteLLM's proxy.
    pub(crate) fn of_litellm() -> Result<Self, Trouble> {
        Self::of("litellm.txt")
    }

    fn of(pins: &str) -> Result<Self, Trouble> {
        let requirements = house::root().join("xtask/requirements").join(pins);
        let pins = std::fs::read(&requirements)
            .tried(|| format!("could not read {}", requirements.display()))?;
        Ok(Self { dir: house::cache()?.join("dev").join(name(&pins)), requirements })
    }

    /// Where it lies, or will lie.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Whether it is complete and its interpreter is still there: a system upgrade can
    /// take the interpreter away from under an environment.
    pub(crate) fn is_there(&self) -> bool {
        self.dir.join(STAMP).is_file() && self.dir.join("bin/python").exists()
    }

    /// Makes it anew. Its scripts contain its path, so it can't be made elsewhere and moved
    /// when complete; the stamp is what tells a half-made one.
    pub(crate) fn make(&self) -> Result<(), Trouble> {
        if self.dir.exists() {
            std::fs::remove_dir_all(&self.dir)
                .tried(|| format!("could not remove {}", self.dir.display()))?;
        }
        let parent = self.dir.parent().unwrap_or(&self.dir);
        std::fs::create_dir_all(parent)
            .tried(|| format!("could not create {}", parent.display()))?;
        run(command("python3", ["-m", "venv"]).arg(&self.dir))?;
        let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
        run(command(self.dir.join("bin/python"), pip)
            .args(["--only-binary", ":all:", "--require-hashes", "-r"])
            .arg(&self.requirements))
        .map_err(|trouble| trouble.during("could not fetch the pinned Python packages"))?;
        let version = output(&mut command(self.dir.join("bin/python"), ["--version"]))?;
        std::fs::write(self.dir.join(STAMP), version)
            .tried(|| format!("could not write to {}", self.dir.display()))
    }

    /// Its interpreter.
    pub(crate) fn python(&self) -> PathBuf {
        self.dir.join("bin/python")
    }

    /// Lets a program find this environment first, as an activated one is found.
    pub(crate) fn activate(&self, program: &mut Command) {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let dirs = std::iter::once(self.dir.join("bin")).chain(std::env::split_paths(&path));
        if let Ok(path) = std::env::join_paths(dirs) {
            program.env("PATH", path);
        }
        program.env("VIRTUAL_ENV", &self.dir).env_remove("PYTHONHOME");
    }
}

/// `python-` and the start of the pins' hash.
fn name(pins: &[u8]) -> String {
    let hash = Sha256::digest(pins);
    let start: String = hash.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    format!("python-{start}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_pins_are_another_environment() {
        assert_eq!(name(b"pytest==1"), name(b"pytest==1"));
        assert_ne!(name(b"pytest==1"), name(b"pytest==2"));
    }

    #[test]
    fn a_half_made_environment_is_not_there() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("bin")).unwrap();
        std::fs::write(dir.path().join("bin/python"), "").unwrap();
        let environment =
            Environment { dir: dir.path().to_path_buf(), requirements: PathBuf::new() };
        assert!(!environment.is_there());
        std::fs::write(dir.path().join(STAMP), "").unwrap();
        assert!(environment.is_there());
    }
}
