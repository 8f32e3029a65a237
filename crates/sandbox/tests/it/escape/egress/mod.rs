//! Row 40 where some hosts are allowed: what the broker lets out, and what it does not. The
//! control of an attack is the same attack with rules that allow it.

mod ground;

use std::fs;
use std::net::UdpSocket;
use std::sync::Arc;

use tenfold_domain::{Bytes, Millis};
use tenfold_sandbox::{BrokerLimits, Credential, End, Terms, Trust};
use tokio::sync::watch;

use self::ground::{LOOPBACK, List, REACHED, Server, broker, run, run_by, server_that_waits};
use super::{not_here, open_scene, reached, unconfined};
use crate::setup::{sandbox, text};

fn any(hosts: &[&str]) -> List {
    let allowed = |list: List, host: &&str| list.allow(host, Terms::default()).anywhere(host);
    hosts.iter().fold(List::default(), allowed)
}

#[tokio::test]
async fn r40_a_host_that_is_allowed_is_reached_and_no_other() {
    let mut scene = open_scene();
    let server = Server::start(REACHED);
    let port = server.port();
    let attack = format!(
        "curl -sS http://good.test:{port}/; curl -sS http://bad.test:{port}/; \
         curl -sSp http://bad.test:{port}/; curl -sSp http://good.test:{port}/"
    );
    let open = Arc::new(any(&["good.test", "bad.test"]));
    assert_eq!(reached(&run(&mut scene, &open, &attack).await.output), 4, "the control");
    let rules = Arc::new(List::good());
    let exit = run(&mut scene, &rules, &attack).await;
    assert_eq!(reached(&exit.output), 2, "{}", text(&exit));
    assert!(text(&exit).contains(&format!("Tenfold: GET bad.test:{port}: it is not on the list")));
    assert_eq!(server.heard().len(), 6);
    let said = ["GET good", "GET bad", "CONNECT bad", "CONNECT good"].map(|what| {
        let verdict =
            if what.contains("bad") { "refused: it is not on the list" } else { "allowed" };
        format!("{what}.test:{port} {verdict}")
    });
    assert_eq!(rules.said(), said);
    assert!(rules.tally.sent().0 > 100 && rules.tally.received().0 == 2 * REACHED.len() as u64);
}

#[tokio::test]
async fn r40_beside_the_proxy_all_stays_closed() {
    let mut scene = open_scene();
    fs::write(scene.path("layer/ask.pl"), super::network::ASK).unwrap();
    let server = Server::start(REACHED);
    let port = server.port();
    let udp = UdpSocket::bind((LOOPBACK, 0)).unwrap();
    udp.set_nonblocking(true).unwrap();
    let rules = Arc::new(any(&["good.test", "127.0.0.1"]));
    let tcp = format!(
        "curl -sS --noproxy '*' http://127.0.0.1:{port}/\n\
         bash -c 'exec 3<>/dev/tcp/127.0.0.1/{port}' && echo reached\n\
         getent hosts localhost.localdomain && echo reached\n\
         echo tried"
    );
    assert!(reached(&unconfined(&scene, &tcp).stdout) >= 2, "the control");
    let exit = run(&mut scene, &rules, &tcp).await;
    assert_eq!(reached(&exit.output), 0, "{}", text(&exit));
    let names = format!(
        "getent hosts good.test && echo reached\n\
         curl -sS --noproxy '*' http://good.test:{port}/\n\
         bash -c 'exec 3<>/dev/tcp/good.test/{port}' && echo reached\n\
         bash -c 'exec 3<>/dev/tcp/192.0.2.1/80' && echo reached\n\
         grep -v -e lo: -e '|' /proc/net/dev && echo reached\n\
         grep -q . /etc/resolv.conf && echo reached"
    );
    let exit = run(&mut scene, &rules, &names).await;
    assert_eq!(reached(&exit.output), 0, "{}", text(&exit));
    if !fs::exists("/usr/bin/perl").unwrap() {
        return not_here(40, "UDP", "there is no /usr/bin/perl, by which it is tried");
    }
    let ask = format!("perl ask.pl 127.0.0.1 {}; echo tried", udp.local_addr().unwrap().port());
    assert_eq!(reached(&unconfined(&scene, &ask).stdout), 1, "the control");
    let mut heard = [0; 64];
    assert!(udp.recv(&mut heard).is_ok(), "the control");
    run(&mut scene, &rules, &ask).await;
    assert!(udp.recv(&mut heard).is_err(), "it was heard");
}

#[tokio::test]
async fn r40_without_a_broker_there_is_no_proxy() {
    let mut scene = open_scene();
    let attack = "env | grep -i -q proxy && echo reached\n\
                  curl -s http://127.0.0.1:3128/ && echo reached";
    let rules = Arc::new(List::good());
    assert_eq!(reached(&run(&mut scene, &rules, attack).await.output), 2, "the control");
    super::held(&mut scene, &format!("{attack}\necho tried")).await;
}

