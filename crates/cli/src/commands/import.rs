//! `tenfold import`: puts the tasks of a file into the backlog.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use tenfold_api::{BODY_BYTES_MAX, Import, Imported};
use tenfold_domain::{TaskId, TaskSpec};

use crate::arguments::Format;
use crate::asking::{self, TEXT_BYTES_MAX, TaskArgs};
use crate::connection::Connection;
use crate::context::Context;
use crate::exit::Exit;
use crate::import::{Form, Item, in_order};
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
    form: Option<Form>,
    #[command(flatten)]
    task: TaskArgs,
    #[command(flatten)]
    format: Format,
}

#[derive(Debug, Serialize)]
struct ImportedJson {
    tasks: Vec<TaskId>,
}

/// Performs the command.
pub(crate) async fn run(context: &Context, args: &ImportArgs) -> Result<Exit, Trouble> {
    let text = asking::read(&args.file, FILE_BYTES_MAX)?;
    let form = args.form.or_else(|| Form::of(&args.file, &text)).ok_or_else(|| {
        Trouble::usage(format!("how {} is written can't be told by its name", args.file.display()))
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
    let items = form.read(&text).map_err(wrong)?;
    let items = in_order(items).map_err(|why| wrong(vec![why]))?;
    if let Some(long) = items.iter().find(|item| item.text.len() as u64 > TEXT_BYTES_MAX) {
        let most = TEXT_BYTES_MAX / 1024;
        let why = format!("line {}: the task's text is longer than {most} KiB", long.line);
        return Err(wrong(vec![why]));
    }
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
    let mut known: BTreeMap<_, TaskSpec> = BTreeMap::new();
    let mut specs = Vec::with_capacity(items.len());
    for item in items {
        let has_check = item.check.is_some();
        let who = (item.role.as_deref(), item.model.as_deref());
        let key = (item.repo.as_deref(), who, has_check);
        let spec = if let Some(spec) = known.get(&key) {
            spec
        } else {
            let mut own = args.clone();
            own.check = item.check.clone().or(own.check);
            if let Some(models) = &item.model {
                own.model = models.split(',').map(|name| name.trim().to_owned()).collect();
            }
            own.role = item.role.clone().or(own.role);
            if let Some(repo) = &item.repo {
                own.repo = args.repo.join(repo);
            }
            let spec = asking::spec(context, engine, &own, String::new()).await?;
            known.entry(key).or_insert(spec)
        };
        let mut spec = spec.clone();
        item.fill(&mut spec);
        specs.push(spec);
    }
    Ok(specs)
}

/// Has them recorded, in as few calls as there is room for.
async fn record(
    engine: &Connection,
    items: &[Item],
    specs: Vec<TaskSpec>,
) -> Result<Vec<TaskId>, Trouble> {
    let places: BTreeMap<&str, usize> = items
        .iter()
        .enumerate()
        .filter_map(|(place, item)| Some((item.id.as_deref()?, place)))
        .collect();
    let (mut tasks, mut batch, mut bytes) = (Vec::new(), Vec::new(), 0);
    for (item, mut spec) in items.iter().zip(specs) {
        let begun: usize = tasks.len();
        let mut after = Vec::new();
        for id in &item.after {
            // They are in an order in which what comes before is there already.
            match places[id.as_str()] {
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
