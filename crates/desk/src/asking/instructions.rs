//! What a repository asks of who works in it, and the skills that it offers: its `AGENTS.md`, at
//! the top and in folders below, and its `SKILL.md` files. Each counts only once the person has
//! approved this very text, and below what the person says.

use std::collections::BTreeSet;

use tenfold_domain::{FolderInstructions, Guidance, Skill};
use tenfold_workspace::{Interest, Sought, Workspace};

use super::{FileKind, ToApprove, proposed, repository_file, skill};
use crate::plain::{one_line, visible};
use crate::{DeskError, House};

const TOP: &str = "AGENTS.md";
/// The largest `AGENTS.md` that is taken: all of it is told to the model.
const ASKED_BYTES_MAX: u64 = 16 * 1024;
/// The largest `SKILL.md`.
const SKILL_BYTES_MAX: u64 = 32 * 1024;
/// The most files beside the one at the top, and the most that they hold together, in bytes.
const FILES_MAX: usize = 32;
const BYTES_MAX: u64 = 128 * 1024;

/// A file, with what it is to who works there.
#[derive(Debug, PartialEq, Eq)]
struct File {
    /// From the top of the workspace.
    path: String,
    text: String,
    part: Part,
}

#[derive(Debug, PartialEq, Eq)]
enum Part {
    Top,
    Folder,
    Skill(skill::Read),
}

/// What a repository asks of who works there. What is not approved is left out of a task: it can be
/// worked without.
#[derive(Debug, Default)]
pub struct Instructions {
    files: Vec<File>,
    /// The paths of files that the person has not approved as they are now.
    new: BTreeSet<String>,
    /// What a person should know of files that can't be taken.
    pub notes: Vec<String>,
}

impl Instructions {
    /// What a workspace has of them.
    pub(super) fn of(house: &House, workspace: &Workspace) -> Result<Self, DeskError> {
        let (files, notes) = find(workspace)?;
        let mut new = BTreeSet::new();
        for file in &files {
            let approved = house.approved(workspace.root(), &file.path)?;
            if approved.as_deref() != Some(proposed::hash(&file.text).as_str()) {
                new.insert(file.path.clone());
            }
        }
        Ok(Self { files, new, notes })
    }

    /// Those that the person has not approved as they are now.
    pub fn to_approve(&self) -> Vec<ToApprove> {
        let new = self.files.iter().filter(|file| self.new.contains(&file.path));
        new.map(File::to_approve).collect()
    }

    /// The person has approved this one.
    pub fn approve(&mut self, file: &ToApprove) {
        self.new.remove(&file.file);
    }

    /// What a task carries of those that are approved.
    pub(super) fn approved(mut self) -> (String, Guidance) {
        self.files.retain(|file| !self.new.contains(&file.path));
        sorted(self.files)
    }
}

impl File {
    fn to_approve(&self) -> ToApprove {
        ToApprove {
            file: self.path.clone(),
            kind: match self.part {
                Part::Top | Part::Folder => FileKind::Instructions,
                Part::Skill(_) => FileKind::Skill,
            },
            shown: visible(self.text.trim_end()),
            hash: proposed::hash(&self.text),
        }
    }
}

/// All files that there are, and what a person should know of those that can't be taken.
fn find(workspace: &Workspace) -> Result<(Vec<File>, Vec<String>), DeskError> {
    let top = repository_file::read(workspace.root(), TOP, ASKED_BYTES_MAX)?.unwrap_or_default();
    let mut files = vec![File { path: TOP.to_owned(), text: top, part: Part::Top }];
    let sought = Sought { interest: &interest, max_files: FILES_MAX, max_bytes: BYTES_MAX };
    let sighted = workspace.look_for(&sought)?;
    let mut notes = sighted.notes;
    let mut names = BTreeSet::new();
    for (path, text) in sighted.files {
        let part = match path.ends_with("/SKILL.md") {
            false => Ok(Part::Folder),
            true => skill::read(&text).and_then(|skill| match names.insert(skill.name.clone()) {
                true => Ok(Part::Skill(skill)),
                false => Err(format!("there is another skill with the name {}", skill.name)),
            }),
        };
        match part {
            Ok(part) => files.push(File { path, text, part }),
            Err(why) => notes.push(format!("{path} is left out: {}", one_line(&why, 200))),
        }
    }
    files.retain(|file| !file.text.trim().is_empty());
    Ok((files, notes))
}

