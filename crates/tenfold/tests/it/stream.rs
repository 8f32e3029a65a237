//! The stream of events of a browser: it goes on where it was cut off, without a gap, and says so
//! where too much happened meanwhile. And what programs ask that watch the server itself.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

use crate::ground::{Ground, wait_for};
use crate::page::{Browser, Opened};

/// An open stream.
struct Stream {
    reader: BufReader<TcpStream>,
}

/// What it says.
#[derive(Debug)]
struct Said {
    event: String,
    id: Option<u64>,
    data: Value,
}

impl Stream {
    /// Opens it, from behind a place if that is known.
    fn open(browser: &Browser<'_>, last: Option<u64>) -> Self {
        let address = browser.page.address.trim_start_matches("http://");
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let last = last.map(|last| format!("last-event-id: {last}\r\n")).unwrap_or_default();
        let cookie = &browser.cookie;
        let head = format!(
            "GET /api/v1/events HTTP/1.1\r\nhost: {address}\r\ncookie: {cookie}\r\n{last}\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut reader = BufReader::new(stream);
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        assert!(line.contains("200"), "{line}");
        Self { reader }
    }

    /// The next event.
    fn next(&mut self) -> Said {
        let mut said = Said { event: String::new(), id: None, data: Value::Null };
        loop {
            let mut line = String::new();
            assert!(self.reader.read_line(&mut line).unwrap() > 0, "the stream has ended");
            let line = line.trim_end();
            match line.split_once(": ") {
                Some(("event", name)) => said.event = name.to_owned(),
                Some(("id", id)) => said.id = id.parse().ok(),
                Some(("data", data)) => said.data = serde_json::from_str(data).unwrap(),
                // Heads and the lengths of pieces come between.
                _ if line.is_empty() && !said.event.is_empty() => return said,
                _ => {}
            }
        }
    }

    /// All of it until an event of this name that says this place or a later one.
    fn until(&mut self, name: &str, seq: u64) -> Vec<Said> {
        let mut all = Vec::new();
        loop {
            let said = self.next();
            let is_it = said.event == name && said.id.is_some_and(|id| id >= seq);
            all.push(said);
            if is_it {
                return all;
            }
        }
    }
}

fn seq(browser: &Browser<'_>) -> u64 {
    browser.get("/board?limit=0").1["seq"].as_u64().unwrap()
}

/// Which tasks are told of.
fn tasks(told: &[Said]) -> Vec<u64> {
    let tasks = told.iter().filter(|said| said.event == "task");
    tasks.map(|said| said.data["card"]["task"].as_u64().unwrap()).collect()
}

#[test]
fn who_was_away_is_told_all_that_was_missed_and_who_was_long_away_reads_anew() {
    let ground = Ground::new();
    let page = Opened::at(&ground);
    let owner = page.sign_in(&page.link);
    let mut stream = Stream::open(&owner, None);
    let first = stream.next();
    assert_eq!((first.event.as_str(), first.id), ("upto", Some(seq(&owner))), "{first:?}");
    let task = owner.hand_out(&ground, json!({}));
    let told = stream.until("upto", seq(&owner));
    assert_eq!(tasks(&told), [task], "as it happens");
    drop(stream);

    let left = seq(&owner);
    let missed = [owner.hand_out(&ground, json!({})), owner.hand_out(&ground, json!({}))];
    let told = Stream::open(&owner, Some(left)).until("upto", seq(&owner));
    assert_eq!(tasks(&told), missed, "what was missed, and nothing else");
    assert!(told.iter().all(|said| said.event != "reset"), "{told:?}");

    let many = "- [ ] one of many\n".repeat(900);
    let task = json!({ "workspace": ground.repo(), "check": "true" });
    let many = json!({ "format": "markdown", "text": many, "task": task });
    while seq(&owner) <= left + 5_000 {
        let (status, said) = owner.post("/tasks/many", many.clone());
        assert_eq!(status, 200, "{said}");
    }
    let first = Stream::open(&owner, Some(left)).next();
    assert_eq!((first.event.as_str(), first.id), ("reset", Some(seq(&owner))), "{first:?}");
    page.end(&ground);
}

#[test]
fn a_monitor_learns_that_it_is_ready_and_what_is_counted() {
    let ground = Ground::new();
    let page = Opened::at(&ground);
    for path in ["/healthz", "/readyz"] {
        assert_eq!(page.ask("GET", path, None, None).0, 200, "{path}, and nobody signs in");
    }
    assert_eq!(page.ask("GET", "/metrics", None, None).0, 401);
    let owner = page.sign_in(&page.link);
    let task = owner.hand_out(&ground, json!({ "begin": true }));
    owner.hand_out(&ground, json!({}));
    wait_for("its proposal", || owner.state(task) == "to-review");
    let _stream = Stream::open(&owner, None);
    let counted = || {
        let (status, _, text) = page.ask("GET", "/metrics", Some(&owner.cookie), None);
        assert_eq!(status, 200, "{text}");
        text.as_str().unwrap().to_owned()
    };
    wait_for("the browser being counted", || counted().contains("\ntenfold_browsers 1\n"));
    let text = counted();
    for line in [
        "tenfold_tasks{state=\"queued\"} 1",
        "tenfold_tasks{state=\"to review\"} 1",
        "tenfold_tasks{state=\"accepted\"} 0",
        &format!("tenfold_events_total {}", seq(&owner)),
    ] {
        assert!(text.lines().any(|own| own == line), "{line}: {text}");
    }
    // Each is of a kind that is told before it, and is a whole number.
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (name, number) = line.rsplit_once(' ').unwrap();
        let name = name.split('{').next().unwrap();
        assert!(text.contains(&format!("# TYPE {name} ")), "{line}");
        assert!(number.parse::<u64>().is_ok(), "{line}");
    }
    page.end(&ground);
}
