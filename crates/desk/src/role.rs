//! Roles: the kinds of coworkers, one Markdown file each. Those that ship lie in `roles/` at the top
//! of the sources; a person's own lie in `roles/` of their configuration folder, and go before
//! those that ship. A repository has no say in them: it could only widen what may be edited.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use tenfold_domain::{Role, Strategy};
use tenfold_engine::tool_specs;
use utoipa::ToSchema;

use crate::{DeskError, House};

/// Those that ship, each by its file's name and text.
const SHIPPED: &[(&str, &str)] = &[
    ("engineer", include_str!("../../../roles/engineer.md")),
    ("tester", include_str!("../../../roles/tester.md")),
    ("upgrader", include_str!("../../../roles/upgrader.md")),
    ("writer", include_str!("../../../roles/writer.md")),
];
/// The largest file that is read, in bytes.
const BYTES_MAX: u64 = 64 * 1024;
/// The longest description, in characters: it is one line of a list.
const DESCRIPTION_CHARS_MAX: usize = 200;

/// A role as its file tells it: what a task that names it takes where nothing else is said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Coworker {
    /// What its head says.
    #[serde(flatten)]
    pub head: Head,
    /// How it goes about its work.
    pub instructions: String,
    /// Where its file is; none: it ships with Tenfold.
    #[schema(value_type = Option<String>)]
    pub file: Option<PathBuf>,
}

/// What stands between the two lines of `---`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Head {
    /// What it is called, as its file.
    pub name: String,
    /// What it does, in one line.
    pub description: String,
    /// The tools that it has; empty: all.
    #[serde(default)]
    #[schema(required)]
    pub tools: Vec<String>,
    /// The models that it works with, the one to be tried first; empty: those of any task.
    #[serde(default)]
    #[schema(required)]
    pub models: Vec<String>,
    /// How it works.
    pub strategy: Option<Strategy>,
    /// The check of tasks that have none.
    pub check: Option<String>,
    /// Patterns of files that it may edit though the check depends on them.
    #[serde(default)]
    #[schema(required)]
    pub may_edit: Vec<String>,
    /// Patterns of further files that are put back before the check.
    #[serde(default)]
    #[schema(required)]
    pub protect: Vec<String>,
}

impl Coworker {
    /// What of it an attempt goes by.
    pub fn role(&self) -> Role {
        let Head { name, tools, .. } = self.head.clone();
        Role { name, tools, instructions: self.instructions.clone() }
    }
}

/// Where the person's own are.
pub fn folder(house: &House) -> PathBuf {
    house.places.config.join("roles")
}

/// All that there are, by name.
pub fn all(house: &House) -> Result<Vec<Coworker>, DeskError> {
    let mut found = BTreeMap::new();
    for &(name, text) in SHIPPED {
        let coworker = read(text, name, None).map_err(DeskError::internal)?;
        found.insert(coworker.head.name.clone(), coworker);
    }
    for path in files(house)? {
        let coworker = own(path)?;
        found.insert(coworker.head.name.clone(), coworker);
    }
    Ok(found.into_values().collect())
}

/// The one of a file of the person's.
fn own(path: PathBuf) -> Result<Coworker, DeskError> {
    let shown = path.display().to_string();
    let unusable = |why: String| {
        DeskError::usage(format!("{shown} is no role: {why}"))
            .advise("correct it, or move it away; docs/roles.md says what may stand there")
    };
    let size = path.metadata().map_err(|error| unusable(error.to_string()))?.len();
    if size > BYTES_MAX {
        return Err(unusable(format!("it is larger than {} KiB", BYTES_MAX / 1024)));
    }
    let text = fs::read_to_string(&path).map_err(|error| unusable(error.to_string()))?;
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    read(&text, &name, Some(path)).map_err(unusable)
}

