//! Row 40 where some hosts are allowed: what the broker lets out, and what it does not.

use std::collections::{HashMap, HashSet};
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};

use tenfold_sandbox::{About, Broker, Exit, Names, Recorded, Rules, Ruling, Tally, Terms, Wanted};
use tokio::sync::watch;

use super::open_scene;
use crate::setup::{Scene, sandbox, text};

/// Rules by a list, and what they were told.
#[derive(Default)]
struct List {
    hosts: HashMap<String, Terms>,
    addresses: HashSet<IpAddr>,
    said: Mutex<Vec<String>>,
    tally: Arc<Tally>,
}

impl Rules for List {
    fn decide(&self, wanted: &Wanted) -> Ruling {
        match self.hosts.get(&wanted.host) {
            Some(terms) => Ruling::Allow(terms.clone()),
            None => Ruling::Deny { why: "it is not on the list".to_owned() },
        }
    }

    fn address(&self, _: &Wanted, address: IpAddr) -> About {
        if self.addresses.contains(&address) { About::Named } else { About::Nothing }
    }

    fn record<'a>(&'a self, wanted: &'a Wanted, refused: Option<&'a str>) -> Recorded<'a> {
        let said = match refused {
            Some(why) => format!("{wanted} refused: {why}"),
            None => format!("{wanted} allowed"),
        };
        self.said.lock().unwrap().push(said);
        Box::pin(async { Ok(Arc::clone(&self.tally)) })
    }
}

/// A web server that says `reached` and counts whom it has heard.
struct Server {
    address: SocketAddr,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn start(answer: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let heard = Arc::<Mutex<Vec<String>>>::default();
        let told = Arc::clone(&heard);
        // It waits for connections until the tests' process ends.
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let mut head = Vec::new();
                let mut byte = [0; 1];
                while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) == 1 {
                    head.push(byte[0]);
                }
                told.lock().unwrap().push(String::from_utf8_lossy(&head).into_owned());
                let _ = stream.write_all(answer.as_bytes());
            }
        });
        Self { address, heard }
    }

    fn port(&self) -> u16 {
        self.address.port()
    }

    fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }
}

const REACHED: &str = "HTTP/1.1 200 OK\r\nContent-Length: 8\r\nConnection: close\r\n\r\nreached\n";
const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

fn names() -> Names {
    let table = ["good.test", "bad.test"].map(|name| (name.to_owned(), vec![LOOPBACK]));
    Names::Table(table.into())
}

async fn brokered(scene: &mut Scene, rules: &Arc<List>, command: &str) -> Exit {
    let job = scene.job(command);
    let broker = Broker::new(Arc::clone(rules) as Arc<dyn Rules>).with_names(names());
    let (_stay, cancel) = watch::channel(false);
    sandbox().run_brokered(&job, &broker, &cancel).await.unwrap()
}

fn list() -> List {
    let hosts = [("good.test".to_owned(), Terms::default())].into();
    List { hosts, addresses: [LOOPBACK].into(), ..List::default() }
}

#[tokio::test]
async fn r40_a_host_that_is_allowed_is_reached_and_no_other() {
    let mut scene = open_scene();
    let server = Server::start(REACHED);
    let rules = Arc::new(list());
    let port = server.port();
    let attack = format!(
        "curl -sS http://good.test:{port}/a; curl -sS http://bad.test:{port}/b; echo tried"
    );
    let exit = brokered(&mut scene, &rules, &attack).await;
    assert!(text(&exit).starts_with("reached\nTenfold: "), "{}", text(&exit));
    assert_eq!(server.heard().len(), 1);
    let said = rules.said.lock().unwrap().clone();
    let refused = format!("GET bad.test:{port} refused: it is not on the list");
    assert_eq!(said, [format!("GET good.test:{port} allowed"), refused]);
}
