//! `tenfold gateway`: any program spends from an account, through OpenAI's and Anthropic's
//! protocols. What it does with a request is for `crates/gateway`, which the program puts behind
//! this.

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use tenfold_engine::Engine;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::context::Context;
use crate::exit::Exit;
use crate::terminal;
use crate::trouble::Trouble;

/// Where it listens if nobody says where.
pub(crate) const USUAL: &str = "127.0.0.1:8470";
/// The file of one's own names for models, beside the catalogue.
const FILE: &str = "gateway.toml";

/// Let programs ask models through OpenAI's and Anthropic's protocols, and pay by account
///
/// `tenfold account token` makes what a program shows in place of a key. docs/gateway.md.
#[derive(Debug, Args)]
pub(crate) struct GatewayArgs {
    /// Where to listen
    #[arg(long, value_name = "ADDRESS:PORT", default_value = USUAL)]
    listen: SocketAddr,
    /// Listen beyond this machine, too: what is said can be read on the way, tokens included
    #[arg(long)]
    unencrypted: bool,
}

/// What the program answers on behind `tenfold gateway`, and `tenfold serve --gateway`.
#[derive(Debug)]
pub struct Serving {
    /// Where it listens.
    pub listener: TcpListener,
    /// The person's own names for models, in TOML; the file need not be there, and may change.
    pub file: PathBuf,
    /// Told when it is to end.
    pub leave: oneshot::Receiver<()>,
}

/// A gateway that is open, in front of the engine of this process.
pub(crate) struct Opened {
    address: SocketAddr,
    leave: oneshot::Sender<()>,
    serving: JoinHandle<()>,
}

impl Opened {
    /// Opens it.
    pub(crate) fn at(
        listen: SocketAddr,
        context: &Context,
        engine: Arc<Engine>,
    ) -> Result<Self, Trouble> {
        let file = context.house.places.config.join(FILE);
        let taken = |error: std::io::Error| {
            Trouble::new(Exit::Busy, format!("{listen} can't be listened on: {error}"))
                .advise("give the gateway another port, as in 127.0.0.1:8471")
        };
        let listener = TcpListener::bind(listen).map_err(taken)?;
        let address = listener.local_addr().map_err(taken)?;
        let (leave, left) = oneshot::channel();
        let serving = Serving { listener, file: file.clone(), leave: left };
        let serving = (context.program.gateway)(engine, serving).map_err(|why| {
            Trouble::usage(format!("the gateway can't begin: {why}"))
                .advise(format!("names of your own are in {}", file.display()))
        })?;
        Ok(Self { address, leave, serving })
    }

    /// Says where programs find it.
    pub(crate) fn tell(&self, ends: &str) -> Result<(), Trouble> {
        terminal::print(&format!("http://{}", self.address))?;
        terminal::note(&format!("base URL for OpenAI's clients: the same with /v1{ends}"));
        Ok(())
    }

    /// Ends it. Whoever is answered just now gets a moment; what is leased is given back.
    pub(crate) async fn end(self) {
        let _ = self.leave.send(());
        let _ = tokio::time::timeout(crate::work::STOPPING, self.serving).await;
    }
}

/// Refuses to let what is not encrypted be read on the way, unless the person says so.
pub(crate) fn kept_here(listen: SocketAddr, unencrypted: bool) -> Result<(), Trouble> {
    if listen.ip().is_loopback() || unencrypted {
        return Ok(());
    }
    let why = format!(
        "the gateway at {listen} can be reached from other machines, and what is said is not \
         encrypted"
    );
    Err(Trouble::new(Exit::Refused, why)
        .advise("listen on 127.0.0.1 behind a proxy that encrypts, or add --unencrypted"))
}

/// Performs the command.
pub(crate) async fn run(context: &Context, args: &GatewayArgs) -> Result<Exit, Trouble> {
    kept_here(args.listen, args.unencrypted)?;
    let stop = context.stop()?;
    // It pays from the books of the engine, which is this process as long as it listens.
    let _connection = context.engine().await?;
    let Some(engine) = context.hosted_engine().await else {
        return Err(Trouble::new(Exit::Busy, "another Tenfold is at work in another terminal")
            .advise(
                "start the gateway first: all other commands then speak to it; with the page it \
                 goes by `tenfold serve --gateway`",
            ));
    };
    let gateway = Opened::at(args.listen, context, engine)?;
    gateway.tell("; Ctrl-C ends it")?;
    stop.stopped().await;
    gateway.end().await;
    Ok(Exit::Stopped)
}
