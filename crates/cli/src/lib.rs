//! The command line: one file per command in `commands/`, and what they share beside it.
//!
//! Words and numbers are read here, and results are shown here. What they mean is decided by
//! the engine: no command holds a rule of its own. Data goes to standard output, and what
//! only a person who waits wants to know goes to standard error.

mod arguments;
mod asking;
mod commands;
mod connection;
mod context;
mod environment;
mod evidence;
mod exit;
mod host;
mod instructions;
mod json;
mod person;
mod plot;
mod pull;
mod report;
mod secrets;
mod sink;
mod stop;
mod table;
mod terminal;
mod trouble;
mod upgrade;
mod waiting;
mod watch;
mod work;

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use tenfold_domain::Problem;
use tenfold_engine::Engine;
use tenfold_telemetry::Telemetry;
use tokio::sync::oneshot;
use tokio::sync::watch::Receiver;
use tokio::task::JoinHandle;

pub use commands::gateway::Serving;
pub use commands::serve::Opening;
pub use environment::{VARIABLES, Variable};
pub use exit::Exit;

use arguments::Arguments;
use context::Context;
use trouble::Trouble;

/// Has an engine listen at a path, until the receiver is told and nobody needs it any more. It
/// is called within the runtime.
pub type Listen = fn(Arc<Engine>, &Path, oneshot::Receiver<()>) -> io::Result<JoinHandle<()>>;

/// Answers programs for an engine, until it is told to end. It is called within the runtime; what
/// is wrong is said in words.
pub type ServeGateway = fn(Arc<Engine>, Serving) -> Result<JoinHandle<()>, String>;

/// Opens the page of an engine, until it is told to end. It is called within the runtime.
pub type OpenPage = fn(Arc<Engine>, Opening) -> Result<JoinHandle<()>, Problem>;

/// Says to whoever comes to the page how far the records are brought up to date, in percent, until
/// it is told to leave. It is called within the runtime.
pub type TellMeanwhile = fn(Opening, Receiver<u8>) -> Result<JoinHandle<()>, Problem>;

/// What the program knows about itself, and a library can't.
#[derive(Debug, Clone)]
pub struct Program {
    /// This very binary, which the engine starts again for its helpers; absolute.
    pub path: PathBuf,
    /// The build features it was built with.
    pub features: Vec<&'static str>,
    /// How the engine in this process listens.
    pub listen: Listen,
    /// How the gateway of this program answers.
    pub gateway: ServeGateway,
    /// How the page of this program is opened.
    pub page: OpenPage,
    /// What is told in its place while there is no engine yet.
    pub meanwhile: TellMeanwhile,
}

/// Runs one command and returns its exit code. `arguments` begins with the program's name.
pub fn run(program: Program, arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments = match arguments::parse(&program, arguments) {
        Ok(arguments) => arguments,
        Err(said) => {
            // Help and version are no errors; clap knows where each belongs.
            let exit = if said.use_stderr() { Exit::Usage } else { Exit::Done };
            let _ = said.print();
            return exit.into();
        }
    };
    let exit = match perform(program, arguments) {
        Ok(exit) => exit,
        Err(trouble) => {
            trouble.show();
            trouble.exit
        }
    };
    exit.into()
}

/// The whole command line as clap knows it, for pages made from it.
pub fn command() -> clap::Command {
    <Arguments as clap::CommandFactory>::command()
}

fn perform(program: Program, arguments: Arguments) -> Result<Exit, Trouble> {
    let context = Context::new(program, &arguments)?;
    // Who can't be told is no reason not to do what was asked for.
    let telemetry = Telemetry::from_environment().unwrap_or_else(|error| {
        terminal::note(&format!("{error}; nothing is told"));
        None
    });
    terminal::log(context.verbose, telemetry.as_ref());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Trouble::internal(format!("could not start its threads: {error}")))?;
    let result = runtime.block_on(async {
        let result = commands::perform(&context, arguments.command).await;
        context.leave().await;
        result
    });
    // Something may still wait for a key or for a slow disk, and nobody waits for it.
    runtime.shutdown_background();
    telemetry.inspect(Telemetry::end);
    result
}

/// Parses as [`run`] does, for tests of this crate.
#[cfg(test)]
fn parsed(words: &[&str]) -> Arguments {
    <Arguments as clap::Parser>::try_parse_from(words).expect("the words of a test parse")
}
