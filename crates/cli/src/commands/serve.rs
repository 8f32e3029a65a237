//! `tenfold serve`: the page, on which all is done that the terminal does. What it shows and who
//! may see it is for `crates/server`, which the program puts behind this.

use std::net::{IpAddr, SocketAddr, TcpListener};
use std::path::PathBuf;

use clap::Args;
use ipnet::IpNet;
use tenfold_api::MakeLink;
use tenfold_desk::doctor::Machine;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use url::Url;

use crate::commands::gateway;
use crate::context::Context;
use crate::exit::Exit;
use crate::terminal;
use crate::trouble::Trouble;
use crate::upgrade;

/// Open the page: hand out work, watch it, steer it, judge it and pay for it in a browser
///
/// The first time it says a link that lets you in, once and within ten minutes; `tenfold people
/// link` makes another. docs/page.md.
#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// Where to listen
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8480")]
    listen: SocketAddr,
    /// A name by which browsers reach it, besides this machine's own; repeatable
    #[arg(long, value_name = "NAME")]
    host: Vec<String>,
    /// The address by which browsers reach it, if that is not where it listens: as links say it
    #[arg(long, value_name = "URL", value_parser = address)]
    address: Option<String>,
    /// The certificates to encrypt with, the page's own first, in PEM
    #[arg(long, value_name = "FILE", requires = "key")]
    certificate: Option<PathBuf>,
    /// The key of the first certificate, in PEM
    #[arg(long, value_name = "FILE", requires = "certificate")]
    key: Option<PathBuf>,
    /// A proxy before it, which is believed when it says for whom it speaks (X-Forwarded-For or
    /// Forwarded); repeatable
    #[arg(long, value_name = "ADDRESS[/PREFIX]", value_parser = network)]
    proxy: Vec<IpNet>,
    /// Let programs spend through the gateway as well, from the same process (docs/gateway.md);
    /// it listens there, or at 127.0.0.1:8470, and never encrypts
    #[arg(
        long,
        value_name = "ADDRESS:PORT",
        num_args = 0..=1,
        default_missing_value = gateway::USUAL
    )]
    gateway: Option<SocketAddr>,
    /// Listen beyond this machine without encryption: what is said can be read on the way,
    /// passwords and access tokens included
    #[arg(long)]
    unencrypted: bool,
}

/// An address as browsers write the origin of a page: in lower case, without the port that is the
/// scheme's own.
fn address(text: &str) -> Result<String, String> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    let url = url.ok_or_else(|| "it begins with https:// or http://, and has a name".to_owned())?;
    let is_bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    if !is_bare || !url.username().is_empty() || url.password().is_some() {
        return Err(format!("it has a name and perhaps a port, as {}", origin(&url)));
    }
    Ok(origin(&url))
}

fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

fn network(text: &str) -> Result<IpNet, String> {
    let one = || text.parse::<IpAddr>().map(IpNet::from);
    text.parse()
        .or_else(|_| one())
        .map_err(|_| "it is an address, as in 10.0.0.7 or 10.0.0.0/24".to_owned())
}

impl ServeArgs {
    /// Where browsers find it, which listens at `at`.
    fn address(&self, at: SocketAddr) -> Result<String, Trouble> {
        let said = self.address.clone().unwrap_or_else(|| self.listening(at));
        address(&said).map_err(|why| Trouble::new(Exit::Usage, format!("{said}: {why}")))
    }

    /// Where it listens.
    fn listener(&self) -> Result<TcpListener, Trouble> {
        TcpListener::bind(self.listen).map_err(|why| self.taken(&why))
    }

    fn taken(&self, why: &std::io::Error) -> Trouble {
        Trouble::new(Exit::Busy, format!("{} can't be listened on: {why}", self.listen))
            .advise("another port goes with --listen, as in --listen 127.0.0.1:8481")
    }

    /// How it is opened there, until `leave` is told.
    fn opening(
        &self,
        context: &Context,
        listener: TcpListener,
        leave: oneshot::Receiver<()>,
    ) -> Result<Opening, Trouble> {
        let port = listener.local_addr().map_err(|why| self.taken(&why))?;
        Ok(Opening {
            machine: context.machine(),
            listener,
            address: self.address(port)?,
            hosts: self.host.clone(),
            proxies: self.proxy.clone(),
            tls: self.certificate.clone().zip(self.key.clone()),
            unencrypted: self.unencrypted,
            leave,
        })
    }

    fn listening(&self, at: SocketAddr) -> String {
        let scheme = if self.certificate.is_some() { "https" } else { "http" };
        match self.host.first() {
            Some(name) if self.certificate.is_some() && !name.contains(':') => {
                format!("{scheme}://{name}:{}", at.port())
            }
            Some(name) if self.certificate.is_some() => format!("{scheme}://{name}"),
            // Whoever types the command is at this machine.
            _ if at.ip().is_unspecified() => format!("{scheme}://127.0.0.1:{}", at.port()),
            _ => format!("{scheme}://{at}"),
        }
    }
}

