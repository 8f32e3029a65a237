//! Web hooks, to an address on this machine: what it is told, that it is told once more if it
//! does not answer well, and that it is told nothing when it is none any more.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::ground::{Ground, wait_for};
use crate::page::Opened;

/// Something that is told by web hooks. The first word it answers badly, and the others well.
struct Address {
    url: String,
    told: Arc<Mutex<Vec<String>>>,
}

impl Address {
    fn begin() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/told", listener.local_addr().unwrap());
        let told = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&told);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut reader = BufReader::new(stream.unwrap());
                let (mut line, mut length) = (String::new(), 0);
                while reader.read_line(&mut line).unwrap() > 2 {
                    let (name, value) = line.split_once(':').unwrap_or_default();
                    if name.eq_ignore_ascii_case("content-length") {
                        length = value.trim().parse().unwrap();
                    }
                    line.clear();
                }
                let mut body = vec![0; length];
                reader.read_exact(&mut body).unwrap();
                let mut kept = kept.lock().unwrap();
                kept.push(String::from_utf8(body).unwrap());
                let status = if kept.len() == 1 { "503 Busy" } else { "204 Well" };
                let answer =
                    format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
                reader.get_mut().write_all(answer.as_bytes()).unwrap();
            }
        });
        Self { url, told }
    }

    fn told(&self) -> Vec<Value> {
        let told = self.told.lock().unwrap();
        told.iter().map(|text| serde_json::from_str(text).unwrap()).collect()
    }
}

#[test]
fn an_address_is_told_that_somebody_is_needed_and_nothing_of_what_a_task_holds() {
    let ground = Ground::new();
    let page = Opened::at(&ground);
    let owner = page.sign_in(&page.link);
    let address = Address::begin();
    for (address, on) in [("file:///etc/passwd", "to-review"), ("https://", "to-review")] {
        let change = json!({ "want": "add", "address": address, "on": [on] });
        assert_eq!(owner.post("/hooks", change).0, 400, "{address}");
    }
    let nothing = json!({ "want": "add", "address": address.url, "on": [] });
    assert_eq!(owner.post("/hooks", nothing).0, 400);
    let change = json!({ "want": "add", "address": address.url, "on": ["to-review"] });
    let (status, hooks) = owner.post("/hooks", change);
    assert_eq!((status, &hooks[0]["last"]), (200, &Value::Null), "{hooks}");

    let task = owner.hand_out(&ground, json!({ "begin": true }));
    wait_for("its being told once more", || address.told().len() == 2);
    let told = address.told();
    assert_eq!(told[0], told[1], "it was not answered well");
    assert_eq!(told[0]["task"], json!(task));
    assert_eq!(told[0]["what"], json!("to-review"));
    assert_eq!(told[0]["page"], json!(format!("{}/tasks/{task}", page.address)));
    let names: Vec<&String> = told[0].as_object().unwrap().keys().collect();
    assert_eq!(names, ["task", "what", "at_ms", "page"], "nothing of what the task holds");
    wait_for("how it answered", || owner.get("/hooks").1[0]["last"]["status"] == json!(204));

    let (status, hooks) = owner.post("/hooks", json!({ "want": "remove", "hook": 1 }));
    assert_eq!((status, &hooks), (200, &json!([])));
    let other = Address::begin();
    let change = json!({ "want": "add", "address": other.url, "on": ["to-review"] });
    assert_eq!(owner.post("/hooks", change).0, 200);
    owner.hand_out(&ground, json!({ "begin": true }));
    wait_for("the other address being told", || !other.told().is_empty());
    assert_eq!(address.told().len(), 2, "who was removed is told nothing");
    wait_for("the end of the work", || owner.get("/session").1["at_work"] == json!(0));
    page.end(&ground);

    // A file that can't be read is said to be so, and stays as it was written.
    let file = ground.path("config").join("hooks.toml");
    std::fs::write(&file, "[[hook]]\naddress = 3").unwrap();
    let page = Opened::at(&ground);
    let owner = page.sign_in(&crate::page::link(&ground, "owner"));
    let change = json!({ "want": "add", "address": other.url, "on": ["to-review"] });
    let (status, said) = owner.post("/hooks", change);
    assert!(status == 400 && said.to_string().contains("hooks.toml"), "{status} {said}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "[[hook]]\naddress = 3");
    page.end(&ground);
}
