//! What the probes try from inside: each of these must fail for a tier to count. Few, quick,
//! and one for each wall; the whole suite of escapes is a test, not a probe.

use std::fs;
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socket};

/// An address that is nobody's (RFC 5737).
const NOBODY: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1)), 9);

/// One line of the answer: a word, a tab, what was tried, a tab, what came of it.
pub(super) fn parse_line(line: &str) -> Option<(bool, &str, &str)> {
    let mut fields = line.splitn(3, '\t');
    let held = match fields.next()? {
        "held" => true,
        "broke" => false,
        _ => return None,
    };
    Some((held, fields.next()?, fields.next()?))
}

/// Tries everything, writes a line for each, and one file in the working directory.
pub(super) fn try_all(secret: &Path) -> ExitCode {
    let beside = secret.with_file_name("written-from-inside");
    // A directory of that name may exist inside as well, and what is written there stays
    // there: whether it arrived is for the probe to see, from outside.
    let _ = fs::write(&beside, "x");
    let attempts: [(&str, io::Result<()>); 7] = [
        ("read a file of the host", fs::read(secret).map(drop)),
        ("reach the network by TCP", reach_tcp()),
        ("reach the network by UDP", reach_udp()),
        ("become root", nix::unistd::setuid(nix::unistd::Uid::from_raw(0)).map_err(Into::into)),
        ("mount a file system", mount_something()),
        ("make a user namespace", unshare(CloneFlags::CLONE_NEWUSER).map_err(Into::into)),
        ("use the kernel's crypto sockets", crypto_socket()),
    ];
    let mut lines: Vec<String> = attempts
        .into_iter()
        .map(|(what, result)| match result {
            Ok(()) => format!("broke\t{what}\tit worked, which it must not"),
            Err(error) => format!("held\t{what}\trefused: {error}"),
        })
        .collect();
    lines.push(match fs::write("mark", "x") {
        Ok(()) => "held\twrite to the view\tworks".to_owned(),
        Err(error) => format!("broke\twrite to the view\t{error}"),
    });
    lines.push(match TcpListener::bind("127.0.0.1:0") {
        Ok(_) => "held\tloopback\tworks, on a network of its own".to_owned(),
        Err(error) => format!("held\tloopback\tnot to be had: {error}"),
    });
    let text = lines.join("\n") + "\n";
    match io::Write::write_all(&mut io::stdout(), text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

/// A connection that times out was on its way, so that counts as a way out.
fn reach_tcp() -> io::Result<()> {
    match TcpStream::connect_timeout(&NOBODY, Duration::from_millis(300)) {
        Err(error) if error.kind() == io::ErrorKind::TimedOut => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => Ok(()),
        other => other.map(drop),
    }
}

fn reach_udp() -> io::Result<()> {
    UdpSocket::bind("0.0.0.0:0")?.send_to(b"x", NOBODY).map(drop)
}

fn mount_something() -> io::Result<()> {
    Ok(mount(Some("x"), "/tmp", Some("tmpfs"), MsFlags::empty(), None::<&str>)?)
}

fn crypto_socket() -> io::Result<()> {
    let kind = SockType::SeqPacket;
    Ok(socket(AddressFamily::Alg, kind, SockFlag::empty(), None).map(drop)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_read_back_and_other_output_does_not() {
        assert_eq!(parse_line("held\ta b\tc\td"), Some((true, "a b", "c\td")));
        assert_eq!(parse_line("broke\ta\tb"), Some((false, "a", "b")));
        for line in ["", "held", "held\ta", "sh: not found", "ok\ta\tb"] {
            assert_eq!(parse_line(line), None, "{line}");
        }
    }
}
