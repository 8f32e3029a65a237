//! Rules by a list, servers that say `reached`, and a run with a broker that knows both.

use std::collections::{HashMap, HashSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use tenfold_domain::Peer;
use tenfold_sandbox::{About, Broker, Exit, Names, Recorded, Rules, Ruling, Tally, Terms, Trust};
use tokio::sync::{mpsc, watch};

use crate::setup::{Scene, sandbox};

pub(super) const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
pub(super) const REACHED: &str =
    "HTTP/1.1 200 OK\r\nContent-Length: 8\r\nConnection: close\r\n\r\nreached\n";

/// Rules by a list, and what they were told.
#[derive(Default)]
pub(super) struct List {
    hosts: HashMap<String, Terms>,
    /// Hosts whose addresses may be any.
    anywhere: HashSet<String>,
    /// The methods that are allowed, if not all.
    methods: Option<Vec<&'static str>>,
    said: Mutex<Vec<String>>,
    pub(super) tally: Arc<Tally>,
}

impl List {
    /// `good.test`, wherever it is.
    pub(super) fn good() -> Self {
        Self::default().allow("good.test", Terms::default()).anywhere("good.test")
    }

    pub(super) fn allow(mut self, host: &str, terms: Terms) -> Self {
        self.hosts.insert(host.to_owned(), terms);
        self
    }

    pub(super) fn anywhere(mut self, host: &str) -> Self {
        self.anywhere.insert(host.to_owned());
        self
    }

    pub(super) fn terms(&self) -> Vec<Terms> {
        self.hosts.values().cloned().collect()
    }

    pub(super) fn methods(self, methods: &[&'static str]) -> Self {
        Self { methods: Some(methods.to_vec()), ..self }
    }

    pub(super) fn said(&self) -> Vec<String> {
        self.said.lock().unwrap().clone()
    }
}

impl Rules for List {
    fn decide(&self, wanted: &Peer) -> Ruling {
        let is_right = |method: &&str| wanted.method.as_deref() == Some(*method);
        let by_method = self.methods.as_ref().is_none_or(|methods| methods.iter().any(is_right));
        match self.hosts.get(&wanted.host) {
            Some(terms) if by_method => Ruling::Allow(terms.clone()),
            _ => Ruling::Deny { why: "it is not on the list".to_owned() },
        }
    }

    fn address(&self, wanted: &Peer, _: SocketAddr) -> About {
        if self.anywhere.contains(&wanted.host) { About::Named } else { About::Nothing }
    }

    fn record<'a>(&'a self, wanted: &'a Peer, refused: Option<&'a str>) -> Recorded<'a> {
        let said = match refused {
            Some(why) => format!("{wanted} refused: {why}"),
            None => format!("{wanted} allowed"),
        };
        self.said.lock().unwrap().push(said);
        Box::pin(async { Ok(Arc::clone(&self.tally)) })
    }
}

/// A server on loopback, which hears one request a connection. It ends with the tests.
pub(super) struct Server {
    pub(super) address: SocketAddr,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Server {
    pub(super) fn start(answer: impl Into<String>) -> Self {
        let answer = answer.into();
        Self::serving(move |stream, _| drop(stream.write_all(answer.as_bytes())))
    }

    /// One that answers as it is told, after the head of a request.
    pub(super) fn serving(mut answer: impl FnMut(&mut TcpStream, &str) + Send + 'static) -> Self {
        let listener = TcpListener::bind((LOOPBACK, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let heard = Arc::<Mutex<Vec<String>>>::default();
        let told = Arc::clone(&heard);
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let head = head(&stream);
                told.lock().unwrap().push(head.clone());
                answer(&mut stream, &head);
            }
        });
        Self { address, heard }
    }

    pub(super) fn port(&self) -> u16 {
        self.address.port()
    }

    /// The heads of all requests so far.
    pub(super) fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }
}

fn head(stream: &TcpStream) -> String {
    let mut head = String::new();
    for line in BufReader::new(stream).lines().map_while(Result::ok) {
        if line.is_empty() {
            break;
        }
        head += &(line.to_lowercase() + "\n");
    }
    head
}

/// A server that never ends its answer, and tells when it was asked and when the other side
/// has hung up.
pub(super) fn server_that_waits() -> (Server, mpsc::UnboundedReceiver<&'static str>) {
    let (tell, told) = mpsc::unbounded_channel();
    let server = Server::serving(move |stream, _| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nhere\n");
        let _ = tell.send("asked");
        let _ = stream.read_to_end(&mut Vec::new());
        let _ = tell.send("left");
    });
    (server, told)
}

/// A broker to whom all names in these tests but one mean this machine.
pub(super) fn broker(rules: &Arc<List>) -> Broker {
    let names = ["good.test", "bad.test", "inner.test"];
    let here = names.map(|name| (name.to_owned(), vec![LOOPBACK]));
    let mut table = HashMap::from(here);
    table.insert("metadata.test".to_owned(), vec!["169.254.169.254".parse().unwrap()]);
    Broker::new(Arc::clone(rules) as Arc<dyn Rules>)
        .with_names(Names::Table(table))
        .with_trust(Trust::Only(Vec::new()))
}

pub(super) async fn run(scene: &mut Scene, rules: &Arc<List>, command: &str) -> Exit {
    run_by(scene, &broker(rules), command).await
}

pub(super) async fn run_by(scene: &mut Scene, broker: &Broker, command: &str) -> Exit {
    let job = scene.job(&format!("{command}\necho tried"));
    let (_stay, cancel) = watch::channel(false);
    sandbox().run_brokered(&job, broker, &cancel).await.unwrap()
}
