//! `tenfold comment`: says something about a line of a proposal, and has a new attempt answer it.

use clap::Args;
use tenfold_api::{Begin, Comment, Revise};
use tenfold_domain::TaskId;

use crate::arguments::{Format, said};
use crate::context::{self, Context};
use crate::exit::Exit;
use crate::terminal;
use crate::trouble::Trouble;
use crate::work;

/// Comment on a line of a proposal; a new attempt goes on from there at once
#[derive(Debug, Args)]
pub(crate) struct CommentArgs {
    /// The task
    task: TaskId,
    /// The file and the line, as they are proposed
    #[arg(value_name = "FILE:LINE", value_parser = place)]
    place: Place,
    /// What is to be otherwise
    #[arg(required = true, value_name = "TEXT")]
    text: Vec<String>,
    /// Only keep the comment, for more of them; the one without --later sends all
    #[arg(long)]
    later: bool,
    #[command(flatten)]
    format: Format,
}

/// A line of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    path: String,
    line: u32,
}

/// Reads `src/a.py:12`.
fn place(text: &str) -> Result<Place, String> {
    let (path, line) =
        text.rsplit_once(':').filter(|(path, _)| !path.is_empty()).ok_or_else(|| {
            "a line is named by its file and its number, as in src/stats.py:12".to_owned()
        })?;
    match line.parse() {
        Ok(line) if line > 0 => Ok(Place { path: path.to_owned(), line }),
        _ => Err(format!("'{line}' is not the number of a line")),
    }
}

/// Performs the command.
pub(crate) async fn run(context: &Context, args: &CommentArgs) -> Result<Exit, Trouble> {
    let task = args.task;
    context::task(&context.view(task)?, task)?;
    let text = said(&args.text)?;
    let Place { path, line } = args.place.clone();
    let engine = context.engine().await?;
    engine.say_of(task, &Comment { path, line, text }).await?;
    if args.later {
        terminal::print("kept; the next comment without --later sends it")?;
        return Ok(Exit::Done);
    }
    engine.say_of(task, &Revise {}).await?;
    let begin = Begin { time_anew: true, ..Begin::default() };
    work::work(context, &engine, task, &begin, args.format).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_file_and_a_line() {
        assert_eq!(place("a:b.py:3"), Ok(Place { path: "a:b.py".to_owned(), line: 3 }));
        for wrong in ["a.py", ":3", "a.py:", "a.py:0", "a.py:-1", "a.py:x"] {
            assert!(place(wrong).is_err(), "{wrong}");
        }
    }
}
