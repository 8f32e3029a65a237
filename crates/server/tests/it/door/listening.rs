//! The port itself, by real connections on loopback.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tenfold_server::door::{Terms, Tls, TlsError};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::House;

/// A server at a port that the system chose.
struct Served {
    port: u16,
    leave: Option<oneshot::Sender<()>>,
    serving: JoinHandle<()>,
}

impl Served {
    async fn on(terms: impl FnOnce(u16) -> Terms, tls: Option<Tls>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let house = House::on(terms(port));
        house.door.set_ready(true);
        let (leave, left) = oneshot::channel();
        let serving = tokio::spawn(async move {
            let left = async { left.await.unwrap_or_default() };
            house.door.serve(house.router.clone(), listener, tls, left).await;
        });
        Self { port, leave: Some(leave), serving }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(("127.0.0.1", self.port)).await.unwrap()
    }

    fn leave(&mut self) {
        self.leave.take().unwrap().send(()).unwrap();
    }

    fn get(&self, path: &str) -> String {
        let port = self.port;
        format!(
            "GET {path} HTTP/1.1\r\nhost: localhost:{port}\r\n\
             cookie: tenfold-{port}=ada; __Host-tenfold-{port}=ada\r\n\r\n"
        )
    }
}

/// Sends it, and reads until the answer ends so; all that came by then, if it does not.
async fn say(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), text: &str, end: &str) -> String {
    // Who was let go may find out here already.
    let _ = stream.write_all(text.as_bytes()).await;
    let mut answer = Vec::new();
    while !answer.ends_with(end.as_bytes()) {
        match stream.read_buf(&mut answer).await {
            Ok(count) if count > 0 => {}
            _ => break,
        }
    }
    String::from_utf8(answer).unwrap()
}

async fn is_closed(stream: &mut TcpStream) -> bool {
    matches!(stream.read(&mut [0; 16]).await, Ok(0) | Err(_))
}

#[tokio::test]
async fn one_address_has_so_many_connections_and_gets_them_back() {
    let served = Served::on(|port| Terms { connections_each: 2, ..Terms::at(port) }, None).await;
    let (mut one, mut two) = (served.connect().await, served.connect().await);
    let health = served.get("/healthz");
    assert!(say(&mut one, &health, "ok\n").await.contains("200 OK"));
    assert!(say(&mut two, &health, "ok\n").await.contains("200 OK"));
    assert!(is_closed(&mut served.connect().await).await);
    assert!(say(&mut one, &health, "ok\n").await.contains("200 OK"));
    drop(two);
    // When the server sees that it is gone, the next is taken.
    loop {
        let mut next = served.connect().await;
        if say(&mut next, &health, "ok\n").await.contains("200 OK") {
            break;
        }
    }
}

#[tokio::test]
async fn more_than_there_is_room_for_wait_until_one_is_closed() {
    let served = Served::on(|port| Terms { connections_max: 1, ..Terms::at(port) }, None).await;
    let mut one = served.connect().await;
    let health = served.get("/healthz");
    assert!(say(&mut one, &health, "ok\n").await.contains("200 OK"));
    let mut two = served.connect().await;
    let waits = tokio::time::timeout(Duration::from_millis(100), say(&mut two, &health, "ok\n"));
    assert!(waits.await.is_err());
    drop(one);
    assert!(say(&mut two, "", "ok\n").await.contains("200 OK"));
}

#[tokio::test]
async fn who_sends_no_whole_head_in_time_is_let_go() {
    let head_time = Duration::from_millis(50);
    let served = Served::on(|port| Terms { head_time, ..Terms::at(port) }, None).await;
    let mut slow = served.connect().await;
    slow.write_all(b"GET /healthz HTTP/1.1\r\nhost: localh").await.unwrap();
    let mut rest = Vec::new();
    let _ = slow.read_to_end(&mut rest).await;
    assert!(!String::from_utf8_lossy(&rest).contains("200 OK"));
    let mut idle = served.connect().await;
    assert!(say(&mut idle, &served.get("/healthz"), "ok\n").await.contains("200 OK"));
    assert!(is_closed(&mut idle).await, "nothing more is asked");
    // Who listens to events asks nothing more either, and stays.
    let mut events = served.connect().await;
    assert!(say(&mut events, &served.get("/api/v1/events"), "tick\n\n\r\n").await.contains("tick"));
}

#[tokio::test]
async fn a_head_has_a_size_and_so_many_lines() {
    let served = Served::on(Terms::at, None).await;
    let port = served.port;
    let head = format!("GET /healthz HTTP/1.1\r\nhost: localhost:{port}\r\n");
    let large = format!("{head}x: {}\r\n\r\n", "x".repeat(64 << 10));
    let many = format!("{head}{}\r\n", "x: x\r\n".repeat(100));
    for head in [large, many] {
        let answer = say(&mut served.connect().await, &head, "\r\n\r\n").await;
        assert!(!answer.contains("200 OK"), "{answer}");
    }
}