/// The person's files, in the order of their names.
fn files(house: &House) -> Result<Vec<PathBuf>, DeskError> {
    let folder = folder(house);
    let entries = match fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => {
            let why = format!("{} can't be read: {error}", folder.display());
            return Err(DeskError::usage(why));
        }
    };
    let paths = entries.filter_map(|entry| entry.ok().map(|entry| entry.path()));
    let mut files: Vec<PathBuf> =
        paths.filter(|path| path.extension().is_some_and(|end| end == "md")).collect();
    files.sort();
    Ok(files)
}

/// The one of that name.
pub fn named(house: &House, name: &str) -> Result<Coworker, DeskError> {
    let files = files(house)?;
    let is_of_name = |path: &PathBuf| path.file_stem().is_some_and(|stem| stem == name);
    if let Some(path) = files.iter().find(|path| is_of_name(path)) {
        return own(path.clone());
    }
    match SHIPPED.iter().find(|(shipped, _)| *shipped == name) {
        Some((name, text)) => read(text, name, None).map_err(DeskError::internal),
        None => {
            let own = files.iter().filter_map(|path| path.file_stem());
            let own = own.map(|stem| stem.to_string_lossy().into_owned());
            let shipped = SHIPPED.iter().map(|(name, _)| (*name).to_owned());
            let names = shipped.chain(own).collect::<Vec<_>>().join(", ");
            let what = format!("there is no role '{name}': there are {names}");
            Err(DeskError::not_found(what).advise("docs/roles.md says how to make one"))
        }
    }
}

/// Reads a file of that name; if it is malformed, says why.
fn read(text: &str, name: &str, file: Option<PathBuf>) -> Result<Coworker, String> {
    let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
    let parts = text.strip_prefix("---\n").and_then(|text| text.split_once("\n---\n"));
    let (head, instructions) = parts.ok_or("it does not begin with a head between lines of ---")?;
    let head: Head = serde_saphyr::from_str(head).map_err(|error| error.to_string())?;
    if head.name != name {
        return Err(format!("it calls itself '{}', and its file '{name}'", head.name));
    }
    let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.is_empty() || !name.chars().all(is_name) {
        return Err(format!("'{name}' is no name: it takes small letters, digits and '-'"));
    }
    let is_line = !head.description.contains('\n') && !head.description.trim().is_empty();
    if !is_line || head.description.chars().count() > DESCRIPTION_CHARS_MAX {
        return Err(format!(
            "its description is not one line of up to {DESCRIPTION_CHARS_MAX} characters"
        ));
    }
    let known: Vec<String> = tool_specs().iter().map(|tool| tool.name.clone()).collect();
    if let Some(tool) = head.tools.iter().find(|tool| !known.contains(tool)) {
        return Err(format!("there is no tool '{tool}': there are {}", known.join(", ")));
    }
    Ok(Coworker { head, instructions: instructions.trim().to_owned(), file })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_that_ship_read_and_are_called_as_their_files() {
        for &(name, text) in SHIPPED {
            let coworker = read(text, name, None).unwrap();
            assert_eq!(coworker.head.name, name);
            assert!(coworker.instructions.len() > 100, "{name} is told how to work");
        }
    }

    #[test]
    fn what_is_wrong_with_a_file_is_said() {
        let wrong = |head: &str| read(&format!("---\n{head}\n---\nx"), "a", None).unwrap_err();
        assert!(read("name: a", "a", None).unwrap_err().contains("between lines of ---"));
        assert!(wrong("name: b\ndescription: x").contains("calls itself 'b'"));
        assert!(wrong("name: a").contains("description"));
        assert!(wrong("name: a\ndescription: x\ntools: [fly]").contains("no tool 'fly'"));
        assert!(wrong("name: a\ndescription: x\nsudo: true").contains("sudo"));
        assert!(wrong("name: a\ndescription: \"x\\ny\"").contains("not one line"));
        let full =
            "---\nname: a\ndescription: \"x: y\"\nmodels: [m]\nmay-edit:\n  - '*.md'\n---\nDo.";
        let coworker = read(full, "a", None).unwrap();
        assert_eq!(coworker.head.may_edit, ["*.md"]);
        assert_eq!((coworker.instructions.as_str(), coworker.head.strategy), ("Do.", None));
    }
}
