//! The directories of `PATH`, and for each the root of the tool that it belongs to: a program
//! in `bin` needs the libraries beside `bin`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::{Surroundings, Toolchains};

/// What the system's own directories hold is visible already.
const SYSTEM: &[&str] = &["/usr", "/bin", "/sbin"];
/// Links that are followed, per directory.
const MOST_LINKS: usize = 2_000;
/// Variables that name the root of a tool: shown, and passed on.
const ROOT_VARIABLES: &[&str] = &[
    "CONDA_PREFIX",
    "JAVA_HOME",
    "M2_HOME",
    "MAVEN_HOME",
    "NVM_DIR",
    "RBENV_ROOT",
    "SDKMAN_DIR",
    "VOLTA_HOME",
];

pub(super) fn find(around: &Surroundings, found: &mut Toolchains) {
    let mut entries: Vec<PathBuf> = Vec::new();
    for entry in std::env::split_paths(around.var("PATH").unwrap_or("/usr/bin:/bin")) {
        if entry.is_absolute() && entry.is_dir() && !entries.contains(&entry) {
            entries.push(entry);
        }
    }
    let cargo = around.dir("CARGO_HOME", ".cargo");
    for entry in &entries {
        if cargo.as_ref().is_some_and(|cargo| entry.starts_with(cargo)) {
            // Beside these programs lie the credentials of registries.
            found.show(around, entry);
        } else if !SYSTEM.iter().any(|system| entry.starts_with(system)) {
            let root = tool_root(around, entry);
            found.show(around, &root);
        }
        for target in led_to(entry) {
            found.show(around, &tool_root(around, &target));
        }
    }
    if let Ok(path) = std::env::join_paths(&entries)
        && let Some(path) = path.to_str()
    {
        found.set("PATH", path);
    }
    for name in ROOT_VARIABLES {
        if let Some(root) = around.var(name)
            && Path::new(root).is_dir()
            && !around.holds_more_than_tools(Path::new(root))
        {
            found.show(around, Path::new(root));
            found.set(name, root);
        }
    }
}

/// The directory around a directory of programs, or that itself where the one around it is a
/// home, a top of the tree, or holds more than tools.
pub(super) fn tool_root(around: &Surroundings, programs: &Path) -> PathBuf {
    let named = programs.file_name().is_some_and(|name| {
        ["bin", "sbin", "shims", "libexec", "condabin"].iter().any(|known| name == *known)
    });
    match programs.parent() {
        Some(parent)
            if named
                && parent.components().count() > 2
                && !around.holds_more_than_tools(parent) =>
        {
            parent.to_owned()
        }
        _ => programs.to_owned(),
    }
}

/// The directories outside of the system's that the links in a directory lead to.
fn led_to(dir: &Path) -> BTreeSet<PathBuf> {
    let entries = dir.read_dir().into_iter().flatten().flatten();
    entries
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_symlink()))
        .take(MOST_LINKS)
        .filter_map(|entry| entry.path().canonicalize().ok()?.parent().map(Path::to_owned))
        .filter(|target| !SYSTEM.iter().any(|system| target.starts_with(system)))
        .filter(|target| target != dir)
        .collect()
}
