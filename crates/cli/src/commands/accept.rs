//! `tenfold accept`: takes a proposal, as a branch or into the files.

use clap::Args;
use serde::Serialize;
use tenfold_domain::{Accept, AcceptAs, Accepted, TaskId};

use crate::arguments::Format;
use crate::context::{self, Context};
use crate::exit::Exit;
use crate::report;
use crate::terminal::{self, one_line};
use crate::trouble::Trouble;

/// Take a proposal: as a branch, or into your files
///
/// Without an option: as the branch tenfold/TASK-… in a git repository, which leaves your files
/// as they are, and into the files of a folder without git.
#[derive(Debug, Args)]
pub(crate) struct AcceptArgs {
    /// The task
    task: TaskId,
    /// As a branch of this name
    #[arg(long, value_name = "NAME", conflicts_with = "in_place")]
    branch: Option<String>,
    /// Into the files as they are now
    #[arg(long)]
    in_place: bool,
    /// Though it adds what looks like a secret
    #[arg(long)]
    with_secrets: bool,
    /// Together with the files of the check that was proposed for it
    #[arg(long)]
    with_check: bool,
    #[command(flatten)]
    format: Format,
}

#[derive(Debug, Serialize)]
struct AcceptedJson {
    task: TaskId,
    branch: Option<String>,
    commit: Option<String>,
    files: Vec<String>,
}

/// Performs the command.
pub(crate) async fn run(context: &Context, args: AcceptArgs) -> Result<Exit, Trouble> {
    let row = context::task(&context.view(args.task)?, args.task)?;
    let is_repository = report::workspace(context, &row)?.is_repository();
    let how = match (args.branch, args.in_place || !is_repository) {
        (Some(name), _) => AcceptAs::Branch { name: Some(name) },
        (None, true) => AcceptAs::InPlace,
        (None, false) => AcceptAs::Branch { name: None },
    };
    let engine = context.engine().await?;
    let AcceptArgs { with_secrets, with_check, .. } = args;
    let accept = Accept { how, with_secrets, with_check };
    let accepted = engine.say_of(args.task, &accept).await?;
    if args.format.json {
        terminal::print_json(&json(args.task, accepted))?;
    } else {
        terminal::print(&told(args.task, &accepted))?;
    }
    Ok(Exit::Done)
}

fn json(task: TaskId, accepted: Accepted) -> AcceptedJson {
    match accepted {
        Accepted::Branch { branch, commit } => {
            AcceptedJson { task, branch: Some(branch), commit: Some(commit), files: Vec::new() }
        }
        Accepted::InPlace { files } => AcceptedJson { task, branch: None, commit: None, files },
    }
}

fn told(task: TaskId, accepted: &Accepted) -> String {
    match accepted {
        Accepted::Branch { branch, commit } => {
            let name = one_line(branch.strip_prefix("refs/heads/").unwrap_or(branch), 200);
            let commit = commit.get(..10).unwrap_or(commit);
            format!(
                "accepted as branch {name} ({commit}); your files are as they were\n\n  \
                 git merge {name}\n  tenfold undo {task}\n"
            )
        }
        Accepted::InPlace { files } => {
            let names = |file: &String| format!("  {}\n", one_line(file, 200));
            let list: String = files.iter().map(names).collect();
            format!("accepted into your files:\n{list}\n  tenfold undo {task}\n")
        }
    }
}
