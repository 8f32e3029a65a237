//! `tenfold roles`: the kinds of coworkers that there are.

use clap::{Args, Subcommand};
use comfy_table::Cell;
use tenfold_desk::role::{self, Coworker, Head};

use crate::arguments::Format;
use crate::context::Context;
use crate::exit::Exit;
use crate::table::table;
use crate::terminal::{self, one_line, visible};
use crate::trouble::Trouble;

/// List the kinds of coworkers, and see how one goes about its work
#[derive(Debug, Args)]
pub(crate) struct RolesArgs {
    #[command(subcommand)]
    command: RolesCommand,
}

#[derive(Debug, Subcommand)]
enum RolesCommand {
    /// List the roles that there are: those that ship with Tenfold, and yours
    List(Format),
    /// Show all of a role
    Show {
        /// The role, as `tenfold roles list` calls it
        name: String,
        #[command(flatten)]
        format: Format,
    },
}

/// Performs the command.
pub(crate) fn run(context: &Context, args: &RolesArgs) -> Result<Exit, Trouble> {
    match &args.command {
        RolesCommand::List(format) => list(context, *format),
        RolesCommand::Show { name, format } => show(context, name, *format),
    }
}

fn list(context: &Context, format: Format) -> Result<Exit, Trouble> {
    let all = role::all(&context.house)?;
    if format.json {
        terminal::print_json(&all)?;
        return Ok(Exit::Done);
    }
    let cells = |coworker: &Coworker| {
        let whose = if coworker.file.is_some() { "yours" } else { "shipped" };
        let about = one_line(&coworker.head.description, 200);
        [coworker.head.name.clone(), whose.to_owned(), about].map(Cell::new).to_vec()
    };
    terminal::print(&table(&["role", "whose", "what it does"], all.iter().map(cells)))?;
    Ok(Exit::Done)
}

fn show(context: &Context, name: &str, format: Format) -> Result<Exit, Trouble> {
    let coworker = role::named(&context.house, name)?;
    if format.json {
        terminal::print_json(&coworker)?;
        return Ok(Exit::Done);
    }
    terminal::print(&shown(&coworker))?;
    Ok(Exit::Done)
}

fn shown(coworker: &Coworker) -> String {
    let Head { name, description, tools, models, strategy, check, may_edit, protect } =
        &coworker.head;
    let several = |words: &[String]| (!words.is_empty()).then(|| words.join(", "));
    let file = coworker.file.as_ref().map(|file| file.display().to_string());
    let lines = [
        ("role", Some(name.clone())),
        ("does", Some(description.clone())),
        ("file", Some(file.unwrap_or_else(|| "ships with Tenfold".to_owned()))),
        ("tools", several(tools)),
        ("models", several(models)),
        ("strategy", strategy.map(|strategy| strategy.to_string())),
        ("check", check.clone()),
        ("may edit", several(may_edit)),
        ("protect", several(protect)),
    ];
    let known = lines.into_iter().filter_map(|(name, value)| Some((name, value?)));
    let text: String =
        known.map(|(name, value)| format!("{name:<10}{}\n", one_line(&value, 1_000))).collect();
    format!("{text}\n{}", visible(&coworker.instructions))
}
