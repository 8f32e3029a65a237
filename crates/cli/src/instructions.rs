//! What a repository asks of who works in it, and the skills that it offers: its `AGENTS.md`, at
//! the top and in folders below, and its `SKILL.md` files. Each counts only once the person has
//! approved this very text, and below what the person says.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use tenfold_api::Approve;
use tenfold_domain::{FolderInstructions, Guidance, RepositoryEvent, Skill, TaskSpec};
use tenfold_workspace::{Interest, Sought, Workspace};

use crate::connection::Connection;
use crate::context::Context;
use crate::stop::Stop;
use crate::terminal::{self, one_line, visible};
use crate::trouble::Trouble;
use crate::{person, proposed, repository_file, skill};

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

/// Adds to a task what the person approves or has approved before. What is not approved is left
/// out, and said to be: the task can be worked without it.
pub(crate) async fn add_approved(
    context: &Context,
    engine: &Connection,
    workspace: &Workspace,
    spec: &mut TaskSpec,
    (yes, stop): (bool, &Stop),
) -> Result<(), Trouble> {
    let root = workspace.root();
    let (mut files, notes) = find(workspace)?;
    for note in notes {
        terminal::note(&note);
    }
    let mut new = BTreeSet::new();
    for file in &files {
        let approved = context.approved(root, &file.path)?;
        if approved.as_deref() != Some(proposed::hash(&file.text).as_str()) {
            new.insert(file.path.clone());
        }
    }
    let is_new = |file: &&File| new.contains(&file.path);
    if !new.is_empty() {
        terminal::note(&shown(&root.display().to_string(), files.iter().filter(is_new)));
        let question = "Tell the coworker so, here and from now on?";
        if yes || (terminal::can_ask() && person::agrees(question, stop).await?) {
            for file in files.iter().filter(is_new) {
                let (file, hash) = (file.path.clone(), proposed::hash(&file.text));
                let event = RepositoryEvent::InstructionsApproved { file, hash };
                engine.say(&Approve { workspace: root.to_owned(), event }).await?;
            }
        } else {
            terminal::note(&left_out(&new));
            files.retain(|file| !new.contains(&file.path));
        }
    }
    (spec.instructions, spec.guidance) = sorted(files);
    Ok(())
}

/// All files that there are, and what a person should know of those that can't be taken.
fn find(workspace: &Workspace) -> Result<(Vec<File>, Vec<String>), Trouble> {
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

/// Files as the person reads them before approving, each of them whole.
fn shown<'f>(root: &str, files: impl Iterator<Item = &'f File>) -> String {
    let mut text = format!("{} asks the following of who works in it:\n", one_line(root, 200));
    for file in files {
        let kind = if matches!(file.part, Part::Skill(_)) { ", a skill" } else { "" };
        let indented = visible(file.text.trim_end()).replace('\n', "\n  ");
        let _ = write!(text, "\n{}{kind}:\n\n  {indented}\n", one_line(&file.path, 200));
    }
    text
}

fn left_out(new: &BTreeSet<String>) -> String {
    let names: Vec<String> = new.iter().map(|path| one_line(path, 200)).collect();
    let names = names.join(", ");
    match new.len() {
        1 => format!(
            "{names} is new or has changed and is not approved, so it is left out; --yes approves it"
        ),
        _ => format!(
            "{names} are new or have changed and are not approved, so they are left out; --yes \
             approves them"
        ),
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
    fn what_would_hide_is_shown_and_every_file_is_named() {
        let file = |path: &str, text: &str, part| File {
            path: path.to_owned(),
            text: text.to_owned(),
            part,
        };
        let read = skill::read(&skill("a")).unwrap();
        let files = [
            file("src/AGENTS.md", "one\ntwo\u{1b}[8m", Part::Folder),
            file("skills/a/SKILL.md", &skill("a"), Part::Skill(read)),
        ];
        let shown = shown("/srv/work", files.iter());
        assert!(shown.contains("src/AGENTS.md:\n\n  one\n  two␛[8m\n"), "{shown}");
        assert!(shown.contains("skills/a/SKILL.md, a skill:\n\n  ---\n  name: a\n"), "{shown}");
        let new = ["a", "b"].map(str::to_owned).into();
        assert!(left_out(&new).starts_with("a, b are new"), "{}", left_out(&new));
    }
}