/// What the program opens behind `tenfold serve`.
#[derive(Debug)]
pub struct Opening {
    /// What the program knows of itself.
    pub machine: Machine,
    /// Where it listens.
    pub listener: TcpListener,
    /// Where browsers reach it.
    pub address: String,
    /// Further names by which it is reached.
    pub hosts: Vec<String>,
    /// Proxies before it that are believed.
    pub proxies: Vec<IpNet>,
    /// The files of the certificates and of the key, if it encrypts.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// Whether it may listen beyond this machine without.
    pub unencrypted: bool,
    /// Told when it is to end.
    pub leave: oneshot::Receiver<()>,
}

/// What listens in place of the page, while the records are brought up to date.
struct Meanwhile {
    listener: TcpListener,
    leave: oneshot::Sender<()>,
    serving: JoinHandle<()>,
}

impl Meanwhile {
    fn begin(context: &Context, args: &ServeArgs) -> Result<Self, Trouble> {
        let listener = args.listener()?;
        let (leave, left) = oneshot::channel();
        let same = listener.try_clone().map_err(|why| args.taken(&why))?;
        let opening = args.opening(context, same, left)?;
        terminal::note(&format!("{} is open, and says how far its records are", opening.address));
        let serving = (context.program.meanwhile)(opening, context.upgrade.subscribe())?;
        Ok(Self { listener, leave, serving })
    }

    /// Leaves the port to the page: who comes meanwhile waits for it.
    async fn end(self) -> TcpListener {
        let _ = self.leave.send(());
        let _ = self.serving.await;
        self.listener
    }
}

/// Performs the command.
pub(crate) async fn run(context: &Context, args: &ServeArgs) -> Result<Exit, Trouble> {
    if let Some(listen) = args.gateway {
        gateway::kept_here(listen, args.unencrypted)?;
    }
    let stop = context.stop()?;
    let meanwhile = match upgrade::is_due(context) {
        true => Some(Meanwhile::begin(context, args)?),
        false => None,
    };
    // It shows the books of the engine, which is this process as long as it listens.
    let connection = context.engine().await?;
    let Some(engine) = context.hosted_engine().await else {
        return Err(Trouble::new(Exit::Busy, "another Tenfold is at work in another terminal")
            .advise("open the page first: all other commands then speak to it"));
    };
    let listener = match meanwhile {
        Some(meanwhile) => meanwhile.end().await,
        None => args.listener()?,
    };
    let (leave, left) = oneshot::channel();
    let opening = args.opening(context, listener, left)?;
    let address = opening.address.clone();
    let serving = (context.program.page)(engine.clone(), opening)?;
    engine.page_is_at(address.clone());
    let open = |listen| gateway::Opened::at(listen, context, engine.clone());
    let gateway = args.gateway.map(open).transpose()?;
    let people = engine.people().await?;
    if people.all().any(|person| person.has_password || person.passkeys > 0) {
        terminal::print(&address)?;
        terminal::note("sign in by your passkey, or with your name and password; Ctrl-C ends it");
    } else {
        let link = connection.say(&MakeLink { name: None }).await?;
        terminal::print(&format!("{address}/#link={}", link.secret))?;
        terminal::note(
            "the link lets you in once, within ten minutes; `tenfold people link` makes another, \
             and on the page you can choose a password. Ctrl-C ends it",
        );
    }
    if let Some(gateway) = &gateway {
        gateway.tell(", and an access token in the place of a key")?;
    }
    stop.stopped().await;
    let _ = leave.send(());
    // Whoever is answered just now gets so long.
    let page = tokio::time::timeout(crate::work::STOPPING, serving);
    let gateway = async {
        if let Some(gateway) = gateway {
            gateway.end().await;
        }
    };
    let _ = tokio::join!(page, gateway);
    Ok(Exit::Stopped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_what_browsers_write() {
        for (said, written) in [
            ("https://Tenfold.Example.com:443", "https://tenfold.example.com"),
            ("https://tenfold.example.com/", "https://tenfold.example.com"),
            ("http://tenfold.example.com:80", "http://tenfold.example.com"),
            ("https://tenfold.example.com:8443", "https://tenfold.example.com:8443"),
            ("http://[::1]:8480", "http://[::1]:8480"),
            ("https://bücher.example", "https://xn--bcher-kva.example"),
        ] {
            assert_eq!(address(said).as_deref(), Ok(written), "{said}");
        }
        for said in [
            "tenfold.example.com",
            "ftp://tenfold.example.com",
            "https://",
            "https://ada@tenfold.example.com",
            "https://tenfold.example.com/page",
            "https://tenfold.example.com/?a=b",
        ] {
            assert!(address(said).is_err(), "{said}");
        }
    }
}
