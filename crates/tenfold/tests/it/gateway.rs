//! The gateway, wired: the real program sells a provider's model to programs with access tokens,
//! from the books that everything else is paid from.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::{Value, json};
use tenfold_test_support::http::{HttpModel, Reply};
use tenfold_test_support::{Fault, Rule, Script};

use crate::ground::{Ground, wait_for};
use crate::hosted::{KEY, PRICES, connect};
use crate::interruption::interrupt;
use crate::page::{Opened, SERVE};

/// A gateway at work.
pub(crate) struct Gateway {
    pub(crate) child: Child,
    // As long as it is held, what the program says has somewhere to go.
    _out: BufReader<ChildStdout>,
    address: String,
}

fn gateway(ground: &Ground) -> Gateway {
    let mut command = ground.command(&GATEWAY);
    command.env("FAR_KEY", KEY);
    begun(command)
}

/// What is typed to have a gateway, somewhere on this machine.
pub(crate) const GATEWAY: [&str; 3] = ["gateway", "--listen", "127.0.0.1:0"];

/// The gateway of a command, once it listens.
pub(crate) fn begun(mut command: Command) -> Gateway {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    let address = line.trim().strip_prefix("http://").unwrap_or_else(|| panic!("{line}"));
    Gateway { child, _out: out, address: address.to_owned() }
}

/// Status, head and body of an answer to a chat.
pub(crate) fn chat(gateway: &Gateway, token: &str, model: &str) -> (u16, String, Value) {
    chat_at(&gateway.address, token, model)
}

/// The status of what is read at a path.
pub(crate) fn get(gateway: &Gateway, token: &str, path: &str) -> u16 {
    let mut stream = TcpStream::connect(&gateway.address).unwrap();
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\
         connection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}

fn chat_at(address: &str, token: &str, model: &str) -> (u16, String, Value) {
    let messages = json!([{ "role": "user", "content": "hello" }]);
    post_at(address, token, &json!({ "model": model, "messages": messages, "max_tokens": 100 }))
}

fn post_at(address: &str, token: &str, body: &Value) -> (u16, String, Value) {
    let (status, head, body) = said_at(address, token, body);
    let start = body.find('{').unwrap_or(0);
    let end = body.rfind('}').map_or(0, |end| end + 1);
    let value = serde_json::from_str(&body[start..end]).unwrap_or_else(|_| panic!("{body}"));
    (status, head, value)
}

/// Status, head in small letters, and body, with the marks of its chunks.
fn said_at(address: &str, token: &str, body: &Value) -> (u16, String, String) {
    let body = body.to_string();
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, head.to_lowercase(), body.to_owned())
}

/// Status and events of the same, as a stream.
pub(crate) fn stream(gateway: &Gateway, token: &str, model: &str) -> (u16, Vec<Value>) {
    let messages = json!([{ "role": "user", "content": "hello" }]);
    let body = json!({ "model": model, "messages": messages, "max_tokens": 100, "stream": true });
    let (status, _, answer) = said_at(&gateway.address, token, &body);
    let data = answer.lines().filter_map(|line| line.strip_prefix("data: "));
    (status, data.filter_map(|data| serde_json::from_str(data).ok()).collect())
}

pub(crate) fn token(ground: &Ground, account: &str) -> String {
    let made = ground.tenfold(&["account", "token", account, "--json"]).json();
    made["secret"].as_str().unwrap().to_owned()
}

fn spent(ground: &Ground, account: &str) -> u64 {
    let shown = ground.tenfold(&["account", "show", account, "--json"]).json();
    shown["spent"]["nano_usd"].as_u64().unwrap()
}

