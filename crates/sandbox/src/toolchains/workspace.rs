//! What has been installed in the workspace itself and is no part of its history, so that a
//! fresh checkout lacks it: virtual environments and `node_modules`.

use std::path::Path;

use super::python::show_environment;
use super::{Surroundings, Toolchains};

/// How deep packages of one repository lie.
const DEEPEST: usize = 3;
/// The most directories that are looked into.
const MOST: usize = 2_000;

pub(super) fn find(around: &Surroundings, found: &mut Toolchains) {
    let mut left = MOST;
    look(around, found, &around.workspace, DEEPEST, &mut left);
}

fn look(
    around: &Surroundings,
    found: &mut Toolchains,
    dir: &Path,
    deeper: usize,
    left: &mut usize,
) {
    let Ok(entries) = dir.read_dir() else { return };
    for entry in entries.flatten() {
        // A link would lead out of the workspace.
        if !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            continue;
        }
        if *left == 0 {
            return;
        }
        *left -= 1;
        let (path, name) = (entry.path(), entry.file_name());
        if name == "node_modules" {
            found.show(around, &path);
        } else if path.join("pyvenv.cfg").is_file() {
            show_environment(around, found, &path);
        } else if deeper > 1 && name != ".git" && name != "target" {
            look(around, found, &path, deeper - 1, left);
        }
    }
}
