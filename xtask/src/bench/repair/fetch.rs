//! Getting the archives of the corpus, once, through the registries' ordinary clients.
//!
//! An archive is kept in the person's cache directory under its hash, and is used only if
//! its bytes have that hash. Nothing here unpacks or installs a library; pip may run a
//! library's build script to read its name, which the pinned hash makes the one its
//! authors published.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tenfold_domain::hex;

use super::corpus::{Language, Library};
use crate::command::{cargo, command, output};
use crate::house;
use crate::python::Environment;
use crate::trouble::{Tried, Trouble};

/// Where the bench keeps what a second run should not make again.
pub(super) fn cache() -> Result<PathBuf, Trouble> {
    Ok(house::cache()?.join("bench-repair"))
}

/// The library's archive, fetched if it is not there yet.
pub(super) fn archive(library: &Library, python: &Environment) -> Result<PathBuf, Trouble> {
    let dir = cache()?.join("archives");
    let kept = dir.join(&library.sha256);
    if !is_pinned(&kept, library)? {
        std::fs::create_dir_all(&dir).tried(|| format!("could not create {}", dir.display()))?;
        let scratch = tempfile::tempdir_in(&dir).tried(|| "could not make a folder".to_owned())?;
        let fetched = match library.language {
            Language::Python => from_pypi(library, python, scratch.path()),
            Language::Rust => from_crates(library, scratch.path()),
        }
        .map_err(|trouble| {
            trouble.during(&format!("could not fetch {} {}", library.name, library.version))
        })?;
        if !is_pinned(&fetched, library)? {
            return Err(Trouble::failed(format!(
                "{} {} was fetched, but is not the archive that corpus.toml pins by its hash",
                library.name, library.version
            )));
        }
        // The registry's folder may lie on another file system, so it is copied first.
        let beside = scratch.path().join("checked");
        std::fs::copy(&fetched, &beside).tried(|| "could not copy an archive".to_owned())?;
        std::fs::rename(&beside, &kept).tried(|| "could not keep an archive".to_owned())?;
    }
    Ok(kept)
}

fn is_pinned(file: &Path, library: &Library) -> Result<bool, Trouble> {
    if !file.exists() {
        return Ok(false);
    }
    let bytes = std::fs::read(file).tried(|| format!("could not read {}", file.display()))?;
    Ok(hex(&Sha256::digest(&bytes)) == library.sha256)
}

fn from_pypi(library: &Library, python: &Environment, dir: &Path) -> Result<PathBuf, Trouble> {
    let wanted = dir.join("wanted.txt");
    let Library { name, version, sha256, .. } = library;
    std::fs::write(&wanted, format!("{name}=={version} --hash=sha256:{sha256}\n"))
        .tried(|| "could not write down what to fetch".to_owned())?;
    // `--no-binary NAME` and not `:all:`, which would also build the build tools.
    let pip = ["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"];
    output(
        command(python.dir().join("bin/python"), pip)
            .args(["--no-binary", name, "--require-hashes", "-r"])
            .arg(&wanted)
            .arg("--dest")
            .arg(dir),
    )?;
    let files = std::fs::read_dir(dir).tried(|| "could not list what pip fetched".to_owned())?;
    files
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .find(|path| path.extension().is_some_and(|end| end == "gz"))
        .ok_or_else(|| Trouble::failed("pip fetched no source distribution"))
}

/// A project that depends on the crate lets cargo fetch it; the archive then lies in
/// cargo's own cache, beside the folder into which cargo unpacked it.
fn from_crates(library: &Library, dir: &Path) -> Result<PathBuf, Trouble> {
    let Library { name, version, .. } = library;
    let manifest = format!(
        "[package]\nname = \"fetch\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
         [lib]\npath = \"lib.rs\"\n\n[workspace]\n\n[dependencies]\n{name} = \"={version}\"\n"
    );
    std::fs::write(dir.join("Cargo.toml"), manifest)
        .and_then(|()| std::fs::write(dir.join("lib.rs"), ""))
        .tried(|| "could not write a project to fetch with".to_owned())?;
    output(cargo(["fetch", "--quiet"]).current_dir(dir))?;
    let metadata = cargo_metadata::MetadataCommand::new()
        .manifest_path(dir.join("Cargo.toml"))
        .other_options(vec!["--offline".to_owned()])
        .exec()
        .tried(|| "could not ask cargo where it put the crate".to_owned())?;
    let package = metadata.packages.iter().find(|package| package.name.as_str() == name.as_str());
    let unpacked = package.and_then(|package| package.manifest_path.parent());
    let archive = unpacked.and_then(|unpacked| {
        // registry/src/INDEX/NAME-VERSION beside registry/cache/INDEX/NAME-VERSION.crate
        let index = unpacked.parent()?;
        let registry = index.parent()?.parent()?;
        let file = format!("{}.crate", unpacked.file_name()?);
        Some(registry.join("cache").join(index.file_name()?).join(file))
    });
    archive
        .map(|path| path.into_std_path_buf())
        .ok_or_else(|| Trouble::failed("cargo does not say where it put the crate"))
}