#[test]
fn a_program_spends_from_its_account_and_not_past_it() {
    let ground = Ground::new();
    let server = HttpModel::reacting(|_| Reply::says("hello yourself")).demanding(KEY);
    connect(&ground, &server, "openai", &PRICES).expect(0, &["connected far"]);
    ground.tenfold(&["account", "add", "ada", "--limit", "0.05", "--per", "day"]).expect(0, &[]);
    ground.tenfold(&["account", "add", "bob", "--limit", "0.000001"]).expect(0, &[]);
    let (ada, bob) = (token(&ground, "ada"), token(&ground, "bob"));
    let at_work = gateway(&ground);

    let (status, head, said) = chat(&at_work, &ada, "far");
    assert_eq!(
        (status, &said["choices"][0]["message"]["content"]),
        (200, &json!("hello yourself"))
    );
    for told in ["x-tenfold-cost-usd", "x-tenfold-left-usd", "x-tenfold-renews"] {
        assert!(head.contains(told), "{head}");
    }
    let (status, _, said) = chat(&at_work, &bob, "far");
    assert_eq!((status, &said["error"]["code"]), (429, &json!("insufficient_quota")), "{said}");
    assert_eq!(chat(&at_work, "tf-made-up", "far").0, 401);
    assert_eq!(server.requests().len(), 1, "what can't be paid for is not sent");

    // What people decide meanwhile holds at once.
    ground.tenfold(&["account", "give", "bob", "1"]).expect(0, &[]);
    assert_eq!(chat(&at_work, &bob, "far").0, 200);
    ground.tenfold(&["account", "limit", "default", "--models", "other"]).expect(0, &[]);
    assert_eq!(chat(&at_work, &bob, "far").0, 403, "though money is leased for it");
    ground.tenfold(&["account", "limit", "default", "--any-model"]).expect(0, &[]);
    assert_eq!(chat(&at_work, &bob, "far").0, 200);
    ground.tenfold(&["account", "limit", "default", "0.000001"]).expect(0, &[]);
    let (status, _, said) = chat(&at_work, &bob, "far");
    assert_eq!((status, &said["error"]["code"]), (429, &json!("insufficient_quota")), "{said}");
    ground.tenfold(&["account", "revoke", "1"]).expect(0, &[]);
    assert_eq!(chat(&at_work, &ada, "far").0, 401);

    assert_eq!(interrupt(at_work.child).code, Some(130));
    // What was leased ahead is given back, and each has paid for its own.
    assert!((1..50_000_000).contains(&spent(&ground, "ada")), "{}", spent(&ground, "ada"));
    assert_eq!(spent(&ground, "default"), spent(&ground, "ada") + spent(&ground, "bob"));
    let by = ["ledger", "--by", "token", "--by", "model", "--json"];
    let ledger = ground.tenfold(&by).json();
    assert_eq!((&ledger[0]["token"], &ledger[0]["model"]), (&json!(1), &json!("far")), "{ledger}");
    assert_eq!(ledger[0]["spent"]["requests"], 1);
    ground.expect_all_ended();
}

#[test]
fn what_a_gateway_that_was_killed_had_leased_counts_as_spent() {
    let ground = Ground::new();
    let server = HttpModel::reacting(|_| Reply::says("hello")).demanding(KEY);
    connect(&ground, &server, "openai", &PRICES).expect(0, &[]);
    let secret = token(&ground, "default");
    let mut at_work = gateway(&ground);
    assert_eq!(chat(&at_work, &secret, "far").0, 200);
    at_work.child.kill().unwrap();
    at_work.child.wait().unwrap();
    let shown = ground.tenfold(&["account", "show", "default", "--json"]).json();
    let leased = shown["held"]["nano_usd"].as_u64().unwrap();
    assert!(leased > 0, "{shown}");
    // The next engine settles it.
    ground.tenfold(&["account", "add", "ada"]).expect(0, &[]);
    let shown = ground.tenfold(&["account", "show", "default", "--json"]).json();
    assert_eq!(shown["held"]["nano_usd"], 0);
    assert_eq!(shown["spent"]["nano_usd"], leased);
    let by = ["ledger", "--by", "model", "--by", "basis", "--json"];
    let ledger = ground.tenfold(&by).json();
    assert_eq!((&ledger[0]["model"], &ledger[0]["basis"]), (&json!("far"), &json!("bound")));
    ground.tenfold(&["ledger"]).expect(0, &["of it is a bound"]);
}

#[test]
fn the_embedded_model_answers_any_client() {
    let ground = Ground::new();
    let secret = token(&ground, "default");
    let at_work = gateway(&ground);
    let (status, head, said) = chat(&at_work, &secret, "tenfold/cheapest");
    assert_eq!(status, 200, "{head} {said}");
    assert!(said["choices"][0]["message"].is_object(), "{said}");
    assert_eq!(interrupt(at_work.child).code, Some(130));
    assert!(spent(&ground, "default") > 0);
}

#[test]
fn the_embedded_model_is_read_as_it_writes_and_says_if_it_breaks_off() {
    let ground = Ground::new();
    let rule = Rule { answers: vec!["one two three".to_owned()], ..Rule::default() };
    let script = Script {
        rules: vec![rule],
        faults: vec![Fault::Break { at: 2 }],
        record: Some(ground.path("asked.jsonl")),
        ..Script::default()
    };
    script.write(&ground.path("script.json")).unwrap();
    let secret = token(&ground, "default");
    let at_work = gateway(&ground);
    let (status, events) = stream(&at_work, &secret, "tenfold/cheapest");
    let words = events.iter().filter_map(|event| event["choices"][0]["delta"]["content"].as_str());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    assert_eq!((status, &*words.concat()), (200, "one two three"));
    assert!(words.len() > 1, "{events:?}");
    let (_, broken) = stream(&at_work, &secret, "tenfold/cheapest");
    let why = broken.last().unwrap()["error"]["message"].as_str().unwrap_or_default();
    assert!(why.contains("died within its answer"), "{broken:?}");
    assert_eq!(script.asked().unwrap().len(), 2, "what was half told is not asked again");
    assert_eq!(interrupt(at_work.child).code, Some(130));
}

#[test]
fn where_it_listens_is_kept_to_this_machine_unless_told() {
    let ground = Ground::new();
    let said = ["not encrypted", "--unencrypted"];
    ground.tenfold(&["gateway", "--listen", "0.0.0.0:0"]).expect(6, &said);
}

