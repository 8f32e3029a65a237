//! Whatever is said to the broker, a host hears whole requests that were decided on, one on
//! each connection, and nothing behind them.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Mutex;
use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::select;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;

const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// Allows to read from `good.test`, and remembers how often it did.
#[derive(Default)]
struct Reading {
    allowed: Mutex<usize>,
}

impl Rules for Reading {
    fn decide(&self, wanted: &Peer) -> Ruling {
        match (wanted.host.as_str(), wanted.method.as_deref()) {
            ("good.test", Some("GET")) => Ruling::Allow(Terms::default()),
            _ => Ruling::Deny { why: "no".to_owned() },
        }
    }

    fn address(&self, _: &Peer, _: SocketAddr) -> About {
        About::Named
    }

    fn record<'a>(&'a self, _: &'a Peer, refused: Option<&'a str>) -> Recorded<'a> {
        *self.allowed.lock().unwrap() += usize::from(refused.is_none());
        Box::pin(async { Ok(Arc::default()) })
    }
}

/// All that a host hears, connection by connection.
async fn host(listener: TcpListener, heard: Arc<Mutex<Vec<Vec<u8>>>>) {
    loop {
        let Ok((mut stream, _)) = listener.accept().await else { return };
        let heard = Arc::clone(&heard);
        tokio::spawn(async move {
            let mut said = Vec::new();
            while !said.windows(4).any(|end| end == b"\r\n\r\n") {
                match stream.read_buf(&mut said).await {
                    Ok(1..) => {}
                    _ => break,
                }
            }
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await;
            let _ = stream.read_to_end(&mut said).await;
            heard.lock().unwrap().push(said);
        });
    }
}

/// What a host heard after it was told all this by way of a broker, and how often it was allowed.
async fn told(words: &str) -> (u16, Vec<Vec<u8>>, usize) {
    let server = TcpListener::bind((LOOPBACK, 0)).await.unwrap();
    let port = server.local_addr().unwrap().port();
    let heard = Arc::<Mutex<Vec<Vec<u8>>>>::default();
    let hosting = tokio::spawn(host(server, Arc::clone(&heard)));
    let rules = Arc::new(Reading::default());
    let names = HashMap::from([("good.test".to_owned(), vec![LOOPBACK])]);
    let soon = Millis(50);
    let limits = BrokerLimits { head_time: soon, idle: soon, ..BrokerLimits::default() };
    let broker = Broker::new(Arc::clone(&rules) as Arc<dyn Rules>)
        .with_names(Names::Table(names))
        .with_limits(limits);
    let listener = TcpListener::bind((LOOPBACK, 0)).await.unwrap();
    let at = listener.local_addr().unwrap();
    let serving = tokio::spawn(async move { broker.serve(listener).await });
    let mut stream = TcpStream::connect(at).await.unwrap();
    let words = words.replace("PORT", &port.to_string());
    let _ = stream.write_all(words.as_bytes()).await;
    // It closes when it has nothing to read for a while; some of these leave it waiting.
    let read = async { while let Ok(1..) = stream.read(&mut [0; 1_024]).await {} };
    let _ = tokio::time::timeout(Duration::from_millis(400), read).await;
    drop(stream);
    serving.abort();
    let _ = serving.await;
    let allowed = *rules.allowed.lock().unwrap();
    // Its connections are gone, so the host hears their ends.
    while heard.lock().unwrap().len() < allowed {
        tokio::task::yield_now().await;
    }
    hosting.abort();
    let heard = heard.lock().unwrap().clone();
    (port, heard, allowed)
}

/// What stands behind the head and the body of a request, if they are in order.
fn behind(said: &[u8]) -> Result<&[u8], String> {
    let end = said.windows(4).position(|end| end == b"\r\n\r\n").ok_or("no head")? + 4;
    let (head, mut rest) = said.split_at(end);
    let head = String::from_utf8_lossy(head).to_lowercase();
    let fields = |name: &str| -> Vec<String> {
        let fields = head.lines().skip(1).filter_map(|line| line.split_once(':'));
        fields.filter(|(known, _)| *known == name).map(|(_, v)| v.trim().to_owned()).collect()
    };
    match (fields("content-length").as_slice(), fields("transfer-encoding").as_slice()) {
        ([], []) => Ok(rest),
        ([length], []) => {
            let length: usize = length.parse().map_err(|_| format!("length {length}"))?;
            Ok(&rest[length.min(rest.len())..])
        }
        ([], [coding]) if coding == "chunked" => loop {
            let Some(end) = rest.windows(2).position(|end| end == b"\r\n") else { break Ok(b"") };
            let size = String::from_utf8_lossy(&rest[..end]).into_owned();
            let size = usize::from_str_radix(&size, 16).map_err(|_| format!("chunk {size}"))?;
            rest = &rest[(end + 2 + size + 2).min(rest.len())..];
            if size == 0 || rest.is_empty() {
                break Ok(rest);
            }
        },
        both => Err(format!("framed by {both:?}")),
    }
}

