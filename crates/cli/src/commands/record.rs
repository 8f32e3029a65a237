//! `tenfold record`: how often work of one kind came right, what it cost, and what was reviewed.

use clap::{Args, ValueEnum};
use comfy_table::Cell;
use tenfold_desk::Interval;
use tenfold_desk::Sight;
use tenfold_desk::record::{self, RecordRow};

use crate::context::Context;
use crate::exit::Exit;
use crate::report;
use crate::table::table;
use crate::terminal::{self, one_line};
use crate::trouble::Trouble;

/// Show how often work of one kind came right, and what it cost
#[derive(Debug, Args)]
pub(crate) struct RecordArgs {
    /// By what kinds are told apart; repeatable
    #[arg(long, value_name = "WHAT", default_values = ["role", "area", "model"])]
    by: Vec<By>,
    /// Answer in JSON, on standard output
    #[arg(long)]
    json: bool,
}

/// What tells kinds of work apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum By {
    /// The kind of coworker
    Role,
    /// The repository or folder
    Area,
    /// The language that most of the code is in
    Language,
    /// A word of yours: a task counts for each of its labels
    Label,
    /// The model
    Model,
    /// How it works
    Strategy,
}

impl From<By> for record::By {
    fn from(by: By) -> Self {
        match by {
            By::Role => Self::Role,
            By::Area => Self::Area,
            By::Language => Self::Language,
            By::Label => Self::Label,
            By::Model => Self::Model,
            By::Strategy => Self::Strategy,
        }
    }
}

/// Performs the command.
pub(crate) fn run(context: &Context, args: &RecordArgs) -> Result<Exit, Trouble> {
    let by: Vec<record::By> = args.by.iter().copied().map(record::By::from).collect();
    let rows = record::record(&context.house, &by, &Sight::ALL)?;
    match args.json {
        true => terminal::print_json(&rows)?,
        false => print_table(&by, &rows)?,
    }
    Ok(Exit::Done)
}

fn print_table(by: &[record::By], rows: &[RecordRow]) -> Result<(), Trouble> {
    if rows.is_empty() {
        terminal::note("no attempt was made yet; `tenfold run` begins");
        return Ok(());
    }
    let cells = |row: &RecordRow| {
        let known = by.iter().map(|by| match row.of.get(by.name()).map(String::as_str) {
            None | Some("") => "(none)".to_owned(),
            Some(value) => one_line(value, 40),
        });
        let ended = row.solved + row.failed;
        let solved = match ended > 0.0 {
            true => format!("{} of {ended}: {}", row.solved, range(row.chance)),
            false => "-".to_owned(),
        };
        let right = match row.reviews {
            0 => "-".to_owned(),
            reviews => format!("{} of {reviews}", range(row.right_if_passed)),
        };
        let rest = [
            row.attempts.to_string(),
            solved,
            report::money(row.spent_nano_usd),
            right,
            row.taken_back.to_string(),
            row.surprises.len().to_string(),
        ];
        known.chain(rest).map(Cell::new).collect()
    };
    let heads: Vec<&str> = by
        .iter()
        .map(|by| by.name())
        .chain(["attempts", "solved", "spent", "right, of reviewed", "taken back", "surprises"])
        .collect();
    let text = table(&heads, rows.iter().map(cells));
    terminal::print(&format!(
        "{text}\nRanges hold nine times in ten. \"Right\" is what you accepted and did not take \
         back, of what had passed its check. A surprise came otherwise than was told for 95 % sure."
    ))
}

fn range(chance: Interval) -> String {
    format!("{:.0}-{:.0} %", chance.low * 100.0, chance.high * 100.0)
}
