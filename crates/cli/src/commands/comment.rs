//! `tenfold comment`: says something about a line of a proposal, or about one of its files, and has
//! a new attempt answer it.

use clap::Args;
use tenfold_api::{Begin, Comment, Revise};
use tenfold_domain::{Place, Side, TaskId};

use crate::arguments::{Format, said};
use crate::context::{self, Context};
use crate::exit::Exit;
use crate::terminal;
use crate::trouble::Trouble;
use crate::work;

/// Comment on a line of a proposal, or on a file; a new attempt goes on from there at once
#[derive(Debug, Args)]
pub(crate) struct CommentArgs {
    /// The task
    task: TaskId,
    /// The file and the line, as they are proposed; without a line, the file as a whole
    #[arg(value_name = "FILE[:LINE]", value_parser = place)]
    place: Place,
    /// The line is one that the proposal removes, numbered as it was before
    #[arg(long)]
    removed: bool,
    /// What is to be otherwise
    #[arg(required = true, value_name = "TEXT")]
    text: Vec<String>,
    /// Only keep the comment, for more of them; the one without --later sends all
    #[arg(long)]
    later: bool,
    #[command(flatten)]
    format: Format,
}

/// Reads `src/a.py:12` and `src/a.py`.
fn place(text: &str) -> Result<Place, String> {
    let side = Side::Proposed;
    let is_number = |line: &str| !line.is_empty() && line.bytes().all(|byte| byte.is_ascii_digit());
    let (path, line) = match text.rsplit_once(':').filter(|(_, line)| is_number(line)) {
        None => (text, None),
        Some((path, line)) => match line.parse() {
            Ok(line) if line > 0 => (path, Some(line)),
            _ => return Err(format!("'{line}' is not the number of a line")),
        },
    };
    match path.is_empty() {
        true => Err("name a file, or a line of it, as in src/stats.py:12".to_owned()),
        false => Ok(Place { path: path.to_owned(), line, side }),
    }
}

/// Performs the command.
pub(crate) async fn run(context: &Context, args: &CommentArgs) -> Result<Exit, Trouble> {
    let task = args.task;
    context::task(&context.view(task)?, task)?;
    let text = said(&args.text)?;
    let mut place = args.place.clone();
    if args.removed {
        place.side = Side::Before;
        if place.line.is_none() {
            let what = format!("--removed is about a line of {}", place.path);
            return Err(
                Trouble::usage(what).advise("name one that `tenfold diff` shows with a `-`")
            );
        }
    }
    let engine = context.engine().await?;
    engine.say_of(task, &Comment { place, text }).await?;
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
    fn a_place_is_a_file_with_or_without_a_line() {
        let of = |path: &str, line| Place { path: path.to_owned(), line, side: Side::Proposed };
        for (text, path, line) in
            [("a:b.py:3", "a:b.py", Some(3)), ("a.py", "a.py", None), ("a.py:x", "a.py:x", None)]
        {
            assert_eq!(place(text), Ok(of(path, line)), "{text}");
        }
        for wrong in ["", ":3", "a.py:0", "a.py:99999999999"] {
            assert!(place(wrong).is_err(), "{wrong}");
        }
    }
}
