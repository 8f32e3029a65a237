//! `tenfold doctor`: what this machine has and lacks, each lack with what to do about it.

use std::time::SystemTime;

use clap::Args;
use tenfold_desk::doctor::{self, DoctorLine};

use crate::arguments::Format;
use crate::context::Context;
use crate::exit::Exit;
use crate::terminal::{self, DIM, GREEN, RED, one_line, styled, visible};
use crate::trouble::Trouble;

/// Say what this machine has and lacks, and what to do about it
#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    #[command(flatten)]
    format: Format,
}

/// Performs the command. The exit code says whether something needed is missing.
pub(crate) fn run(context: &Context, args: &DoctorArgs) -> Result<Exit, Trouble> {
    let lines = doctor::doctor(&context.house, &context.machine(), SystemTime::now().into());
    if args.format.json {
        terminal::print_json(&lines)?;
    } else {
        terminal::print(&lines.iter().map(shown).collect::<String>())?;
    }
    Ok(if doctor::is_missing(&lines) { Exit::Missing } else { Exit::Done })
}

fn shown(line: &DoctorLine) -> String {
    let mark = if line.ok { styled(GREEN, "ok ") } else { styled(RED, "NO ") };
    let area = styled(DIM, format_args!("{:<8}", line.area));
    let (what, detail) = (one_line(&line.what, 120), one_line(&line.detail, 400));
    let fix = match line.fix.as_str() {
        "" => String::new(),
        fix => format!("             to do: {}\n", visible(fix)),
    };
    format!("{mark} {area} {what}: {detail}\n{fix}")
}
