//! Where everything is put together: the one program, in all the roles that it plays.
//!
//! The engine starts this program again for its helpers. Their steps come first, while the
//! process has a single thread, and before anything else is looked at. Everything else is the
//! command line's.

mod by_past;
mod gateway;
mod page;
mod stock;

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use tenfold_cli::Program;
use tenfold_engine::Engine;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os();
    // The name of the program itself says nothing.
    arguments.next();
    match arguments.next().as_ref().and_then(|role| role.to_str()) {
        Some("sandbox-shim") => tenfold_sandbox::shim_main(),
        Some("sandbox-inner") => tenfold_sandbox::inner_main(arguments),
        Some("llama-serve") => serve(arguments),
        _ => tenfold_cli::run(program(), std::env::args_os()),
    }
}

fn program() -> Program {
    // Where the system can't say which file this is, its name is looked up as a shell does.
    let path = std::env::current_exe().unwrap_or_else(|_| PathBuf::from("tenfold"));
    let (gateway, page, meanwhile) = (gateway::serve, page::open, page::meanwhile);
    Program { path, features: features(), listen, gateway, page, meanwhile }
}

/// Listens for commands of other terminals, as long as anybody needs it.
fn listen(
    engine: Arc<Engine>,
    socket: &Path,
    leave: oneshot::Receiver<()>,
) -> io::Result<JoinHandle<()>> {
    let listener = tenfold_server::listen(socket)?;
    let left = async {
        // Who has gone without a word has left, too.
        let _ = leave.await;
    };
    Ok(tokio::spawn(tenfold_server::serve(engine, listener, left)))
}

/// What this binary was built with.
fn features() -> Vec<&'static str> {
    let built = [
        ("embedded", cfg!(feature = "embedded")),
        ("metal (untested)", cfg!(feature = "metal")),
        ("cuda (untested)", cfg!(feature = "cuda")),
        ("vulkan (untested)", cfg!(feature = "vulkan")),
        ("portable", cfg!(feature = "portable")),
    ];
    built.iter().filter(|(_, is_built)| *is_built).map(|(name, _)| *name).collect()
}

/// The child that owns a model: `--model FILE --context TOKENS --threads N`.
#[cfg(feature = "embedded")]
fn serve(mut arguments: impl Iterator<Item = OsString>) -> ExitCode {
    use std::num::NonZeroU32;
    use tenfold_llama::serve::{ServeConfig, run};

    let mut config = ServeConfig {
        model: PathBuf::new(),
        context: NonZeroU32::MIN,
        threads: NonZeroU32::MIN,
        backends: beside_this_program(),
    };
    while let (Some(name), Some(value)) = (arguments.next(), arguments.next()) {
        let number = || value.to_str().and_then(|text| text.parse().ok());
        match name.to_str() {
            Some("--model") => config.model = value.into(),
            Some("--context") => config.context = number().unwrap_or(config.context),
            Some("--threads") => config.threads = number().unwrap_or(config.threads),
            // An engine of another release would have started its own binary.
            _ => return ExitCode::from(64),
        }
    }
    run(&config).into()
}

/// A portable build has its backends beside the program; `cargo xtask dist` puts them there.
#[cfg(feature = "embedded")]
fn beside_this_program() -> Option<PathBuf> {
    let program = std::env::current_exe().ok()?;
    cfg!(feature = "portable").then(|| program.parent().map(PathBuf::from)).flatten()
}

#[cfg(not(feature = "embedded"))]
fn serve(_: impl Iterator<Item = OsString>) -> ExitCode {
    // The engine takes the exit before the first line for "can't be started".
    ExitCode::from(64)
}
