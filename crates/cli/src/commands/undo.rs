//! `tenfold undo`: takes an acceptance or a rejection back.

use clap::Args;
use tenfold_api::Undo;
use tenfold_domain::{TaskId, Undone};

use crate::context::{self, Context};
use crate::exit::Exit;
use crate::terminal::{self, one_line};
use crate::trouble::Trouble;

/// Take an acceptance or a rejection back
#[derive(Debug, Args)]
pub(crate) struct UndoArgs {
    /// The task
    task: TaskId,
}

/// Performs the command.
pub(crate) async fn run(context: &Context, args: &UndoArgs) -> Result<Exit, Trouble> {
    let task = args.task;
    context::task(&context.view(task)?, task)?;
    let undone = context.engine().await?.say_of(task, &Undo {}).await?;
    let what = match undone {
        Undone::Branch { branch } => {
            let name = branch.strip_prefix("refs/heads/").unwrap_or(&branch);
            format!("removed branch {}", one_line(name, 200))
        }
        Undone::InPlace { files } => match files.len() {
            1 => "put one file back".to_owned(),
            count => format!("put {count} files back"),
        },
        Undone::Rejection => "took the rejection back".to_owned(),
    };
    terminal::print(&format!("{what}; the proposal of task {task} waits for review again"))?;
    Ok(Exit::Done)
}