#[test]
fn what_a_provider_takes_holds_for_programs_as_for_tasks() {
    let ground = Ground::new();
    let server = HttpModel::reacting(|_| Reply::says("hello yourself")).demanding(KEY);
    let limits = PRICES.iter().copied().chain(["--requests-per-minute", "1"]).collect::<Vec<_>>();
    connect(&ground, &server, "openai", &limits).expect(0, &["connected far"]);
    ground.tenfold(&["account", "add", "ada"]).expect(0, &[]);
    let ada = token(&ground, "ada");
    let at_work = gateway(&ground);
    assert_eq!(chat(&at_work, &ada, "far").0, 200);
    let (status, head, said) = chat(&at_work, &ada, "far");
    assert_eq!((status, &said["error"]["code"]), (429, &json!("rate_limit_exceeded")), "{said}");
    let after = head.lines().find_map(|line| line.strip_prefix("retry-after: "));
    let after: u64 = after.unwrap_or_else(|| panic!("{head}")).parse().unwrap();
    assert!((31..=60).contains(&after), "{after} s");
    assert_eq!(server.requests().len(), 1);
    assert_eq!(interrupt(at_work.child).code, Some(130));
}

#[test]
fn the_page_is_open_while_programs_spend() {
    let ground = Ground::new();
    let server = HttpModel::reacting(|_| Reply::says("hello yourself")).demanding(KEY);
    connect(&ground, &server, "openai", &PRICES).expect(0, &[]);
    let secret = token(&ground, "default");
    let mut command = ground.command(&[&SERVE[..], &["--gateway", "127.0.0.1:0"]].concat());
    command.env("FAR_KEY", KEY);
    let (page, mut out) = Opened::of(command);
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    let address = line.trim().strip_prefix("http://").unwrap_or_else(|| panic!("{line}"));
    assert_eq!(chat_at(address, &secret, "far").0, 200);
    let owner = page.sign_in(&page.link);
    let (status, accounts) = owner.get("/accounts");
    assert_eq!(status, 200, "{accounts}");
    // By the page's API a token does what its scopes say.
    let task = json!({ "text": "median is wrong", "workspace": ground.repo(), "check": "true" });
    let scoped = |scope: &str| {
        let made = ["account", "token", "default", "--scope", scope, "--json"];
        let token = ground.tenfold(&made).json()["secret"].as_str().unwrap().to_owned();
        let looked = page.ask_by_token(&token, "/board", None);
        (looked, page.ask_by_token(&token, "/quote", Some(&task)))
    };
    assert_eq!(scoped("ask"), (200, 200));
    assert_eq!(scoped("look"), (200, 403));
    assert_eq!(scoped("metrics"), (401, 401));
    // Each has its own door.
    assert_eq!(page.ask("GET", "/v1/models", None, None).2["error"]["code"], Value::Null);
    assert_eq!(chat_at(address, "tf-made-up", "far").0, 401);
    page.end(&ground);
    assert!(spent(&ground, "default") > 0, "what was leased is given back, and the rest is billed");
    let said = ["the gateway at 0.0.0.0:0", "not encrypted"];
    ground.tenfold(&["serve", "--gateway", "0.0.0.0:0"]).expect(6, &said);
}

#[test]
fn what_changes_while_it_runs_is_offered_without_a_restart() {
    let ground = Ground::new();
    let server = HttpModel::reacting(|_| Reply::says("hello yourself")).demanding(KEY);
    let secret = token(&ground, "default");
    let at_work = gateway(&ground);
    assert_eq!(chat(&at_work, &secret, "far").0, 404);
    let offered = |name: &str| wait_for(name, || chat(&at_work, &secret, name).0 == 200);
    connect(&ground, &server, "openai", &[]).expect(0, &[]);
    wait_for("why it is held back", || {
        let (status, _, said) = chat(&at_work, &secret, "far");
        status == 404 && said.to_string().contains("tenfold models price far")
    });
    let price = ["models", "price", "far", "--price-prompt", "1", "--price-output", "2"];
    ground.tenfold(&price).expect(0, &[]);
    offered("far");
    std::fs::create_dir_all(ground.path("config")).unwrap();
    let names = ground.path("config/gateway.toml");
    std::fs::write(&names, "[aliases]\nquick = ['far']").unwrap();
    offered("quick");
    // And bounds of one's own.
    std::fs::write(&names, "[aliases]\nquick = ['far']\n[gateway]\noutput_max = 33").unwrap();
    let unbounded = json!({ "model": "quick", "messages": [] });
    wait_for("the bound", || {
        let (_, head, _) = post_at(&at_work.address, &secret, &unbounded);
        head.contains("x-tenfold-output-limit: 33\r\n")
    });
    // A name that stands for nothing costs nobody the others, or the prices.
    std::fs::write(&names, "[aliases]\nquick = ['far', 'nobody']").unwrap();
    ground.tenfold(&["models", "price", "far", "--free"]).expect(0, &[]);
    wait_for("the price", || {
        let (status, head, _) = chat(&at_work, &secret, "quick");
        let reserved = head.lines().find_map(|line| line.strip_prefix("x-tenfold-reserved-usd: "));
        status == 200 && reserved.is_some_and(|usd| usd.parse() == Ok(0.0))
    });
    assert_eq!(interrupt(at_work.child).code, Some(130));
}
