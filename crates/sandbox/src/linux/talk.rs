//! A command's own network, spoken to from outside of it.
//!
//! A socket belongs to the network in which it was made, whoever holds it. So the inner step
//! makes some before the command begins, and the engine, which is handed them, connects them to
//! what the command listens on. Nothing inside carries bytes, and there is no path to guard.
//! The number of sockets is the bound of connections at a time; each is used again.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::OwnedFd;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rustix::net::connect_unspec;
use tokio::io::{AsyncRead, AsyncWrite, copy_bidirectional};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::{Semaphore, SemaphorePermit};

/// How long between two tries to reach a port on which nobody listens yet.
const BETWEEN_TRIES: Duration = Duration::from_millis(50);

/// Connects to ports on the loopback of a command's own network.
#[derive(Debug)]
pub struct Dialer {
    /// Those that are not connected.
    sockets: Mutex<Vec<OwnedFd>>,
    free: Semaphore,
}

impl Dialer {
    pub(super) fn new(sockets: Vec<OwnedFd>) -> Self {
        Self { free: Semaphore::new(sockets.len()), sockets: Mutex::new(sockets) }
    }

    /// Carries what is said between `stream` and this port, until both have ended. Waits for as
    /// long as nobody listens there yet, and if there are too many connections already.
    ///
    /// # Errors
    /// If either breaks off.
    pub async fn carry(
        &self,
        mut stream: impl AsyncRead + AsyncWrite + Unpin,
        port: u16,
    ) -> io::Result<()> {
        let socket = self.borrow().await?;
        let mut there = loop {
            match socket.connect(port).await {
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                    tokio::time::sleep(BETWEEN_TRIES).await;
                }
                connected => break connected?,
            }
        };
        copy_bidirectional(&mut stream, &mut there).await?;
        Ok(())
    }

    async fn borrow(&self) -> io::Result<Borrowed<'_>> {
        let permit = self.free.acquire().await.map_err(io::Error::other)?;
        let mut sockets = self.sockets.lock().unwrap_or_else(PoisonError::into_inner);
        let socket = sockets.pop().ok_or_else(|| io::Error::other("there is no socket left"))?;
        Ok(Borrowed { dialer: self, socket: Some(socket), _permit: permit })
    }
}

/// A socket that goes back when it is not needed any more.
struct Borrowed<'a> {
    dialer: &'a Dialer,
    socket: Option<OwnedFd>,
    _permit: SemaphorePermit<'a>,
}

impl Borrowed<'_> {
    async fn connect(&self, port: u16) -> io::Result<TcpStream> {
        let gone = || io::Error::from(io::ErrorKind::NotConnected);
        let socket = self.socket.as_ref().ok_or_else(gone)?;
        // One that was refused is still about to connect, as the kernel sees it.
        connect_unspec(socket)?;
        let twin = std::net::TcpStream::from(socket.try_clone()?);
        twin.set_nonblocking(true)?;
        let port = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        TcpSocket::from_std_stream(twin).connect(port).await
    }
}

impl Drop for Borrowed<'_> {
    fn drop(&mut self) {
        let Some(socket) = self.socket.take() else { return };
        // Its twin may be closed, but the connection is both of theirs.
        let _ = connect_unspec(&socket);
        self.dialer.sockets.lock().unwrap_or_else(PoisonError::into_inner).push(socket);
    }
}
