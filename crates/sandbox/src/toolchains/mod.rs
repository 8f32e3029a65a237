//! What a check needs and a view does not hold: compilers, interpreters, installed libraries.
//! Found from wherever this machine has them and shown read-only at their own places. One file
//! per family of tools; [`FAMILIES`] lists them.
//!
//! Nothing is executed to find them. Of the environment only what is named here is passed on:
//! whatever is not on a list, every key and token among it, stays outside.

mod go;
mod java;
mod network;
mod node;
mod python;
mod rust;
mod search_path;
mod system;
mod workspace;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

pub(crate) use network::let_out;

use crate::{Bind, HOME};

/// Each adds what it knows.
const FAMILIES: &[fn(&Surroundings, &mut Toolchains)] = &[
    system::find,
    search_path::find,
    rust::find,
    python::find,
    node::find,
    java::find,
    go::find,
    network::find,
    workspace::find,
];

/// What is installed here, as a job needs it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Toolchains {
    /// Visible inside, read-only.
    pub binds: Vec<Bind>,
    /// The environment that makes the tools work, offline and without colour.
    pub env: Vec<(String, String)>,
}

impl Toolchains {
    /// Looks around: in the system's directories, in those of `PATH`, in the homes of the tools
    /// that `env` or custom names, and for installed dependencies in the workspace itself.
    pub fn find(
        env: impl IntoIterator<Item = (OsString, OsString)>,
        workspace_root: &Path,
    ) -> Self {
        let around = Surroundings::new(env, workspace_root);
        let mut found = Self::default();
        for family in FAMILIES {
            family(&around, &mut found);
        }
        found.finish()
    }

    /// The system's own directories alone: enough for a shell.
    pub fn system() -> Self {
        let mut found = Self::default();
        system::find(&Surroundings::new([], Path::new("/nonexistent")), &mut found);
        found.finish()
    }

    /// Shows `path` at its own place, and where its links lead.
    fn show(&mut self, around: &Surroundings, path: &Path) {
        let Ok(real) = path.canonicalize() else { return };
        if around.holds_more_than_tools(path) || around.holds_more_than_tools(&real) {
            return;
        }
        if real != path {
            self.binds.push(Bind::same(real));
        }
        self.binds.push(Bind::same(path));
    }

    /// Shows `source` in the private home.
    fn show_at_home(&mut self, source: &Path, inside: &str) {
        if source.exists() {
            let dest = Path::new(HOME).join(inside);
            self.binds.push(Bind { source: source.to_owned(), dest });
        }
    }

    fn set(&mut self, name: &str, value: impl Into<String>) {
        self.env.push((name.to_owned(), value.into()));
    }

    fn finish(mut self) -> Self {
        self.binds.sort();
        self.binds.dedup();
        self.env.sort();
        self.env.dedup_by(|a, b| a.0 == b.0);
        self
    }
}

/// The person's environment and places.
struct Surroundings {
    env: BTreeMap<String, String>,
    home: Option<PathBuf>,
    workspace: PathBuf,
}

/// Directories of a home that hold secrets or settings beside whatever else they hold; of
/// these only single things are ever shown.
const PRIVATE: &[&str] = &[
    ".aws",
    ".azure",
    ".cache",
    ".config",
    ".docker",
    ".gem",
    ".gnupg",
    ".gradle",
    ".kube",
    ".local",
    ".local/share",
    ".m2",
    ".mozilla",
    ".npm",
    ".password-store",
    ".pki",
    ".ssh",
    ".subversion",
    ".terraform.d",
];

