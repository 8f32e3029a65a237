//! `tenfold gateway`: any program spends from an account, through OpenAI's and Anthropic's
//! protocols. What it does with a request is for `crates/gateway`, which the program puts behind
//! this.

use std::net::{SocketAddr, TcpListener};

use clap::Args;
use tokio::sync::oneshot;

use crate::context::Context;
use crate::exit::Exit;
use crate::terminal;
use crate::trouble::Trouble;

/// The file of one's own names for models, beside the catalogue.
const FILE: &str = "gateway.toml";

/// Let programs ask models through OpenAI's and Anthropic's protocols, and pay by account
///
/// `tenfold account token` makes what a program shows in place of a key. docs/gateway.md.
#[derive(Debug, Args)]
pub(crate) struct GatewayArgs {
    /// Where to listen
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8470")]
    listen: SocketAddr,
    /// Listen beyond this machine, too: what is said can be read on the way, tokens included
    #[arg(long)]
    unencrypted: bool,
}

/// What the program answers on behind `tenfold gateway`.
#[derive(Debug)]
pub struct Serving {
    /// Where it listens.
    pub listener: TcpListener,
    /// The text of the person's own names for models, in TOML.
    pub names: String,
    /// Told when it is to end.
    pub leave: oneshot::Receiver<()>,
}

/// Performs the command.
pub(crate) async fn run(context: &Context, args: &GatewayArgs) -> Result<Exit, Trouble> {
    if !args.listen.ip().is_loopback() && !args.unencrypted {
        return Err(Trouble::new(
            Exit::Refused,
            format!(
                "{} can be reached from other machines, and what is said is not encrypted",
                args.listen
            ),
        )
        .advise("listen on 127.0.0.1 behind a proxy that encrypts, or add --unencrypted"));
    }
    let stop = context.stop()?;
    // It pays from the books of the engine, which is this process as long as it listens.
    let _connection = context.engine().await?;
    let Some(engine) = context.hosted_engine().await else {
        return Err(Trouble::new(Exit::Busy, "another Tenfold is at work in another terminal")
            .advise("start the gateway first: all other commands then speak to it"));
    };
    let file = context.house.places.config.join(FILE);
    let names = match std::fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(Trouble::usage(format!("{}: {error}", file.display()))),
    };
    let taken = |error: std::io::Error| {
        Trouble::new(Exit::Busy, format!("{} can't be listened on: {error}", args.listen))
            .advise("another port goes with --listen, as in --listen 127.0.0.1:8471")
    };
    let listener = TcpListener::bind(args.listen).map_err(taken)?;
    let address = listener.local_addr().map_err(taken)?;
    let (leave, left) = oneshot::channel();
    let serving = Serving { listener, names, leave: left };
    let serving = (context.program.gateway)(engine, serving).map_err(|why| {
        Trouble::usage(format!("the gateway can't begin: {why}"))
            .advise(format!("names of your own are in {}", file.display()))
    })?;
    terminal::print(&format!("http://{address}"))?;
    terminal::note("base URL for OpenAI's clients: the same with /v1; Ctrl-C ends it");
    stop.stopped().await;
    let _ = leave.send(());
    // Whoever is answered just now gets so long; what is leased is given back at its end.
    let _ = tokio::time::timeout(crate::work::STOPPING, serving).await;
    Ok(Exit::Stopped)
}