#[tokio::test]
async fn r40_a_redirect_to_loopback_leads_nowhere() {
    let mut scene = open_scene();
    let inner = Server::start(REACHED);
    let to = |host: &str| {
        let location = format!("http://{host}:{}/", inner.port());
        Server::start(format!(
            "HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\
             Connection: close\r\n\r\n"
        ))
    };
    let servers = ["127.0.0.1", "inner.test", "[::ffff:127.0.0.1]"].map(to);
    let ask =
        |server: &Server| format!("curl -sS -L --noproxy '' http://good.test:{}/\n", server.port());
    let attack: String = servers.iter().map(ask).collect();
    let hosts = ["good.test", "127.0.0.1", "inner.test", "::ffff:127.0.0.1"];
    let open = Arc::new(any(&hosts));
    let control = run(&mut scene, &open, &attack).await;
    assert_eq!(reached(&control.output), 3, "the control: {}", text(&control));
    // The names are allowed, and even all of them, but not where they lead.
    let all = hosts.iter().fold(List::good(), |list, host| list.allow(host, Terms::default()));
    let rules = Arc::new(all);
    let exit = run(&mut scene, &rules, &attack).await;
    assert_eq!(reached(&exit.output), 0, "{}", text(&exit));
    assert_eq!(text(&exit).matches("loopback").count(), 3, "{}", text(&exit));
    assert_eq!(inner.heard().len(), 3, "those of the control");
}

#[tokio::test]
async fn r30_cloud_metadata_through_the_proxy() {
    let mut scene = open_scene();
    let hosts = ["169.254.169.254", "metadata.test"];
    let attack = "for host in 169.254.169.254 metadata.test; do curl -sS http://$host/; done";
    let limits = BrokerLimits { connect: Millis(100), ..BrokerLimits::default() };
    // It may well not be there; the control is that somebody would have been asked.
    let open = broker(&Arc::new(any(&hosts))).with_limits(limits);
    let control = run_by(&mut scene, &open, attack).await;
    assert!(!text(&control).contains("keep a machine's secrets"), "{}", text(&control));
    let list = |list: List, host: &&str| list.allow(host, Terms::default());
    let rules = Arc::new(hosts.iter().fold(List::good(), list));
    let exit = run(&mut scene, &rules, attack).await;
    let refused = text(&exit).matches("clouds keep a machine's secrets").count();
    assert_eq!(refused, 2, "{}", text(&exit));
}

#[tokio::test]
async fn r40_each_request_of_a_connection_is_decided_anew() {
    let mut scene = open_scene();
    let open = "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nreached\n";
    let server = Server::start(open);
    let port = server.port();
    let head = |method: &str, more: &str| {
        format!("{method} http://good.test:{port}/ HTTP/1.1\\r\\nHost: bad.test\\r\\n{more}\\r\\n")
    };
    // The second hides where the length of the first is a matter of opinion.
    let post = head("POST", "Content-Length: 0\\r\\nConnection: close\\r\\n");
    let hidden = format!("0\\r\\n\\r\\n{post}");
    let lengths = format!("Content-Length: {}\\r\\nTransfer-Encoding: chunked\\r\\n", 999);
    let ways = [
        head("GET", "") + &post,
        head("GET", &lengths) + &hidden,
        head("GET", "Content-Length: 3\\r\\n") + "abc" + &post,
        head("GET", "Connection: upgrade\\r\\nUpgrade: websocket\\r\\n") + &post,
    ];
    let say = |way: &String| {
        format!(
            "bash -c 'exec 3<>/dev/tcp/127.0.0.1/3128; printf \"{way}\" >&3; \
             timeout 20 cat <&3'\n"
        )
    };
    let attack: String = ways.iter().map(say).collect();
    let rules = Arc::new(List::good().methods(&["GET"]));
    let exit = run(&mut scene, &rules, &attack).await;
    let heard = server.heard();
    assert!(heard.len() >= 3, "the control: {} {heard:?}", text(&exit));
    for head in heard {
        assert!(head.starts_with("get / "), "{head}");
        assert!(head.contains(&format!("host: good.test:{port}\n")), "{head}");
        assert!(!head.contains("upgrade") && !head.contains("bad.test"), "{head}");
    }
    assert!(
        rules.said().contains(&format!("POST good.test:{port} refused: it is not on the list"))
    );
}

#[tokio::test]
async fn r40_nothing_of_the_way_out_is_left_inside() {
    let mut scene = open_scene();
    let server = Server::start(REACHED);
    let rules = Arc::new(List::good());
    let attack = format!(
        "ls -l /proc/self/fd /proc/$$/fd | grep -q socket: && echo reached\n\
         for fd in /proc/1/fd/*; do echo x >> $fd && echo reached; done 2>/dev/null\n\
         find / -xdev -type s 2>/dev/null | grep -q . && echo reached\n\
         curl -sS http://good.test:{}/ | sed s/^r/R/",
        server.port()
    );
    let exit = run(&mut scene, &rules, &attack).await;
    assert_eq!(reached(&exit.output), 0, "{}", text(&exit));
    assert!(text(&exit).contains("Reached"), "the control: {}", text(&exit));
}

