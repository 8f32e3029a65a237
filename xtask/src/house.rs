//! Where things are: the root of the repository and the caches of the person at work.
//!
//! It is apart so that no other file guesses a path. It never creates anything.

use std::path::{Path, PathBuf};

use crate::trouble::Trouble;

/// The root of the repository that this program was built from.
///
/// Cargo says where xtask lies when it starts it; a binary started by hand falls back to
/// where it was built.
pub(crate) fn root() -> PathBuf {
    let xtask = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    xtask.parent().map_or_else(|| xtask.clone(), Path::to_path_buf)
}

/// Where cargo puts what it builds.
pub(crate) fn target() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(dir) => root().join(dir),
        None => root().join("target"),
    }
}

/// Tenfold's folder in the person's cache directory: `$XDG_CACHE_HOME/tenfold`, or
/// `~/.cache/tenfold`.
pub(crate) fn cache() -> Result<PathBuf, Trouble> {
    let absolute = |name| std::env::var_os(name).map(PathBuf::from).filter(|p| p.is_absolute());
    absolute("XDG_CACHE_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".cache")))
        .map(|dir| dir.join("tenfold"))
        .ok_or_else(|| {
            Trouble::failed(
                "there is nowhere to keep downloads: neither HOME nor XDG_CACHE_HOME is set; \
                 set one of them to a folder that you can write to",
            )
        })
}
