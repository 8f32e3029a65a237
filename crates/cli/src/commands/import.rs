//! `tenfold import`: puts the tasks of a file into the backlog.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde::Serialize;
use tenfold_api::{BODY_BYTES_MAX, Import, Imported};
use tenfold_desk::asking::TEXT_BYTES_MAX;
use tenfold_desk::import::{self, Form, Item, Kinds};
use tenfold_domain::{TaskId, TaskSpec};

use crate::arguments::Format;
use crate::asking::{self, TaskArgs};
use crate::connection::Connection;
use crate::context::Context;
use crate::exit::Exit;
use crate::terminal;
use crate::trouble::Trouble;

/// The largest file.
const FILE_BYTES_MAX: u64 = 2 << 30;
/// What of a call's body is left to how it is put together.
const BODY_BYTES_LEFT: usize = 64 << 10;
/// How many things that are wrong with a file are told.
const WRONG_TOLD: usize = 20;

/// Put the tasks of a file into the backlog; `tenfold start` works them
///
/// A Markdown list (`- [ ] TEXT`), a CSV table, JSON lines, or SWE-bench's instances. What the
/// file does not say of a task is as given here, then as for `tenfold run`. All of the file is
/// read first, and if anything is wrong with it nothing is recorded.
#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// The file; `-` is standard input, and needs --form
    file: PathBuf,
    /// How it is written; by its name if not given
    #[arg(long, value_enum)]
    form: Option<Written>,
    #[command(flatten)]
    task: TaskArgs,
    #[command(flatten)]
    format: Format,
}

/// How a backlog is written down.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Written {
    /// A list: each item a task, a checked one done
    Markdown,
    /// A table whose first row names the columns
    Csv,
    /// An object a line
    Jsonl,
    /// SWE-bench's instances: an array of objects, or an object a line
    SweBench,
}

impl From<Written> for Form {
    fn from(written: Written) -> Self {
        match written {
            Written::Markdown => Self::Markdown,
            Written::Csv => Self::Csv,
            Written::Jsonl => Self::Jsonl,
            Written::SweBench => Self::SweBench,
        }
    }
}

#[derive(Debug, Serialize)]
struct ImportedJson {
    tasks: Vec<TaskId>,
}

/// Performs the command.
pub(crate) async fn run(context: &Context, args: &ImportArgs) -> Result<Exit, Trouble> {
    let text = asking::read(&args.file, FILE_BYTES_MAX)?;
    let form =
        args.form.map(Form::from).or_else(|| Form::of(&args.file, &text)).ok_or_else(|| {
            Trouble::usage(format!(
                "how {} is written can't be told by its name",
                args.file.display()
            ))
            .advise("say it with --form markdown, csv, jsonl or swe-bench")
        })?;
    let wrong = |wrong: Vec<String>| {
        let more = wrong.len().saturating_sub(WRONG_TOLD);
        let mut told = wrong;
        told.truncate(WRONG_TOLD);
        if more > 0 {
            told.push(format!("and {more} more"));
        }
        let all = told.join("\n  ");
        let name = args.file.display();
        Trouble::usage(format!("{name} can't be imported, and nothing was:\n  {all}"))
    };
    let items = import::read(form, &text).map_err(wrong)?;
    let engine = context.engine().await?;
    let specs = specs(context, &engine, &args.task, &items).await?;
    let tasks = record(&engine, &items, specs).await?;
    if args.format.json {
        terminal::print_json(&ImportedJson { tasks })?;
    } else {
        let told = match tasks.as_slice() {
            [] => "there is no task in it".to_owned(),
            [task] => format!("task {task} is in the backlog; `tenfold start` works it"),
            [first, .., last] => format!(
                "{} tasks, {first} to {last}, are in the backlog; `tenfold start` works them",
                tasks.len()
            ),
        };
        terminal::print(&told)?;
    }
    Ok(Exit::Done)
}

/// The tasks of items: each repository, role and model is looked at once.
async fn specs(
    context: &Context,
    engine: &Connection,
    args: &TaskArgs,
    items: &[Item],
) -> Result<Vec<TaskSpec>, Trouble> {
    let kinds = Kinds::among(items, &args.new_task(String::new()));
    let mut whole = Vec::with_capacity(kinds.tasks.len());
    for task in &kinds.tasks {
        whole.push(asking::spec(context, engine, task.clone(), args.yes).await?);
    }
    Ok(kinds.specs(items, &whole))
}

/// Has them recorded, in as few calls as there is room for.
async fn record(
    engine: &Connection,
    items: &[Item],
    specs: Vec<TaskSpec>,
) -> Result<Vec<TaskId>, Trouble> {
    let (mut tasks, mut batch, mut bytes) = (Vec::new(), Vec::new(), 0);
    for (before, mut spec) in import::before(items).into_iter().zip(specs) {
        let begun: usize = tasks.len();
        let mut after = Vec::new();
        for place in before {
            // They are in an order in which what comes before is there already.
            match place {
                place if place < begun => spec.standing.after.push(tasks[place]),
                place => after.push(place - begun),
            }
        }
        bytes += serde_json::to_vec(&spec)?.len() + 64;
        batch.push(Imported { spec, after });
        if bytes > BODY_BYTES_MAX - BODY_BYTES_LEFT - TEXT_BYTES_MAX as usize {
            tasks.extend(said(engine, std::mem::take(&mut batch), &tasks).await?);
            bytes = 0;
        }
    }
    tasks.extend(said(engine, batch, &tasks).await?);
    Ok(tasks)
}

async fn said(
    engine: &Connection,
    tasks: Vec<Imported>,
    before: &[TaskId],
) -> Result<Vec<TaskId>, Trouble> {
    if tasks.is_empty() {
        return Ok(Vec::new());
    }
    let recorded = engine.say(&Import { tasks }).await;
    recorded.map_err(|trouble| match before {
        [] => trouble,
        [first, ..] => {
            let last = before.last().unwrap_or(first);
            trouble.advise(format!("tasks {first} to {last} are in the backlog already"))
        }
    })
}
