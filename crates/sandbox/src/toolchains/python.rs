//! Python: pyenv, uv's interpreters, virtual environments, and the user's own packages.

use std::path::{Path, PathBuf};

use super::search_path::tool_root;
use super::{Surroundings, Toolchains};

pub(super) fn find(around: &Surroundings, found: &mut Toolchains) {
    if let Some(pyenv) = around.dir("PYENV_ROOT", ".pyenv")
        && !around.holds_more_than_tools(&pyenv)
    {
        found.show(around, &pyenv);
        found.set("PYENV_ROOT", pyenv.to_string_lossy());
    }
    for name in ["PYENV_VERSION", "UV_PYTHON"] {
        if let Some(version) = around.var(name) {
            found.set(name, version);
        }
    }
    if let Some(active) = around.var("VIRTUAL_ENV").map(PathBuf::from)
        && show_environment(around, found, &active)
    {
        found.set("VIRTUAL_ENV", active.to_string_lossy());
    }
    if let Some(home) = &around.home {
        for name in [".local/share/uv/python", ".local/share/uv/tools", ".local/share/pipx/venvs"] {
            found.show(around, &home.join(name));
        }
        user_packages(around, found, home);
    }
    // Nothing stale: a file that is changed and changed back within a second would otherwise
    // be read from its compiled form.
    found.set("PYTHONDONTWRITEBYTECODE", "1");
    found.set("PIP_DISABLE_PIP_VERSION_CHECK", "1");
}

/// What `pip install --user` put there. Python looks for it below its home, which is the
/// private one, so that is where it is shown.
fn user_packages(around: &Surroundings, found: &mut Toolchains, home: &Path) {
    let lib = home.join(".local/lib");
    for entry in lib.read_dir().into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with("python") && !around.is_secret(&entry.path()) {
            found.show_at_home(&entry.path(), &format!(".local/lib/{name}"));
        }
    }
}

/// Shows a virtual environment and the interpreter that it was made from.
pub(super) fn show_environment(around: &Surroundings, found: &mut Toolchains, dir: &Path) -> bool {
    let Ok(text) = std::fs::read_to_string(dir.join("pyvenv.cfg")) else { return false };
    found.show(around, dir);
    let base = text.lines().find_map(|line| {
        let (name, value) = line.split_once('=')?;
        (name.trim() == "home").then(|| PathBuf::from(value.trim()))
    });
    if let Some(base) = base
        && base.is_absolute()
    {
        found.show(around, &tool_root(around, &base));
        if let Ok(real) = base.join("python3").canonicalize()
            && let Some(programs) = real.parent()
        {
            found.show(around, &tool_root(around, programs));
        }
    }
    true
}
