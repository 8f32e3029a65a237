//! `tenfold diff`: the change that a task proposes. What files hold can't write on the
//! terminal: control characters are shown as such, unless the bytes were asked for.

use std::io::Write;

use anstyle::Style;
use clap::Args;
use serde::Serialize;
use tenfold_desk::DeskError;
use tenfold_desk::task::{self, SecretView, has_files, proposal};
use tenfold_domain::CommitId;

use crate::arguments::{Format, Named, named};
use crate::context::{self, Context};
use crate::exit::Exit;
use crate::json;
use crate::report;
use crate::terminal::{self, BOLD, CYAN, GREEN, RED, styled, visible};
use crate::trouble::Trouble;

/// Show the change that a task proposes
#[derive(Debug, Args)]
pub(crate) struct DiffArgs {
    /// The task, or one attempt at it (3.1)
    #[arg(value_name = "TASK[.ATTEMPT]", value_parser = named)]
    task: Named,
    /// Only the files, and how many lines change
    #[arg(long)]
    stat: bool,
    /// The patch as `git apply` takes it, byte for byte
    #[arg(long, conflicts_with = "stat")]
    raw: bool,
    #[command(flatten)]
    format: Format,
}

/// A change, for programs.
#[derive(Serialize)]
struct DiffJson {
    attempt: String,
    verified: bool,
    commit: CommitId,
    files: Vec<String>,
    /// Those that it adds.
    secrets: Vec<SecretView>,
    diff: String,
}

/// Performs the command.
pub(crate) fn run(context: &Context, args: &DiffArgs) -> Result<Exit, Trouble> {
    let view = context.view(args.task.task)?;
    let row = context::task(&view, args.task.task)?;
    let proposal = proposal(&row, args.task.attempt)?;
    let id = proposal.attempt;
    let attempt = view.attempt(id)?.ok_or_else(|| DeskError::no_attempt(id))?;
    has_files(&attempt)?;
    let workspace = context.house.workspace(&row)?;
    if !proposal.verified {
        terminal::note("UNVERIFIED: no check has judged this");
    }
    let secrets = report::secrets(context, &view, proposal)?;
    if !secrets.is_empty() {
        terminal::note(&report::secret_lines(&secrets));
    }
    if args.format.json {
        let files = workspace.changed(&attempt.base, &proposal.commit)?;
        terminal::print_json(&DiffJson {
            attempt: id.to_string(),
            verified: proposal.verified,
            commit: proposal.commit.clone(),
            files: files.iter().map(|file| file.path.to_string_lossy().into_owned()).collect(),
            secrets: json::secrets(&secrets),
            diff: workspace.diff(&attempt.base, &proposal.commit)?,
        })?;
    } else if args.stat {
        let files = workspace.changed(&attempt.base, &proposal.commit)?;
        terminal::print(&report::file_lines(&files))?;
    } else if args.raw {
        let patch = task::patch(&context.house, &view, &row, proposal)?;
        std::io::stdout().lock().write_all(&patch)?;
    } else {
        let diff = workspace.diff(&attempt.base, &proposal.commit)?;
        terminal::print(&coloured(&diff))?;
    }
    Ok(Exit::Done)
}

/// The diff with its lines in colour; where there is no terminal the colours are left out on
/// the way.
fn coloured(diff: &str) -> String {
    let mut shown = String::with_capacity(diff.len() + diff.len() / 4);
    let mut in_hunk = false;
    // Split at line feeds alone: a carriage return is part of what changes, and is shown.
    for line in diff.split_terminator('\n') {
        if line.starts_with("diff --git ") {
            in_hunk = false;
        } else if line.starts_with("@@ ") {
            in_hunk = true;
        }
        match style(line, in_hunk) {
            Some(style) => shown.push_str(&styled(style, visible(line))),
            None => shown.push_str(&visible(line)),
        }
        shown.push('\n');
    }
    shown
}

fn style(line: &str, in_hunk: bool) -> Option<Style> {
    match line.as_bytes().first() {
        _ if !in_hunk => Some(BOLD),
        Some(b'+') => Some(GREEN),
        Some(b'-') => Some(RED),
        Some(b'@') => Some(CYAN),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_can_not_write_on_the_terminal() {
        let diff = "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\r\n+\x1b]0;t\x07b\n";
        let shown = coloured(diff);
        let plain = anstream::adapter::strip_str(&shown).to_string();
        let expected = diff.replace('\x1b', "␛").replace('\x07', "␇").replace('\r', "␍");
        assert_eq!(plain, expected);
        assert!(shown.contains(&styled(GREEN, "+␛]0;t␇b")));
    }
}
