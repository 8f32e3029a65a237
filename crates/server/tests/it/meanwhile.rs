//! Who comes while the records are brought up to date is told how far that is, and the port is then
//! the page's.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};

use tenfold_desk::doctor::Machine;
use tenfold_server::{Meanwhile, PageTerms};
use tokio::sync::{oneshot, watch};

fn ask(at: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(at).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nhost: {at}\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn terms(at: SocketAddr) -> PageTerms {
    let machine =
        Machine { program: "tenfold".into(), features: vec![], allow_below_a: false, room: None };
    PageTerms {
        machine,
        address: format!("http://{at}"),
        hosts: vec![],
        proxies: vec![],
        tls: None,
        unencrypted: false,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_while_the_records_are_brought_up_to_date_is_told_how_far_it_is() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap();
    let (told, percent) = watch::channel(0);
    let (leave, left) = oneshot::channel::<()>();
    let meanwhile = Meanwhile::open(listener.try_clone().unwrap(), terms(at), percent).unwrap();
    let serving = tokio::spawn(meanwhile.serve(async { drop(left.await) }));
    for percent in [0, 40] {
        told.send_replace(percent);
        let asked = tokio::task::spawn_blocking(move || {
            ["/readyz", "/", "/tasks/3", "/api/v1/board", "/healthz"].map(|path| ask(at, path))
        });
        let [ready, page, task, board, healthy] = asked.await.unwrap();
        let far = format!("{percent} of 100 %");
        for late in [&ready, &page, &task, &board] {
            assert!(late.starts_with("HTTP/1.1 503 ") && late.contains(&far), "{late}");
            assert!(
                late.contains("retry-after: 1") && late.contains("default-src 'none'"),
                "{late}"
            );
        }
        assert!(page.contains("text/html") && page.contains("http-equiv=\"refresh\""), "{page}");
        assert!(board.contains("application/json") && board.contains("\"busy\""), "{board}");
        assert!(healthy.starts_with("HTTP/1.1 200 "), "{healthy}");
    }
    let other = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(at).unwrap();
        write!(stream, "GET / HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n")
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    });
    assert!(!other.await.unwrap().contains("of 100 %"), "the door is before it");
    leave.send(()).unwrap();
    serving.await.unwrap();
    // Whoever comes now waits for who listens next.
    let waiting = tokio::task::spawn_blocking(move || ask(at, "/"));
    listener.set_nonblocking(false).unwrap();
    let (mut stream, _) = listener.accept().unwrap();
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").unwrap();
    drop(stream);
    let _ = waiting.await;
}
