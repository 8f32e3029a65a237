//! `tenfold answer`: answers what a task asks, and goes on with it.

use clap::Args;
use tenfold_domain::TaskId;

use crate::arguments::Format;
use crate::commands::run::TEXT_BYTES_MAX;
use crate::context::{self, Context};
use crate::exit::Exit;
use crate::stop::Stop;
use crate::terminal;
use crate::trouble::Trouble;
use crate::work::{self, How};

/// Answer what a task asks; it goes on at once
#[derive(Debug, Args)]
pub(crate) struct AnswerArgs {
    /// The task
    task: TaskId,
    /// The answer
    #[arg(required = true, value_name = "TEXT")]
    text: Vec<String>,
    /// Only keep the answer; `tenfold continue` goes on
    #[arg(long)]
    later: bool,
    #[command(flatten)]
    format: Format,
}

/// Performs the command.
pub(crate) async fn run(context: &Context, args: &AnswerArgs) -> Result<Exit, Trouble> {
    let task = args.task;
    context::task(&context.view(task)?, task)?;
    let text = args.text.join(" ").trim().to_owned();
    if text.is_empty() || text.len() as u64 > TEXT_BYTES_MAX {
        let most = TEXT_BYTES_MAX / 1024;
        return Err(Trouble::usage(format!("an answer has some text, and at most {most} KiB")));
    }
    let stop = Stop::listen()?;
    let engine = context.engine().await?;
    engine.answer(task, text).await?;
    if args.later {
        terminal::print(&format!("kept; `tenfold continue {task}` goes on"))?;
        return Ok(Exit::Done);
    }
    work::work(context, engine, task, How::default(), args.format, &stop).await
}