fn part() -> impl Strategy<Value = String> {
    let good = "http://good.test:PORT/";
    let odd = select(vec![
        "http://good.test:PORT/ HTTP/1.1\r\nX:",
        "http://bad.test:PORT/",
        "http://good.test:PORT@bad.test/",
        "/",
    ]);
    let target = prop_oneof![8 => Just(good), 1 => odd];
    let usual = select(vec!["", "Content-Length: 3\r\n", "Transfer-Encoding: chunked\r\n"]);
    let odd = select(vec![
        "Content-Length: 0\r\n",
        "Content-Length: +3\r\n",
        "Content-Length: 3, 3\r\n",
        "Content-Length: 90\r\n",
        "Content-Length:\r\n 3\r\n",
        "Transfer-Encoding: identity, chunked\r\n",
        "Transfer-Encoding: chunked, x\r\n",
        "Transfer-Encoding : chunked\r\n",
        "Transfer-Encoding: xchunked\r\n",
        "Connection: Content-Length\r\n",
        "Connection: Transfer-Encoding\r\n",
        "Expect: 100-continue\r\n",
        "Host: bad.test\r\n",
        "X: y\n",
    ]);
    let field = prop_oneof![3 => usual, 1 => odd];
    let fields = prop::collection::vec(field, 0..3).prop_map(|fields| fields.concat());
    let body = select(vec![
        "",
        "",
        "abc",
        "3\r\nabc\r\n0\r\n\r\n",
        "0\r\n\r\n",
        "0\r\nX: y\r\n\r\n",
        "3;x=y\r\nabc\r\n0\r\n\r\n",
        "\r\n",
    ]);
    (select(vec!["GET", "GET", "POST", "CONNECT"]), target, fields, body).prop_map(
        |(method, target, fields, body)| {
            format!("{method} {target} HTTP/1.1\r\n{fields}\r\n{body}")
        },
    )
}

/// Says of one address that it may be reached, and nothing of others.
struct Only(IpAddr);

impl Rules for Only {
    fn decide(&self, _: &Peer) -> Ruling {
        Ruling::Allow(Terms::default())
    }

    fn address(&self, _: &Peer, address: SocketAddr) -> About {
        if address.ip() == self.0 { About::Named } else { About::Nothing }
    }

    fn record<'a>(&'a self, _: &'a Peer, _: Option<&'a str>) -> Recorded<'a> {
        Box::pin(async { Ok(Arc::default()) })
    }
}

#[tokio::test]
async fn only_an_address_that_was_looked_at_is_connected_to() {
    let other = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));
    let first = TcpListener::bind((LOOPBACK, 0)).await.unwrap();
    let port = first.local_addr().unwrap().port();
    let second = TcpListener::bind((other, port)).await.unwrap();
    let names = HashMap::from([("a.test".to_owned(), vec![LOOPBACK, other])]);
    let wanted = Peer { host: "a.test".to_owned(), port, method: None };
    for (named, listener) in [(other, &second), (LOOPBACK, &first)] {
        let broker = Broker::new(Arc::new(Only(named))).with_names(Names::Table(names.clone()));
        let way = broker.reach(&wanted).await;
        assert!(way.is_ok());
        listener.accept().await.unwrap();
    }
    let nobody = Broker::new(Arc::new(Only([192, 0, 2, 1].into())));
    let refused = nobody.with_names(Names::Table(names)).reach(&wanted).await.err().unwrap();
    assert_eq!(refused.why, "its address is 127.0.0.2: it is loopback, and has to be named itself");
}

#[test]
fn the_framing_of_a_request_is_seen() {
    assert_eq!(behind(b"GET / HTTP/1.1\r\n\r\nabc"), Ok(&b"abc"[..]));
    assert_eq!(behind(b"GET / HTTP/1.1\r\nContent-Length: 2\r\n\r\nabc"), Ok(&b"c"[..]));
    let chunked = b"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\nc";
    assert_eq!(behind(chunked), Ok(&b"c"[..]));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_host_hears_whole_requests_that_were_allowed(
        parts in prop::collection::vec(part(), 1..4),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (port, heard, allowed) = runtime.block_on(told(&parts.concat()));
        prop_assert_eq!(heard.len(), allowed);
        for said in heard.iter().filter(|said| !said.is_empty()) {
            let text = String::from_utf8_lossy(said);
            prop_assert!(text.starts_with("GET / HTTP/1.1\r\n"), "{}", text);
            prop_assert_eq!(behind(said), Ok(&b""[..]), "{}", text);
            let host = format!("\r\nhost: good.test:{port}\r\n");
            // A body may say what it likes.
            let head = text.split("\r\n\r\n").next().unwrap_or_default().to_lowercase() + "\r\n";
            prop_assert_eq!(head.matches("\r\nhost:").count(), 1, "{}", text);
            prop_assert!(head.contains(&host), "{}", text);
        }
    }
}
