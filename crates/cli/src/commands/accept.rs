//! `tenfold accept`: takes proposals, as branches or into the files.

use std::path::Path;

use clap::Args;
use serde::Serialize;
use tenfold_domain::{
    Accept, AcceptAs, AcceptTogether, Accepted, AcceptedOrNot, TaskId, TaskState,
};
use tenfold_store::{TaskQuery, TaskRow};

use crate::arguments::Format;
use crate::context::{self, Context};
use crate::exit::Exit;
use crate::terminal::{self, one_line};
use crate::trouble::Trouble;

/// Take a proposal, or those of several that go together: as a branch, or into your files
///
/// Without an option: as the branch tenfold/TASK-… in a git repository, which leaves your files
/// as they are, and into the files of a folder without git. If other proposals were accepted since
/// this one was begun, its check runs again on top of them; so it does for several at once, and
/// those that fail beside the others are left out.
#[derive(Debug, Args)]
pub(crate) struct AcceptArgs {
    /// The task; several: those that pass their checks together, the first ones first
    #[arg(required_unless_present = "all", value_name = "TASK")]
    tasks: Vec<TaskId>,
    /// All verified proposals for the repository or folder here that wait for review
    #[arg(long, conflicts_with = "tasks")]
    all: bool,
    /// As a branch of this name; of one task only
    #[arg(long, value_name = "NAME", conflicts_with_all = ["in_place", "all"])]
    branch: Option<String>,
    /// Into the files as they are now
    #[arg(long)]
    in_place: bool,
    /// Though it adds what looks like a secret
    #[arg(long)]
    with_secrets: bool,
    /// Together with the files of the check that was proposed for it; of one task only
    #[arg(long, conflicts_with = "all")]
    with_check: bool,
    /// Without checking it again on top of what was accepted since; of one task only
    #[arg(long, conflicts_with = "all")]
    unchecked: bool,
    #[command(flatten)]
    format: Format,
}

#[derive(Debug, Serialize)]
struct AcceptedJson {
    task: TaskId,
    branch: Option<String>,
    commit: Option<String>,
    files: Vec<String>,
    /// Why it was not accepted; only of several.
    #[serde(skip_serializing_if = "Option::is_none")]
    left_out: Option<String>,
}

/// Performs the command.
pub(crate) async fn run(context: &Context, args: AcceptArgs) -> Result<Exit, Trouble> {
    match &args.tasks[..] {
        [task] => one(context, *task, args).await,
        [] => {
            let tasks = verified(context)?;
            several(context, tasks, &args).await
        }
        tasks if args.branch.is_some() || args.with_check || args.unchecked => {
            let what = "--branch, --with-check and --unchecked are about one task";
            Err(Trouble::usage(what).advise(format!("accept task {} by itself", tasks[0])))
        }
        tasks => several(context, tasks.to_vec(), &args).await,
    }
}

async fn one(context: &Context, task: TaskId, args: AcceptArgs) -> Result<Exit, Trouble> {
    let is_repository = is_repository(context, task)?;
    let how = match (args.branch, args.in_place || !is_repository) {
        (Some(name), _) => AcceptAs::Branch { name: Some(name) },
        (None, true) => AcceptAs::InPlace,
        (None, false) => AcceptAs::Branch { name: None },
    };
    let engine = context.engine().await?;
    let AcceptArgs { with_secrets, with_check, unchecked, .. } = args;
    let accept = Accept { how, with_secrets, with_check, unchecked };
    let accepted = engine.say_of(task, &accept).await?;
    if args.format.json {
        terminal::print_json(&json(task, accepted))?;
    } else {
        terminal::print(&told(task, &accepted))?;
    }
    Ok(Exit::Done)
}

async fn several(
    context: &Context,
    tasks: Vec<TaskId>,
    args: &AcceptArgs,
) -> Result<Exit, Trouble> {
    let Some(first) = tasks.first() else {
        terminal::note("no verified proposal for what is here waits for review");
        return if args.format.json { print_all(&[], true) } else { Ok(Exit::Done) };
    };
    let in_place = args.in_place || !is_repository(context, *first)?;
    if terminal::is_watched() {
        terminal::note(&format!("checking {} proposals together", tasks.len()));
    }
    let together = AcceptTogether { tasks, in_place, with_secrets: args.with_secrets };
    let came = context.engine().await?.say(&together).await?;
    print_all(&came, args.format.json)
}

fn print_all(came: &[AcceptedOrNot], as_json: bool) -> Result<Exit, Trouble> {
    if as_json {
        let all: Vec<AcceptedJson> = came.iter().cloned().map(json_of).collect();
        terminal::print_json(&all)?;
    } else {
        for AcceptedOrNot { task, accepted, left_out } in came {
            let text = match (accepted, left_out) {
                (Some(accepted), _) => told(*task, accepted),
                (None, why) => {
                    let why = terminal::visible(why.as_deref().unwrap_or_default());
                    format!("left out, and still to review: {why}\n\n  tenfold diff {task}\n")
                }
            };
            terminal::print(&format!("Task {task}: {text}"))?;
        }
    }
    let all_are = came.iter().all(|one| one.accepted.is_some());
    Ok(if all_are { Exit::Done } else { Exit::Conflict })
}

/// The tasks with a verified proposal for what is here, in the order asked for.
fn verified(context: &Context) -> Result<Vec<TaskId>, Trouble> {
    let Some(reader) = context.reader()? else { return Ok(Vec::new()) };
    let (view, here) = (reader.view()?, context.workspace_of(Path::new("."))?);
    let mut query = TaskQuery {
        states: vec![TaskState::ToReview],
        workspace: Some(here),
        newest_first: false,
        ..TaskQuery::default()
    };
    let mut found = Vec::new();
    loop {
        let page = view.tasks(&query)?;
        let is_last = page.len() < query.limit as usize;
        query.past = page.last().map(|row| row.id);
        let is_verified = |row: &TaskRow| row.proposal().is_some_and(|made| made.verified);
        found.extend(page.iter().filter(|row| is_verified(row)).map(|row| row.id));
        if is_last {
            return Ok(found);
        }
    }
}

fn is_repository(context: &Context, task: TaskId) -> Result<bool, Trouble> {
    let row = context::task(&context.view(task)?, task)?;
    Ok(context.house.workspace(&row)?.is_repository())
}

fn json_of(came: AcceptedOrNot) -> AcceptedJson {
    let AcceptedOrNot { task, accepted, left_out } = came;
    match accepted {
        Some(accepted) => json(task, accepted),
        None => AcceptedJson { task, branch: None, commit: None, files: Vec::new(), left_out },
    }
}

fn json(task: TaskId, accepted: Accepted) -> AcceptedJson {
    match accepted {
        Accepted::Branch { branch, commit } => {
            let (branch, commit) = (Some(branch), Some(commit));
            AcceptedJson { task, branch, commit, files: Vec::new(), left_out: None }
        }
        Accepted::InPlace { files } => {
            AcceptedJson { task, branch: None, commit: None, files, left_out: None }
        }
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
