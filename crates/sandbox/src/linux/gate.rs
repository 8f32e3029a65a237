//! The ways between a command and the engine, where it has any: the socket of a proxy, by which
//! it is let out, and those by which it is spoken to.
//!
//! All of them are sockets that the inner step makes before the command begins, in the sandbox's
//! own network, and sends to the engine over the socket that is its standard output; then it
//! lets go of them. So there is no program inside that could be talked into anything, no path
//! that leads out, and nothing more that the filters would have to let through: the command sees
//! a port, or its standard input and output, and who is at the other end is the engine.

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;

use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, SocketType, recvmsg, sendmsg, socket,
};

use super::talk::Dialer;
use crate::job::{Line, Talk};
use crate::spec::Ways;

/// Where the command finds the proxy. Always the same, so that no run differs from another.
const ADDRESS: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 3_128);

/// The most connections at a time to what a command listens on.
const DIALLED: usize = 16;
/// The most sockets in one message: those, and the proxy's.
const SOCKETS: usize = DIALLED + 1;

/// What is sent along with the sockets, since nothing at all can't carry them.
const WORD: &[u8] = b"ways";

/// The variables by which programs learn of a proxy, in place of those that say that there is
/// no network. Servers that a command starts itself are on the same loopback, and are spoken to
/// without it.
pub(super) fn tell(env: &mut Vec<(String, String)>) {
    let proxy = format!("http://{ADDRESS}");
    let here = "localhost,127.0.0.1,::1,0.0.0.0,tenfold";
    let told = [
        ("HTTP_PROXY", proxy.as_str()),
        ("HTTPS_PROXY", &proxy),
        ("ALL_PROXY", &proxy),
        ("http_proxy", &proxy),
        ("https_proxy", &proxy),
        ("all_proxy", &proxy),
        ("NO_PROXY", here),
        ("no_proxy", here),
        // Without it Node.js heeds none of these.
        ("NODE_USE_ENV_PROXY", "1"),
    ];
    crate::toolchains::let_out(env);
    env.retain(|(name, _)| told.iter().all(|(known, _)| known != name));
    env.extend(told.map(|(name, value)| (name.to_owned(), value.to_owned())));
}

/// The inner step's part. Returns the command's end of a line that is its standard input and
/// output.
pub(super) fn open(ways: Ways) -> io::Result<Option<OwnedFd>> {
    let mut sent: Vec<OwnedFd> = Vec::new();
    if ways.proxy {
        sent.push(TcpListener::bind(ADDRESS)?.into());
    }
    let kept = match ways.talk {
        None => None,
        Some(Talk::Standard) => {
            let (theirs, own) = UnixStream::pair()?;
            sent.push(theirs.into());
            Some(own.into())
        }
        Some(Talk::Network) => {
            for _ in 0..DIALLED {
                sent.push(socket(AddressFamily::INET, SocketType::STREAM, None)?);
            }
            None
        }
    };
    let sockets: Vec<BorrowedFd<'_>> = sent.iter().map(AsFd::as_fd).collect();
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(SOCKETS))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !control.push(SendAncillaryMessage::ScmRights(&sockets)) {
        return Err(io::Error::other("there is no room for the sockets in the message"));
    }
    sendmsg(io::stdout(), &[IoSlice::new(WORD)], &mut control, SendFlags::NOSIGNAL)?;
    Ok(kept)
}

/// The engine's ends of them.
pub(super) struct Ends {
    pub(super) proxy: Option<tokio::net::TcpListener>,
    pub(super) line: Option<Line>,
}

/// The engine's part: waits for the sockets, which never come if the sandbox can't be built.
pub(super) async fn receive(from: UnixStream, ways: Ways) -> io::Result<Ends> {
    from.set_nonblocking(true)?;
    let from = tokio::net::UnixStream::from_std(from)?;
    let sockets = loop {
        from.readable().await?;
        match from.try_io(tokio::io::Interest::READABLE, || take(&from)) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            taken => break taken?,
        }
    };
    let mut sockets = sockets.into_iter();
    let mut next = || sockets.next().ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof));
    let proxy = ways.proxy.then(&mut next).transpose()?.map(listener).transpose()?;
    let line = match ways.talk {
        None => None,
        Some(Talk::Standard) => {
            let stream = UnixStream::from(next()?);
            stream.set_nonblocking(true)?;
            Some(Line::Standard(tokio::net::UnixStream::from_std(stream)?))
        }
        Some(Talk::Network) => Some(Line::Network(Dialer::new(sockets.collect()))),
    };
    Ok(Ends { proxy, line })
}

fn listener(socket: OwnedFd) -> io::Result<tokio::net::TcpListener> {
    let listener = TcpListener::from(socket);
    if listener.local_addr()? != ADDRESS {
        return Err(io::Error::other("what came out of the sandbox is not the socket of a proxy"));
    }
    listener.set_nonblocking(true)?;
    tokio::net::TcpListener::from_std(listener)
}

fn take(from: impl AsFd) -> io::Result<Vec<OwnedFd>> {
    let mut word = [0; WORD.len()];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(SOCKETS))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let flags = RecvFlags::CMSG_CLOEXEC;
    recvmsg(from, &mut [IoSliceMut::new(&mut word)], &mut control, flags)?;
    let sockets = control.drain().filter_map(|message| match message {
        RecvAncillaryMessage::ScmRights(sockets) => Some(sockets),
        _ => None,
    });
    Ok(sockets.flatten().collect())
}