impl Surroundings {
    fn new(env: impl IntoIterator<Item = (OsString, OsString)>, workspace: &Path) -> Self {
        let text = |(name, value): (OsString, OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        let env: BTreeMap<String, String> = env.into_iter().filter_map(text).collect();
        let home = env.get("HOME").map(PathBuf::from).filter(|home| home.is_absolute());
        Self { env, home, workspace: workspace.to_owned() }
    }

    fn var(&self, name: &str) -> Option<&str> {
        self.env.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// An existing directory that a variable names, or its usual place below the home.
    fn dir(&self, name: &str, usual: &str) -> Option<PathBuf> {
        let named = self.var(name).map(PathBuf::from);
        let path = named.or_else(|| Some(self.home.as_ref()?.join(usual)))?;
        (path.is_absolute() && path.is_dir()).then_some(path)
    }

    /// Whether a directory is too wide to be shown: the root, a home or what lies around it,
    /// what lies around the workspace, a place of secrets.
    fn holds_more_than_tools(&self, path: &Path) -> bool {
        let around = |inner: &Path| inner.starts_with(path);
        let home = self.home.iter();
        path.components().count() < 2
            || ["/home", "/root", "/proc", "/sys", "/dev", "/tmp", "/var", "/etc", "/run"]
                .iter()
                .any(|wide| path == Path::new(wide))
            || around(&self.workspace)
            || home.clone().any(|home| around(home))
            || home.clone().any(|home| PRIVATE.iter().any(|name| path == home.join(name)))
            || self.is_secret(path)
    }

    /// Whether a path lies in a place of nothing but secrets.
    fn is_secret(&self, path: &Path) -> bool {
        let places = [".ssh", ".gnupg", ".aws", ".azure", ".kube", ".docker", ".password-store"];
        self.home.iter().any(|home| places.iter().any(|name| path.starts_with(home.join(name))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn env(pairs: &[(&str, &Path)]) -> Vec<(OsString, OsString)> {
        pairs.iter().map(|(name, value)| (name.into(), value.into())).collect()
    }

    #[test]
    fn no_secret_of_the_home_is_ever_shown() {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().canonicalize().unwrap();
        for tool in [".cargo/bin", ".cargo/registry", ".ssh/bin", ".local/bin", "tool/bin", "bin"] {
            fs::create_dir_all(home.join(tool)).unwrap();
        }
        for secret in [".cargo/credentials.toml", ".ssh/id", ".local/share/keyring", "secret"] {
            fs::create_dir_all(home.join(secret).parent().unwrap()).unwrap();
            fs::write(home.join(secret), "canary").unwrap();
        }
        let tools = [".cargo/bin", ".ssh/bin", ".local/bin", "tool/bin", "bin"];
        let path = std::env::join_paths(tools.map(|tool| home.join(tool))).unwrap();
        let mut vars = env(&[("HOME", &home)]);
        vars.push(("PATH".into(), path));
        vars.push(("API_KEY".into(), "canary".into()));
        vars.push(("RUSTUP_HOME".into(), home.clone().into()));

        let found = Toolchains::find(vars, &home.join("project"));

        let shown = |path: &str| {
            let path = home.join(path);
            found.binds.iter().any(|bind| path.starts_with(&bind.source))
        };
        for secret in [".cargo/credentials.toml", ".ssh/id", ".local/share/keyring", "secret"] {
            assert!(!shown(secret), "{secret}: {:?}", found.binds);
        }
        for tool in [".cargo/bin", ".local/bin", "tool/bin", "bin", ".cargo/registry"] {
            assert!(shown(tool), "{tool}");
        }
        assert!(!found.env.iter().any(|(name, value)| name == "API_KEY" || value == "canary"));
    }

    #[test]
    fn dependencies_in_the_workspace_keep_their_place() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        let base = root.join("pythons/3.12");
        fs::create_dir_all(base.join("bin")).unwrap();
        let project = root.join("project");
        fs::create_dir_all(project.join(".venv/bin")).unwrap();
        let text = format!("home = {}\nversion = 3.12\n", base.join("bin").display());
        fs::write(project.join(".venv/pyvenv.cfg"), text).unwrap();
        fs::create_dir_all(project.join("packages/web/node_modules")).unwrap();
        fs::create_dir_all(project.join("venv")).unwrap();

        let found = Toolchains::find(env(&[("HOME", &root.join("home"))]), &project);

        let has = |path: PathBuf| found.binds.contains(&Bind::same(path));
        assert!(has(project.join(".venv")));
        assert!(has(project.join("packages/web/node_modules")));
        assert!(has(base));
        assert!(!has(project.join("venv")), "a directory of that name alone is no environment");
    }
}