fn with_credential(tls: Option<u16>) -> Arc<List> {
    let (header, value) = ("X-Key".to_owned(), "c4nary".to_owned());
    let terms = Terms { tls, credential: Some(Credential { header, value }) };
    Arc::new(List::default().allow("good.test", terms).anywhere("good.test"))
}

#[tokio::test]
async fn r40_a_credential_is_put_in_outside_and_is_not_inside() {
    let mut scene = open_scene();
    let server = Server::start(REACHED);
    let attack = format!(
        "curl -sS -H 'X-Key: mine' http://good.test:{}/\n\
         grep -r -l c4nary . /proc/*/environ /tmp /run $HOME 2>/dev/null",
        server.port()
    );
    let exit = run(&mut scene, &with_credential(None), &attack).await;
    assert_eq!(text(&exit), "reached\ntried\n");
    let heard = server.heard();
    assert!(heard[0].contains("x-key: c4nary\n") && !heard[0].contains("mine"), "{heard:?}");
    assert!(!format!("{:?}", with_credential(None).terms()).contains("c4nary"));
}

#[tokio::test]
async fn what_is_said_in_the_clear_goes_out_encrypted() {
    let mut scene = open_scene();
    let (port, certificate, heard) = tls_server().await;
    let rules = with_credential(Some(port));
    let ask = "curl -sS http://good.test/path";
    let trusting = broker(&rules).with_trust(Trust::Only(vec![certificate]));
    let exit = run_by(&mut scene, &trusting, ask).await;
    assert_eq!(reached(&exit.output), 1, "{}", text(&exit));
    let head = heard.lock().await.clone().to_lowercase();
    assert!(head.starts_with("get /path http/1.1\r\n"), "{head}");
    assert!(head.contains(&format!("host: good.test:{port}\r\n")), "{head}");
    assert!(head.contains("x-key: c4nary\r\n"), "{head}");
    // Nobody vouches for it.
    let exit = run(&mut scene, &rules, ask).await;
    assert!(text(&exit).contains("certificate"), "{}", text(&exit));
    assert!(!heard.lock().await.contains("second"), "nothing was said to it");
}

/// A server that speaks TLS as `good.test`: its port, its certificate and what it heard last.
async fn tls_server() -> (u16, Vec<u8>, Arc<tokio::sync::Mutex<String>>) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio_rustls::rustls::ServerConfig;
    use tokio_rustls::rustls::crypto::aws_lc_rs;
    use tokio_rustls::rustls::pki_types::PrivateKeyDer;

    let made = rcgen::generate_simple_self_signed(["good.test".to_owned()]).unwrap();
    let certificate = made.cert.der().clone();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = tokio::net::TcpListener::bind((LOOPBACK, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let heard = Arc::<tokio::sync::Mutex<String>>::default();
    let told = Arc::clone(&heard);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                let Ok(byte) = stream.read_u8().await else { break };
                head.push(byte);
            }
            *told.lock().await = String::from_utf8_lossy(&head).into_owned();
            let _ = stream.write_all(REACHED.as_bytes()).await;
            let _ = stream.shutdown().await;
        }
    });
    (port, certificate.to_vec(), heard)
}

#[tokio::test]
async fn no_more_is_carried_than_may_be() {
    let mut scene = open_scene();
    let body = "x".repeat(100_000);
    let length = body.len();
    let server =
        Server::start(format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}"));
    let rules = Arc::new(List::good());
    let limits = BrokerLimits { carried: Bytes(150_000), ..BrokerLimits::default() };
    let twice = format!(
        "for n in 1 2 3; do curl -sSf -o /dev/null http://good.test:{}/ && echo reached $n; done",
        server.port()
    );
    let exit = run_by(&mut scene, &broker(&rules).with_limits(limits), &twice).await;
    assert_eq!(reached(&exit.output), 1, "{}", text(&exit));
    assert_eq!(server.heard().len(), 2, "the third was not sent any more");
    assert!(rules.said()[2].contains("150000 bytes"), "{:?}", rules.said());
}

#[tokio::test]
async fn connections_end_with_the_run() {
    let mut scene = open_scene();
    let (server, mut told) = server_that_waits();
    let rules = Arc::new(List::good());
    for way in ["-sS", "-sSp"] {
        let command = format!("curl -N {way} http://good.test:{}/", server.port());
        let job = scene.job(&command);
        let (stop, cancel) = watch::channel(false);
        let broker = broker(&rules);
        let running = sandbox().run_brokered(&job, &broker, &cancel);
        let stopping = async {
            assert_eq!(told.recv().await, Some("asked"), "{way}");
            stop.send(true).unwrap();
        };
        let (exit, ()) = tokio::join!(running, stopping);
        assert_eq!(exit.unwrap().end, End::Cancelled);
        assert_eq!(told.recv().await, Some("left"), "{way}");
    }
}