#[tokio::test]
async fn at_the_end_streams_end_at_once_and_answers_under_way_arrive() {
    let mut served = Served::on(Terms::at, None).await;
    let mut idle = served.connect().await;
    let ready = served.get("/readyz");
    assert!(say(&mut idle, &ready, "ok\n").await.contains("200 OK"));
    let mut events = served.connect().await;
    let stream = served.get("/api/v1/events");
    assert!(say(&mut events, &stream, "\r\n\r\n").await.contains("text/event-stream"));
    let mut slow = served.connect().await;
    slow.write_all(served.get("/api/v1/slow").as_bytes()).await.unwrap();
    let mut sign = served.connect().await;
    // By now the server has the slow one, since it answered a later connection.
    assert!(say(&mut sign, &ready, "ok\n").await.contains("200 OK"));
    tokio::time::sleep(Duration::from_millis(50)).await;

    served.leave();
    assert!(say(&mut events, "", "0\r\n\r\n").await.ends_with("0\r\n\r\n"), "it ends whole");
    assert!(is_closed(&mut idle).await);
    assert!(say(&mut slow, "", "slowly").await.contains("200 OK"));
    tokio::time::timeout(Duration::from_secs(10), served.serving).await.unwrap().unwrap();
    assert!(TcpStream::connect(("127.0.0.1", served.port)).await.is_err());
}

fn pem(what: &str, bytes: &[u8]) -> String {
    let text = STANDARD.encode(bytes);
    format!("-----BEGIN {what}-----\n{text}\n-----END {what}-----\n")
}

/// A certificate for localhost and its key, in files.
fn certificate(folder: &Path) -> (Tls, RootCertStore) {
    let roots = write_certificate(folder);
    (Tls::read(&folder.join("cert.pem"), &folder.join("key.pem")).unwrap(), roots)
}

/// The same, without reading them.
fn write_certificate(folder: &Path) -> RootCertStore {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    // Others are put in the place of those that are there, as programs do that renew them.
    for (name, text) in [
        ("cert.pem", pem("CERTIFICATE", made.cert.der())),
        ("key.pem", pem("PRIVATE KEY", &made.signing_key.serialize_der())),
    ] {
        std::fs::write(folder.join("new"), text).unwrap();
        std::fs::rename(folder.join("new"), folder.join(name)).unwrap();
    }
    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    roots
}

/// A connection of who trusts these.
async fn trusting(served: &Served, roots: RootCertStore) -> std::io::Result<TlsStream<TcpStream>> {
    let provider = Arc::new(tokio_rustls::rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, served.connect().await).await
}

#[tokio::test]
async fn with_a_certificate_tls_is_spoken_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let (tls, roots) = certificate(folder.path());
    let served = Served::on(
        |port| Terms { is_tls: true, is_reached_by_tls: true, ..Terms::at(port) },
        Some(tls),
    )
    .await;
    let mut stream = trusting(&served, roots).await.unwrap();
    let answer = say(&mut stream, &served.get("/api/v1/tasks"), "ada").await;
    assert!(answer.contains("200 OK"), "{answer}");

    let mut plain = served.connect().await;
    let answer = say(&mut plain, "GET / HTTP/1.1\r\nhost: localhost\r\n\r\n", "never").await;
    assert!(!answer.contains("HTTP"), "{answer}");
}

#[tokio::test]
async fn a_renewed_certificate_is_taken_up_and_a_broken_one_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let (tls, first) = certificate(folder.path());
    let told = tls.clone();
    let served = Served::on(
        |port| Terms { is_tls: true, is_reached_by_tls: true, ..Terms::at(port) },
        Some(tls),
    )
    .await;
    let tasks = served.get("/api/v1/tasks");
    let mut open = trusting(&served, first.clone()).await.unwrap();
    assert!(say(&mut open, &tasks, "ada").await.contains("200 OK"));

    let second = write_certificate(folder.path());
    let mut new = trusting(&served, second.clone()).await.unwrap();
    assert!(say(&mut new, &tasks, "ada").await.contains("200 OK"));
    assert!(trusting(&served, first).await.is_err(), "the old one is shown no more");
    assert!(say(&mut open, &tasks, "ada").await.contains("200 OK"), "who is there stays");
    assert_eq!(told.trouble(), None);

    // Half of the next one, as when a program is still writing it.
    let whole = std::fs::read(folder.path().join("cert.pem")).unwrap();
    std::fs::write(folder.path().join("cert.pem"), &whole[..whole.len() / 2]).unwrap();
    assert!(trusting(&served, second.clone()).await.is_ok());
    assert!(told.trouble().unwrap().contains("certificate can't be read"));
    std::fs::remove_file(folder.path().join("key.pem")).unwrap();
    assert!(trusting(&served, second).await.is_ok());

    let third = write_certificate(folder.path());
    assert!(trusting(&served, third).await.is_ok());
    assert_eq!(told.trouble(), None);
}

#[tokio::test]
async fn a_handshake_that_does_not_come_is_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let (tls, _) = certificate(folder.path());
    let head_time = Duration::from_millis(50);
    let terms =
        |port| Terms { is_tls: true, is_reached_by_tls: true, head_time, ..Terms::at(port) };
    let served = Served::on(terms, Some(tls)).await;
    assert!(is_closed(&mut served.connect().await).await);
}

#[test]
fn files_that_hold_no_certificate_or_no_key_are_named() {
    let folder = tempfile::tempdir().unwrap();
    certificate(folder.path());
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("empty.pem"), "").unwrap();
    let wrong = |cert: &str, key: &str| Tls::read(&at(cert), &at(key)).map(drop).unwrap_err();
    for (cert, key, what) in [
        ("none.pem", "key.pem", "certificate can't be read"),
        ("empty.pem", "key.pem", "there is none in it"),
        ("key.pem", "key.pem", "there is none in it"),
        ("cert.pem", "cert.pem", "private key can't be read"),
    ] {
        let error = wrong(cert, key);
        assert!(error.to_string().contains(what), "{error}");
    }
    let other = tempfile::tempdir().unwrap();
    certificate(other.path());
    let mixed = Tls::read(&at("cert.pem"), &other.path().join("key.pem")).map(drop);
    assert!(matches!(mixed, Err(TlsError::Unusable(_))));
}
