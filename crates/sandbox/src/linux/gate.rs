//! The one way out of a sandbox with a broker: a socket that listens on the loopback of the
//! sandbox's own network and is served from outside of it.
//!
//! The inner step opens it before the command begins, sends it to the engine over the socket
//! that is its standard output, and lets go of both. So there is no program inside that could
//! be talked into anything, no path that leads out, and nothing more that the filters would
//! have to let through: the command sees a port, and who answers there is the engine.

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};

/// Where the command finds the proxy. Always the same, so that no run differs from another.
const ADDRESS: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 3_128);

/// What is sent along with the socket, since nothing at all can't carry it.
const WORD: &[u8] = b"proxy";

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

/// The inner step's part.
pub(super) fn open() -> io::Result<()> {
    let listener = TcpListener::bind(ADDRESS)?;
    let sockets = [listener.as_fd()];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !control.push(SendAncillaryMessage::ScmRights(&sockets)) {
        return Err(io::Error::other("there is no room for a socket in the message"));
    }
    sendmsg(io::stdout(), &[IoSlice::new(WORD)], &mut control, SendFlags::NOSIGNAL)?;
    Ok(())
}

/// The engine's part: waits for the socket, which never comes if the sandbox can't be built.
pub(super) async fn receive(from: UnixStream) -> io::Result<tokio::net::TcpListener> {
    from.set_nonblocking(true)?;
    let from = tokio::net::UnixStream::from_std(from)?;
    let socket = loop {
        from.readable().await?;
        match from.try_io(tokio::io::Interest::READABLE, || take(&from)) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            taken => break taken?,
        }
    };
    let listener = TcpListener::from(socket);
    if listener.local_addr()? != ADDRESS {
        return Err(io::Error::other("what came out of the sandbox is not the socket of a proxy"));
    }
    listener.set_nonblocking(true)?;
    tokio::net::TcpListener::from_std(listener)
}

fn take(from: impl AsFd) -> io::Result<OwnedFd> {
    let mut word = [0; WORD.len()];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let flags = RecvFlags::CMSG_CLOEXEC;
    recvmsg(from, &mut [IoSliceMut::new(&mut word)], &mut control, flags)?;
    let sockets = control.drain().filter_map(|message| match message {
        RecvAncillaryMessage::ScmRights(sockets) => Some(sockets),
        _ => None,
    });
    let nothing = || io::Error::from(io::ErrorKind::UnexpectedEof);
    sockets.flatten().next().ok_or_else(nothing)
}
