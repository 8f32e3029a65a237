//! Asking the person what of a repository's `AGENTS.md` and `SKILL.md` files is told to who works
//! there. What is found of them, and what counts, is `tenfold_desk::asking`.

use std::fmt::Write as _;
use std::path::Path;

use tenfold_api::Approve;
use tenfold_desk::asking::{FileKind, Instructions, ToApprove};

use crate::connection::Connection;
use crate::person;
use crate::stop::Stop;
use crate::terminal::{self, one_line};
use crate::trouble::Trouble;

/// What was found, with what the person approves of it. What is not approved is left out, and said
/// to be: the task can be worked without it.
pub(crate) async fn approved(
    engine: &Connection,
    root: &Path,
    mut found: Instructions,
    yes: bool,
    stop: &Stop,
) -> Result<Instructions, Trouble> {
    for note in &found.notes {
        terminal::note(note);
    }
    let new = found.to_approve();
    if new.is_empty() {
        return Ok(found);
    }
    terminal::note(&shown(&root.display().to_string(), &new));
    let question = "Tell the coworker so, here and from now on?";
    if yes || (terminal::can_ask() && person::agrees(question, stop).await?) {
        for file in &new {
            let approve = Approve { workspace: root.to_owned(), event: file.event() };
            engine.say(&approve).await?;
            found.approve(file);
        }
    } else {
        terminal::note(&left_out(&new));
    }
    Ok(found)
}

/// Files as the person reads them before approving, each of them whole.
fn shown(root: &str, files: &[ToApprove]) -> String {
    let mut text = format!("{} asks the following of who works in it:\n", one_line(root, 200));
    for file in files {
        let kind = if file.kind == FileKind::Skill { ", a skill" } else { "" };
        let indented = file.shown.replace('\n', "\n  ");
        let _ = write!(text, "\n{}{kind}:\n\n  {indented}\n", one_line(&file.file, 200));
    }
    text
}

fn left_out(new: &[ToApprove]) -> String {
    let mut names: Vec<String> = new.iter().map(|file| one_line(&file.file, 200)).collect();
    names.sort();
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_shown_whole_and_named() {
        let file = |file: &str, kind, shown: &str| ToApprove {
            file: file.to_owned(),
            kind,
            shown: shown.to_owned(),
            hash: String::new(),
        };
        let files = [
            file("src/AGENTS.md", FileKind::Instructions, "one\ntwo␛[8m"),
            file("skills/a/SKILL.md", FileKind::Skill, "---\nname: a"),
        ];
        let shown = shown("/srv/work", &files);
        assert!(shown.contains("src/AGENTS.md:\n\n  one\n  two␛[8m\n"), "{shown}");
        assert!(shown.contains("skills/a/SKILL.md, a skill:\n\n  ---\n  name: a\n"), "{shown}");
        let told = left_out(&files);
        assert!(told.starts_with("skills/a/SKILL.md, src/AGENTS.md are new"), "{told}");
    }
}
