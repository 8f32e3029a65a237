//! `tenfold list`: the tasks, newest first.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use comfy_table::{Cell, Color};
use jiff::ZonedDateTime;
use tenfold_domain::TaskState;
use tenfold_store::{TaskQuery, TaskRow};

use crate::arguments::Format;
use crate::context::Context;
use crate::exit::Exit;
use crate::json::TaskJson;
use crate::report::{self, standing};
use crate::table::{coloured, table};
use crate::terminal::{self, one_line};
use crate::trouble::Trouble;
use crate::waiting;

/// How many tasks are read at a time.
const PAGE: u32 = 500;

/// The longest word on why a task waits.
const WHY: usize = 120;

/// List tasks, newest first
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Only tasks that stand so; repeatable
    #[arg(long, value_name = "STATE", value_parser = state)]
    state: Vec<TaskState>,
    /// Only tasks of this repository or folder
    #[arg(long, value_name = "DIR")]
    repo: Option<PathBuf>,
    /// Only tasks with this label; repeatable, and all have to match
    #[arg(long, value_name = "WORD")]
    label: Vec<String>,
    /// All tasks, and not only the newest
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    format: Format,
}

/// Reads a state as it is written, with a hyphen or a space.
fn state(text: &str) -> Result<TaskState, String> {
    let named = |state: &TaskState| state.to_string().replace(' ', "-");
    TaskState::ALL.into_iter().find(|state| named(state) == text.replace(' ', "-")).ok_or_else(
        || {
            let names: Vec<String> = TaskState::ALL.iter().map(named).collect();
            format!("'{text}' is not a state: there are {}", names.join(", "))
        },
    )
}

/// Performs the command.
pub(crate) async fn run(context: &Context, args: &ListArgs) -> Result<Exit, Trouble> {
    let rows = rows(context, args)?;
    let Some((view, rows)) = rows else {
        if args.format.json {
            terminal::print("[]")?;
        } else {
            terminal::note("nothing was asked for yet: `tenfold run` begins");
        }
        return Ok(Exit::Done);
    };
    let engine_runs = context.engine_runs()?;
    let why = waiting::why(context, &view, &rows).await?;
    if args.format.json {
        let tasks = rows
            .iter()
            .map(|row| TaskJson::new(&view, row, (engine_runs, why.get(&row.id).cloned())));
        terminal::print_json(&tasks.collect::<Result<Vec<_>, _>>()?)?;
    } else {
        let heads = ["task", "state", "tries", "time", "money", "asked", "in", "text"];
        let cells = rows.iter().map(|row| cells(row, engine_runs, why.get(&row.id)));
        terminal::print(&table(&heads, cells))?;
        if rows.len() == context.defaults.list.tasks as usize && !args.all {
            let all = how_many(&view.how_many(None)?);
            terminal::note(&format!("the newest tasks of {all}; --all shows all"));
        }
    }
    Ok(Exit::Done)
}

type Found = Option<(tenfold_store::View, Vec<TaskRow>)>;

fn rows(context: &Context, args: &ListArgs) -> Result<Found, Trouble> {
    let Some(reader) = context.reader()? else { return Ok(None) };
    let view = reader.view()?;
    let workspace = args.repo.as_deref().map(|repo| context.workspace_of(repo)).transpose()?;
    let most = if args.all { usize::MAX } else { context.defaults.list.tasks as usize };
    let is_filtered = args.all || !args.label.is_empty();
    let limit = if is_filtered { PAGE } else { context.defaults.list.tasks };
    let mut query =
        TaskQuery { states: args.state.clone(), workspace, limit, ..TaskQuery::default() };
    let mut rows: Vec<TaskRow> = Vec::new();
    loop {
        let page = view.tasks(&query)?;
        let is_last = page.len() < query.limit as usize;
        query.past = page.last().map(|row| row.id);
        // What belongs to what is the person's word, and no column of the store.
        rows.extend(page.into_iter().filter(|row| is_labelled(row, &args.label)));
        if is_last || rows.len() >= most {
            rows.truncate(most);
            return Ok(Some((view, rows)));
        }
    }
}

/// How many tasks there are, and where they stand.
fn how_many(counts: &BTreeMap<TaskState, u64>) -> String {
    let each: Vec<String> =
        counts.iter().map(|(state, tasks)| format!("{tasks} {state}")).collect();
    format!("{} ({})", counts.values().sum::<u64>(), each.join(", "))
}

/// Whether a task has all of these labels.
fn is_labelled(row: &TaskRow, labels: &[String]) -> bool {
    labels.iter().all(|label| row.standing.labels.contains(label))
}

fn cells(row: &TaskRow, engine_runs: bool, why: Option<&String>) -> Vec<Cell> {
    let (style, mut words) = standing(row);
    if row.state == TaskState::Working && !engine_runs {
        words = "interrupted".to_owned();
    }
    if let Some(why) = why {
        words = format!("{words}: {}", one_line(why, WHY));
    }
    if let (TaskState::NeedsYou, Some(ending)) = (row.state, &row.last) {
        words = format!("{words}: {}", ending.outcome);
    }
    let folder = row.workspace.file_name().unwrap_or(row.workspace.as_os_str());
    let text = if row.text.is_empty() { "make the check pass" } else { &row.text };
    let colour = match style {
        terminal::GREEN => Color::Green,
        terminal::RED => Color::Red,
        _ => Color::Yellow,
    };
    vec![
        row.id.to_string().into(),
        coloured(words, colour),
        row.attempts.to_string().into(),
        row.wall.to_string().into(),
        report::money(row.spent).into(),
        report::day(row.asked_at, &ZonedDateTime::now()).into(),
        one_line(&folder.to_string_lossy(), 30).into(),
        one_line(text, 80).into(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_told_with_their_sum() {
        let counts = BTreeMap::from([(TaskState::Queued, 999), (TaskState::NeedsYou, 1)]);
        assert_eq!(how_many(&counts), "1000 (999 queued, 1 needs you)");
    }

    #[test]
    fn states_read_as_they_are_written() {
        assert_eq!(state("to-review"), Ok(TaskState::ToReview));
        assert_eq!(state("needs you"), Ok(TaskState::NeedsYou));
        assert!(state("done").unwrap_err().contains("queued, working, paused, parked, needs-you"));
    }
}
