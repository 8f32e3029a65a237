//! A library laid out as its authors left it: unpacked, tidied for a sandbox without a
//! network, with the tests taken out that can't pass there.
//!
//! It is apart because everything later starts from this state and must find it unchanged.
//! It breaks nothing and runs no tests.

use std::path::{Path, PathBuf};

use super::corpus::{Language, Library};
use super::hide::{Files, Index};
use crate::command::{command, output, run};
use crate::trouble::{Tried, Trouble};

/// Parts of a crate's manifest that need other packages, or files that were removed.
const NOT_NEEDED: &[&str] =
    &["dependencies", "dev-dependencies", "build-dependencies", "target", "bench", "example"];

/// What a crate's archive holds besides the library and its tests.
const NOT_KEPT: &[&str] =
    &["benches", "examples", "Cargo.toml.orig", "Cargo.lock", ".cargo_vcs_info.json"];

/// A library as its authors left it. Its folder is never written to again.
#[derive(Debug)]
pub(super) struct Ground {
    pub(super) library: Library,
    pub(super) dir: PathBuf,
    /// The text of its sources and tests.
    pub(super) files: Files,
}

/// Unpacks an archive into `dir` and makes a git repository of it.
pub(super) fn lay_out(library: &Library, archive: &Path, dir: PathBuf) -> Result<Ground, Trouble> {
    std::fs::create_dir_all(&dir).tried(|| format!("could not create {}", dir.display()))?;
    output(command("tar", ["-xzf"]).arg(archive).arg("-C").arg(&dir).arg("--strip-components=1"))?;
    if library.language == Language::Rust {
        make_standalone(&dir)?;
    }
    let mut files = read_files(library, &dir)?;
    for (path, text) in dropped(library, &files)? {
        write(&dir, &path, &text)?;
        files.insert(path, text);
    }
    write(&dir, ".gitignore", "__pycache__/\n.pytest_cache/\n*.pyc\n/target/\n")?;
    commit(&dir)?;
    Ok(Ground { library: library.clone(), dir, files })
}

/// The files that change when the tests are taken out that can't pass here.
fn dropped(library: &Library, files: &Files) -> Result<Files, Trouble> {
    if library.drop.is_empty() {
        return Ok(Files::new());
    }
    let index = Index::of(library.language, files.clone());
    let locate = |test: &String| {
        index.locate(test).ok_or_else(|| {
            Trouble::failed(format!("corpus.toml drops {test}, which is not in {}", library.name))
        })
    };
    Ok(index.without(&library.drop.iter().map(locate).collect::<Result<Vec<_>, _>>()?))
}

/// Puts a text into a folder, over what was there.
pub(super) fn write(dir: &Path, path: &str, text: &str) -> Result<(), Trouble> {
    std::fs::write(dir.join(path), text).tried(|| format!("could not write {path}"))
}

/// Copies a folder with its times, so that caches that go by them stay valid.
pub(super) fn copy(from: &Path, to: &Path) -> Result<(), Trouble> {
    output(command("cp", ["-a", "--"]).args([from, to])).map(drop)
}

/// Makes a repository of one commit out of a folder, with no one's git settings.
pub(super) fn commit(dir: &Path) -> Result<(), Trouble> {
    if dir.join(".git").exists() {
        std::fs::remove_dir_all(dir.join(".git")).tried(|| "could not remove .git".to_owned())?;
    }
    git(dir, &["init", "--quiet", "--initial-branch=main"])?;
    git(dir, &["add", "--all"])?;
    git(dir, &["commit", "--quiet", "--message=state of the library"]).map(drop)
}

/// Runs git in a folder with no one's settings, and returns what it said.
pub(super) fn git(dir: &Path, args: &[&str]) -> Result<String, Trouble> {
    let mut git = command("git", args);
    git.current_dir(dir);
    git.envs([("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_CONFIG_SYSTEM", "/dev/null")]);
    for who in ["AUTHOR", "COMMITTER"] {
        git.env(format!("GIT_{who}_NAME"), "bench");
        git.env(format!("GIT_{who}_EMAIL"), "bench@example.org");
        git.env(format!("GIT_{who}_DATE"), "2025-01-01T00:00:00Z");
    }
    output(&mut git)
}

fn read_files(library: &Library, dir: &Path) -> Result<Files, Trouble> {
    let mut files = Files::new();
    let mut folders = vec![dir.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let entries =
            std::fs::read_dir(&folder).tried(|| format!("could not list {}", folder.display()))?;
        for path in entries.filter_map(|entry| entry.ok().map(|entry| entry.path())) {
            let within = path.strip_prefix(dir).unwrap_or(&path).to_string_lossy().into_owned();
            if path.is_dir() {
                folders.push(path);
            } else if library.is_source(&within)
                || within.ends_with(library.language.extension()) && library.is_test(&within)
            {
                // A file in another encoding is neither broken nor hidden.
                if let Ok(text) = std::fs::read_to_string(&path) {
                    files.insert(within, text);
                }
            }
        }
    }
    Ok(files)
}

/// Leaves a crate that builds with nothing but itself.
fn make_standalone(dir: &Path) -> Result<(), Trouble> {
    for name in NOT_KEPT {
        let path = dir.join(name);
        let removed = match path.symlink_metadata() {
            Ok(meta) if meta.is_dir() => std::fs::remove_dir_all(&path),
            Ok(_) => std::fs::remove_file(&path),
            Err(_) => Ok(()),
        };
        removed.tried(|| format!("could not remove {name}"))?;
    }
    let path = dir.join("Cargo.toml");
    let text = std::fs::read_to_string(&path).tried(|| "could not read Cargo.toml".to_owned())?;
    let text = standalone(&text).tried(|| "could not read a crate's manifest".to_owned())?;
    write(dir, "Cargo.toml", &text)?;
    run(crate::command::cargo(["generate-lockfile", "--offline", "--quiet"]).current_dir(dir))
}

fn standalone(manifest: &str) -> Result<String, toml::de::Error> {
    let mut table: toml::Table = toml::from_str(manifest)?;
    for name in NOT_NEEDED {
        table.remove(*name);
    }
    if let Some(toml::Value::Table(features)) = table.get_mut("features") {
        features.retain(|_, needs| !needs.to_string().contains([':', '/']));
        let known: Vec<String> = features.keys().cloned().collect();
        features.retain(|_, needs| {
            let mut needs = needs.as_array().into_iter().flatten().filter_map(toml::Value::as_str);
            needs.all(|need| known.iter().any(|name| name == need))
        });
    }
    // The folder above may be a workspace, which this crate is no part of.
    table.insert("workspace".to_owned(), toml::Value::Table(toml::Table::new()));
    Ok(table.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_needs_nothing_but_itself() {
        let manifest = "[package]\nname = \"a\"\n[features]\ndefault = [\"std\"]\nstd = []\n\
                        serde = [\"dep:serde\"]\n[dependencies.serde]\nversion = \"1\"\n\
                        [dev-dependencies]\nrand = \"1\"\n[[bench]]\nname = \"b\"\n";
        let table: toml::Table = toml::from_str(&standalone(manifest).unwrap()).unwrap();
        assert_eq!(table.keys().collect::<Vec<_>>(), ["features", "package", "workspace"]);
        assert_eq!(table["features"].as_table().unwrap().len(), 2);
    }
}
