//! From a wish to a connection: the rules are asked about the name, the name is looked up, its
//! addresses are looked at, what came of it is taken down, and only then is one of these very
//! addresses connected to. A name that means something else a moment later changes nothing.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use hyper::StatusCode;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::meter::{Bounds, Metered};
use super::{About, Broker, Names, Peer, Ruling, Terms, address};

/// The most addresses of a name that are tried.
const MOST_ADDRESSES: usize = 4;

/// What is spoken over, whatever it is made of.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// A connection to a host.
pub(super) struct Way {
    pub(super) stream: Box<dyn Stream>,
    pub(super) terms: Terms,
}

/// Why there is none.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) status: StatusCode,
    pub(super) why: String,
}

impl Broker {
    /// Connects to whom a command wants to speak to, if it may.
    pub(super) async fn reach(&self, wanted: &Peer) -> Result<Way, Refused> {
        let terms = match self.rules.decide(wanted) {
            Ruling::Allow(terms) => terms,
            Ruling::Deny { why } => return Err(self.refuse(wanted, why).await),
        };
        let most = self.limits.carried.0;
        if self.carried.load(Ordering::Relaxed) >= most {
            let why = format!("one command may send and receive {most} bytes, and this one has");
            return Err(self.refuse(wanted, why).await);
        }
        // What can't be seen is encrypted already, or was never meant to be.
        let tls = terms.tls.filter(|_| wanted.method.is_some());
        let addresses = match self.addresses(wanted, tls.unwrap_or(wanted.port)).await {
            Ok(addresses) => addresses,
            Err(why) => return Err(self.refuse(wanted, why).await),
        };
        let forbidden = |why| Refused { status: StatusCode::FORBIDDEN, why };
        let tally = self.rules.record(wanted, None).await.map_err(forbidden)?;
        let bounds = Bounds {
            tally,
            carried: Arc::clone(&self.carried),
            most,
            idle: self.limits.idle.into(),
        };
        let unreachable = |error: io::Error| Refused {
            status: StatusCode::BAD_GATEWAY,
            why: format!("could not be reached: {error}"),
        };
        let stream = self.connect(&addresses).await.map_err(unreachable)?;
        let stream = Metered::new(stream, bounds);
        let stream: Box<dyn Stream> = match tls {
            Some(_) => {
                let begun = self.believed.begin(&wanted.host, stream);
                let begun = timeout(self.patience(), begun).await;
                let begun = begun.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
                Box::new(begun.map_err(unreachable)?)
            }
            None => Box::new(stream),
        };
        Ok(Way { stream, terms })
    }

    async fn refuse(&self, wanted: &Peer, why: String) -> Refused {
        // It is refused also where that can't be taken down.
        let _ = self.rules.record(wanted, Some(&why)).await;
        Refused { status: StatusCode::FORBIDDEN, why }
    }

    /// The addresses of a host that may be reached, or why there are none.
    async fn addresses(&self, wanted: &Peer, port: u16) -> Result<Vec<SocketAddr>, String> {
        let found = self.look_up(&wanted.host).await?;
        let mut why = format!("{} has no address", wanted.host);
        let mut fit = Vec::new();
        for address in found {
            let at = SocketAddr::new(address, port);
            match self.objection(wanted, at) {
                None => fit.push(at),
                Some(bad) if address.to_string() == wanted.host => why = bad,
                Some(bad) => why = format!("its address is {address}: {bad}"),
            }
        }
        fit.truncate(MOST_ADDRESSES);
        if fit.is_empty() { Err(why) } else { Ok(fit) }
    }

    /// Why an address may not be reached, if it may not.
    fn objection(&self, wanted: &Peer, at: SocketAddr) -> Option<String> {
        let what = match self.rules.address(wanted, at) {
            About::Named => return None,
            About::Denied { why } => return Some(why),
            About::Nothing => address::special(at.ip()),
        };
        let what = what.or_else(|| address::is_own(at.ip()).then_some("this machine's own"))?;
        Some(format!("it is {what}, and has to be named itself"))
    }

    async fn look_up(&self, host: &str) -> Result<Vec<IpAddr>, String> {
        if let Ok(address) = host.parse() {
            return Ok(vec![address]);
        }
        match &self.names {
            Names::Table(table) => Ok(table.get(host).cloned().unwrap_or_default()),
            Names::System => {
                let looked = timeout(self.patience(), tokio::net::lookup_host((host, 0))).await;
                let looked = looked.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
                let found = looked.map_err(|error| format!("could not look it up: {error}"))?;
                Ok(found.map(|address| address.ip()).collect())
            }
        }
    }

    async fn connect(&self, addresses: &[SocketAddr]) -> io::Result<TcpStream> {
        let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
        for address in addresses {
            match timeout(self.patience(), TcpStream::connect(address)).await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(error)) => last = error,
                Err(_) => last = io::ErrorKind::TimedOut.into(),
            }
        }
        Err(last)
    }

    fn patience(&self) -> Duration {
        self.limits.connect.into()
    }
}
