//! A model's file is got through the page's server: how far it is is told, it is left off and gone
//! on with, what can't be got says why, and it is removed again.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::ground::{Ground, wait_for};
use crate::page::{Browser, Opened};

/// Who has the file: of it they send the first half only, until they are let.
fn source(file: Vec<u8>) -> (String, Arc<AtomicBool>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/small.gguf", listener.local_addr().unwrap());
    let is_let = Arc::new(AtomicBool::new(false));
    let may = Arc::clone(&is_let);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut reader = BufReader::new(stream.unwrap());
            let (mut line, mut from) = (String::new(), 0);
            while reader.read_line(&mut line).unwrap() > 2 {
                let range = line.to_lowercase();
                if let Some(range) = range.strip_prefix("range: bytes=") {
                    from = range.trim().trim_end_matches('-').parse().unwrap();
                }
                line.clear();
            }
            let rest = &file[from..];
            let (length, last, all) = (rest.len(), file.len() - 1, file.len());
            let head = match from {
                0 => format!("200 OK\r\ncontent-length: {length}"),
                _ => format!(
                    "206 Partial\r\ncontent-length: {length}\r\n\
                     content-range: bytes {from}-{last}/{all}"
                ),
            };
            let stream = reader.get_mut();
            stream.write_all(format!("HTTP/1.1 {head}\r\n\r\n").as_bytes()).unwrap();
            let sent = if may.load(Ordering::Relaxed) { rest } else { &rest[..length / 2] };
            stream.write_all(sent).unwrap();
            if sent.len() < length {
                // Whoever waits for the rest goes at some time.
                let _ = reader.read_line(&mut line);
            }
        }
    });
    (url, is_let)
}

fn present(owner: &Browser<'_>, name: &str) -> Value {
    let (_, models) = owner.get("/models");
    let models = models.as_array().unwrap().clone();
    models
        .into_iter()
        .find(|one| one["name"] == name)
        .map_or(Value::Null, |it| it["present"].clone())
}

#[test]
fn a_file_is_got_left_off_gone_on_with_and_removed() {
    let ground = Ground::new();
    let file = vec![7_u8; 4_000_000];
    let hash =
        Sha256::digest(&file).iter().fold(String::new(), |hash, byte| format!("{hash}{byte:02x}"));
    let (url, is_let) = source(file);
    let model = |name: &str, sha256: &str, url: &str| {
        format!(
            "[[model]]\nname = \"{name}\"\nfile = \"{name}.gguf\"\nbytes = 4_000_000\n\
             sha256 = \"{sha256}\"\n[[model.source]]\nurl = \"{url}\"\n"
        )
    };
    std::fs::create_dir_all(ground.path("config")).unwrap();
    let far = model("far", &"0".repeat(64), "http://127.0.0.1:9/x.gguf");
    let catalogue = [model("small", &hash, &url), far].concat();
    std::fs::write(ground.path("config").join("models.toml"), catalogue).unwrap();
    let page = Opened::at(&ground);
    let owner = page.sign_in(&page.link);
    let delete = |path: &str| {
        let path = format!("/api/v1{path}");
        let (status, _, said) = page.ask("DELETE", &path, Some(&owner.cookie), Some(&json!({})));
        (status, said)
    };
    assert_eq!(owner.post("/models/nowhere/pull", json!({})).0, 404);
    assert_eq!(present(&owner, "small"), json!(false));

    assert_eq!(owner.post("/models/small/pull", json!({})).0, 200);
    let pulls = || owner.get("/pulls").1;
    wait_for("half of it", || pulls()[0]["done"] == json!(2_000_000));
    assert_eq!(pulls()[0]["bytes"], json!(4_000_000));
    assert_eq!(owner.post("/models/small/pull", json!({})).0, 200, "it is under way");
    assert_eq!(delete("/models/small/pull").0, 200);
    assert_eq!(pulls(), json!([]));
    is_let.store(true, Ordering::Relaxed);
    wait_for("the file", || {
        // Who was left off lets go of the file in a moment.
        assert_eq!(owner.post("/models/small/pull", json!({})).0, 200);
        present(&owner, "small") == json!(true)
    });
    wait_for("its end", || pulls() == json!([]));

    assert_eq!(owner.post("/models/far/pull", json!({})).0, 200);
    wait_for("why not", || pulls()[0]["problem"].is_string());
    assert_eq!(delete("/models/far/pull").0, 200, "it is forgotten");
    assert_eq!(pulls(), json!([]));

    let (status, removed) = delete("/models/small");
    assert_eq!((status, &removed["forgotten"]), (200, &json!(true)), "{removed}");
    assert_eq!(removed["bytes"], json!(4_000_000));
    assert_eq!(present(&owner, "small"), Value::Null);
    // One that is under way keeps nobody from leaving.
    is_let.store(false, Ordering::Relaxed);
    assert_eq!(owner.post("/models/far/pull", json!({})).0, 200);
    page.end(&ground);
}