/// Where such files lie, but for the one at the top.
fn interest(path: &str) -> Interest {
    let parts: Vec<&str> = path.split('/').collect();
    let below = match parts.as_slice() {
        [".agents" | ".claude", below @ ..] => below,
        all => all,
    };
    match below {
        // Programs keep much else there, whole copies of the repository too.
        [first, ..] if below.len() < parts.len() && *first != "skills" => Interest::Pass,
        [_, .., TOP] => Interest::File { max_bytes: ASKED_BYTES_MAX },
        ["skills", _, "SKILL.md"] => Interest::File { max_bytes: SKILL_BYTES_MAX },
        [] | ["skills"] | ["skills", _] => Interest::Folder,
        _ => Interest::None,
    }
}

/// What a task carries of files that are approved.
fn sorted(files: Vec<File>) -> (String, Guidance) {
    let (mut top, mut guidance) = (String::new(), Guidance::default());
    for File { path, text, part } in files {
        match part {
            Part::Top => top = text,
            Part::Folder => guidance.folders.push(FolderInstructions { path, text }),
            Part::Skill(skill::Read { name, description, text }) => {
                guidance.skills.push(Skill { name, description, path, text });
            }
        }
    }
    (top, guidance)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    fn write(root: &Path, path: &str, text: &str) {
        fs::create_dir_all(root.join(path).parent().unwrap()).unwrap();
        fs::write(root.join(path), text).unwrap();
    }

    fn skill(name: &str) -> String {
        format!("---\nname: {name}\ndescription: how to {name}\n---\nDo it.\n")
    }

    /// What is found among these files, in a folder without git.
    fn found(files: &[(&str, &str)]) -> (Vec<File>, Vec<String>) {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("work");
        for (path, text) in files {
            write(&root, path, text);
        }
        let workspace = Workspace::open(&root, &dir.path().join("data")).unwrap();
        find(&workspace).unwrap()
    }

    #[test]
    fn files_are_found_where_they_are_usually_kept_and_nowhere_else() {
        let (files, notes) = found(&[
            ("AGENTS.md", "top"),
            ("src/AGENTS.md", "src"),
            ("src/empty/AGENTS.md", " \n"),
            ("skills/AGENTS.md", "skills"),
            ("src/SKILL.md", &skill("no")),
            (".claude/copies/AGENTS.md", "no"),
            (".claude/AGENTS.md", "no"),
            (".hidden/AGENTS.md", "no"),
            ("node_modules/a/AGENTS.md", "no"),
            ("skills/a/SKILL.md", &skill("a")),
            ("skills/a/b/SKILL.md", &skill("no")),
            (".agents/skills/b/SKILL.md", &skill("b")),
            (".claude/skills/c/SKILL.md", &skill("c")),
        ]);
        assert_eq!(notes, [""; 0]);
        let (top, guidance) = sorted(files);
        assert_eq!(top, "top");
        let folders: Vec<_> = guidance.folders.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(folders, ["skills/AGENTS.md", "src/AGENTS.md"]);
        let skills: Vec<_> = guidance.skills.iter().map(|skill| skill.path.as_str()).collect();
        let paths = ["skills/a/SKILL.md", ".agents/skills/b/SKILL.md", ".claude/skills/c/SKILL.md"];
        assert_eq!(skills, paths);
        assert_eq!(guidance.skills[1].description, "how to b");
        assert_eq!(guidance.skills[1].text, "Do it.");
    }

    #[test]
    fn skills_that_are_malformed_or_have_a_name_that_is_taken_are_left_out_and_said() {
        let (files, notes) = found(&[
            ("skills/a/SKILL.md", &skill("a")),
            (".agents/skills/a/SKILL.md", &skill("a")),
            ("skills/b/SKILL.md", "Do it."),
            ("skills/c/SKILL.md", &"x".repeat(33 * 1024)),
        ]);
        assert_eq!(sorted(files).1.skills.len(), 1);
        let notes = notes.join("\n");
        for note in [
            ".agents/skills/a/SKILL.md is left out: there is another skill with the name a",
            "skills/b/SKILL.md is left out: it does not begin with a head",
            "skills/c/SKILL.md is left out: it is larger than 32 KiB",
        ] {
            assert!(notes.contains(note), "{note}: {notes}");
        }
    }

    #[test]
    fn what_would_hide_is_shown_before_it_is_approved() {
        let (path, text) = ("src/AGENTS.md".to_owned(), "one\ntwo\u{1b}[8m".to_owned());
        let file = File { path, text, part: Part::Folder }.to_approve();
        assert_eq!(file.shown, "one\ntwo␛[8m");
        let part = Part::Skill(skill::read(&skill("a")).unwrap());
        let file = File { path: "skills/a/SKILL.md".to_owned(), text: skill("a"), part };
        assert_eq!(file.to_approve().kind, FileKind::Skill);
    }
}
