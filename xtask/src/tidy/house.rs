//! The house as the rules see it: its files and its packages, read once.
//!
//! It is apart so that a rule can be tested on a house that exists only in memory. It holds
//! no rule.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use cargo_metadata::{CargoOpt, DependencyKind, Metadata, MetadataCommand, PackageId};

use crate::command::{command, output};
use crate::trouble::{Tried, Trouble};

/// The largest file that is allowed, in bytes; larger ones are not read.
pub(super) const LARGEST_FILE_BYTES: u64 = 1 << 20;

/// A file: how large it is, and its text if it is text and not too large.
#[derive(Debug)]
pub(super) struct File {
    pub(super) size_bytes: u64,
    pub(super) text: Option<String>,
}

/// A package of the workspace and what it depends on.
#[derive(Debug, Default)]
pub(super) struct Member {
    /// Packages named under `[dependencies]` and `[build-dependencies]`.
    pub(super) direct: BTreeSet<String>,
    /// Packages named under `[dev-dependencies]`.
    pub(super) dev: BTreeSet<String>,
    /// Every package that ends up in it through normal dependencies, however far.
    pub(super) reached: BTreeSet<String>,
}

/// Everything that the rules look at.
#[derive(Debug, Default)]
pub(super) struct House {
    /// By path from the root, with forward slashes; what git ignores is not here.
    pub(super) files: BTreeMap<String, File>,
    /// By package name.
    pub(super) members: BTreeMap<String, Member>,
    /// The licence that each package declares, dependencies included, by name and version;
    /// empty if it has none.
    pub(super) licences: BTreeMap<String, String>,
}

impl House {
    /// Reads the repository with this root through git and cargo.
    pub(super) fn read(root: &Path) -> Result<Self, Trouble> {
        let metadata = metadata(root)?;
        let licences = metadata
            .packages
            .iter()
            .map(|package| (package.name.to_string(), package.license.clone().unwrap_or_default()));
        Ok(Self { files: files(root)?, members: members(&metadata)?, licences: licences.collect() })
    }

    /// The text files with this ending, each with its path.
    pub(super) fn texts<'a>(
        &'a self,
        ending: &'a str,
    ) -> impl Iterator<Item = (&'a str, &'a str)> + 'a {
        self.files
            .iter()
            .filter(move |(path, _)| path.ends_with(ending))
            .filter_map(|(path, file)| file.text.as_deref().map(|text| (path.as_str(), text)))
    }

    pub(super) fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path).and_then(|file| file.text.as_deref())
    }

    /// The names of the folders in `crates/`.
    pub(super) fn crate_names(&self) -> BTreeSet<&str> {
        let folder = |path: &'_ String| {
            let mut parts = path.splitn(3, '/');
            (parts.next() == Some("crates") && path.matches('/').count() >= 2).then_some(())
        };
        let inside = self.files.keys().filter(|path| folder(path).is_some());
        inside.filter_map(|path| path.split('/').nth(1)).collect()
    }
}

/// The files that git tracks or would track.
fn files(root: &Path) -> Result<BTreeMap<String, File>, Trouble> {
    let words = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    let listed = output(command("git", words).current_dir(root))?;
    let mut files = BTreeMap::new();
    for name in listed.split('\0').filter(|name| !name.is_empty()) {
        let path = root.join(name);
        // A file that is deleted but not yet committed is still listed.
        let Ok(meta) = path.symlink_metadata() else { continue };
        let mut file = File { size_bytes: meta.len(), text: None };
        if meta.is_file() && meta.len() <= LARGEST_FILE_BYTES {
            let bytes =
                std::fs::read(&path).tried(|| format!("could not read {}", path.display()))?;
            file.text = String::from_utf8(bytes).ok();
        }
        files.insert(name.to_owned(), file);
    }
    Ok(files)
}

fn metadata(root: &Path) -> Result<Metadata, Trouble> {
    MetadataCommand::new()
        .manifest_path(root.join("Cargo.toml"))
        // A dependency that only a feature brings must keep the rules as well.
        .features(CargoOpt::AllFeatures)
        .other_options(["--locked".to_owned()])
        .exec()
        .tried(|| "`cargo metadata` failed".to_owned())
}

fn members(metadata: &Metadata) -> Result<BTreeMap<String, Member>, Trouble> {
    let resolve = metadata
        .resolve
        .as_ref()
        .ok_or_else(|| Trouble::failed("`cargo metadata` resolved nothing"))?;
    let names: BTreeMap<&PackageId, &str> =
        metadata.packages.iter().map(|package| (&package.id, package.name.as_str())).collect();
    let normal: BTreeMap<&PackageId, Vec<&PackageId>> = resolve
        .nodes
        .iter()
        .map(|node| {
            let is_normal = |dep: &&cargo_metadata::NodeDep| {
                dep.dep_kinds.iter().any(|kind| kind.kind == DependencyKind::Normal)
            };
            (&node.id, node.deps.iter().filter(is_normal).map(|dep| &dep.pkg).collect())
        })
        .collect();
    let mut members = BTreeMap::new();
    for package in metadata.workspace_packages() {
        let (dev, direct): (Vec<_>, Vec<_>) =
            package.dependencies.iter().partition(|dep| dep.kind == DependencyKind::Development);
        let named = |deps: Vec<&cargo_metadata::Dependency>| {
            deps.into_iter().map(|dep| dep.name.clone()).collect()
        };
        let reached = reachable(&package.id, &normal);
        let reached = reached.iter().filter_map(|id| names.get(id)).map(ToString::to_string);
        let member = Member { direct: named(direct), dev: named(dev), reached: reached.collect() };
        members.insert(package.name.to_string(), member);
    }
    Ok(members)
}

/// Every package that can be reached from one along normal dependencies, itself not counted.
fn reachable<'a>(
    from: &'a PackageId,
    normal: &BTreeMap<&'a PackageId, Vec<&'a PackageId>>,
) -> BTreeSet<&'a PackageId> {
    let mut seen = BTreeSet::new();
    let mut open = vec![from];
    while let Some(id) = open.pop() {
        for next in normal.get(id).into_iter().flatten() {
            if seen.insert(*next) {
                open.push(next);
            }
        }
    }
    seen
}

#[cfg(test)]
impl House {
    /// A house of these files and no packages.
    pub(super) fn of_files(files: &[(&str, &str)]) -> Self {
        let file = |text: &str| File { size_bytes: text.len() as u64, text: Some(text.into()) };
        let files = files.iter().map(|(path, text)| (path.to_string(), file(text))).collect();
        Self { files, ..Self::default() }
    }

    /// A house of these packages, each with its normal dependencies, and no files.
    pub(super) fn of_members(members: &[(&str, &[&str])]) -> Self {
        let names = |names: &[&str]| names.iter().map(ToString::to_string).collect();
        let member = |deps: &[&str]| Member { direct: names(deps), ..Member::default() };
        let members = members.iter().map(|(name, deps)| (name.to_string(), member(deps)));
        Self { members: members.collect(), ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_repository_can_be_read() {
        let house = House::read(&crate::house::root()).unwrap();
        assert!(house.crate_names().contains("domain"));
        assert!(house.text("Cargo.toml").is_some());
        let domain = &house.members["tenfold-domain"];
        assert!(domain.direct.contains("serde") && domain.dev.contains("proptest"));
        assert!(domain.reached.contains("serde_core"));
        assert!(!domain.reached.contains("proptest"));
    }
}
