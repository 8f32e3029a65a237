//! `cargo xtask web`: builds the page, so that the next build of the program has it within.
//!
//! What npm fetches is pinned by the lock file, hash by hash. Building the program never starts
//! npm: without the page it says how to get it.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::SystemTime;

use crate::command::{command, on_path, output, run};
use crate::trouble::{Tried, Trouble};
use crate::{Chore, house};

pub(crate) const CHORE: Chore = Chore {
    name: "web",
    usage: "[--check]",
    about: "build the page that `tenfold serve` shows; with --check, only look for mistakes in it",
    run: |args| {
        match args.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            [] => build()?,
            ["--check"] => check()?,
            _ => return Err(Trouble::usage("cargo xtask web [--check]")),
        }
        Ok(ExitCode::SUCCESS)
    },
};

/// The least release of Node that the page is built with.
const NODE: (u32, u32) = (20, 19);
/// What the page is made of.
const SOURCES: [&str; 6] =
    ["src", "public", "index.html", "package-lock.json", "vite.config.ts", "svelte.config.js"];

fn folder() -> PathBuf {
    house::root().join("web")
}

/// Whether Node is here, and new enough.
pub(crate) fn has_node() -> bool {
    let said = on_path("npm").and_then(|_| output(&mut command("node", ["--version"])).ok());
    let version = said.as_deref().and_then(|said| said.trim().strip_prefix('v'));
    let mut parts = version.unwrap_or_default().split('.').map(|part| part.parse().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0)) >= NODE
}

fn npm(words: &[&str]) -> Command {
    let mut npm = command("npm", words);
    npm.current_dir(folder()).env("npm_config_update_notifier", "false");
    npm
}

/// Whether all that the lock file names is there.
pub(crate) fn has_packages() -> bool {
    let known = folder().join("node_modules/.package-lock.json");
    newest(&folder().join("package-lock.json")) <= newest(&known)
}

/// Fetches what the lock file names.
pub(crate) fn packages() -> Result<(), Trouble> {
    if !has_node() {
        return Err(Trouble::missing(format!(
            "the page is built with Node {}.{} or later, and its npm: install them from your \
             system's packages or nodejs.org, then go on\n",
            NODE.0, NODE.1
        )));
    }
    run(&mut npm(&["ci", "--no-audit", "--no-fund"]))?;
    // npm leaves it as old as what it is made of.
    let known = folder().join("node_modules/.package-lock.json");
    let text = std::fs::read(&known).tried(|| format!("could not read {}", known.display()))?;
    std::fs::write(&known, text).tried(|| format!("could not write {}", known.display()))
}

/// Whether the page was built after its last change.
pub(crate) fn is_built() -> bool {
    let built = newest(&folder().join("dist/page/index.html"));
    built.is_some() && SOURCES.iter().all(|source| newest(&folder().join(source)) <= built)
}

/// Builds the page.
pub(crate) fn build() -> Result<(), Trouble> {
    if !has_packages() {
        packages()?;
    }
    run(&mut npm(&["run", "--silent", "build"]))
}

/// Builds the page if it is not built.
pub(crate) fn ensure() -> Result<(), Trouble> {
    if is_built() { Ok(()) } else { build() }
}

/// Looks for mistakes in the page.
pub(crate) fn check() -> Result<(), Trouble> {
    if !has_packages() {
        packages()?;
    }
    run(&mut npm(&["run", "--silent", "check"]))
}

/// When a file, or the newest file of a folder, was last changed; none if it is not there.
fn newest(path: &Path) -> Option<SystemTime> {
    let own = path.metadata().ok()?;
    if !own.is_dir() {
        return own.modified().ok();
    }
    let below = std::fs::read_dir(path).ok()?.flatten();
    below.filter_map(|entry| newest(&entry.path())).max()
}
