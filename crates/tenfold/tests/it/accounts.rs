//! Accounts, wired: what they may not spend parks a task, and more money wakes it.

use std::process::Stdio;
use std::time::SystemTime;

use serde_json::{Value, json};
use tenfold_domain::{AccountId, Fact, LedgerEvent, Quantity, Timestamp};
use tenfold_store::Store;
use tenfold_test_support::http::{Gate, HttpModel, Reply, Used};

use crate::gateway::{GATEWAY, begun, chat, get, token};
use crate::ground::{CHECK, Ground, Said, wait_for};
use crate::hosted::{KEY, PRICES, connect};
use crate::interruption::interrupt;

/// Not enough for a single question.
const LITTLE: &str = "0.000001";

fn state(ground: &Ground) -> Value {
    ground.tenfold(&["list", "--json"]).json()[0]["state"].clone()
}

/// What an account has spent: money, tokens, requests.
fn spent(ground: &Ground, account: &str) -> Value {
    ground.tenfold(&["account", "show", account, "--json"]).json()["spent"].clone()
}

fn nano_usd(ground: &Ground, account: &str, what: &str) -> u64 {
    let shown = ground.tenfold(&["account", "show", account, "--json"]).json();
    shown[what]["nano_usd"].as_u64().unwrap_or_else(|| panic!("{shown}"))
}

#[test]
fn a_task_waits_for_its_account_and_goes_on_once_there_is_money() {
    let ground = Ground::new();
    ground.tenfold(&["account", "add", "lab", "--kind", "team"]).expect(0, &["lab (team, #2)"]);
    let ada = ["account", "add", "ada", "--under", "lab", "--limit", LITTLE, "--per", "month"];
    ground.tenfold(&ada).expect(0, &["lab/ada (person, #3)", "$0.000001 a month"]);
    let run = ["run", "median is wrong", "--check", CHECK, "--account", "ada"];
    let said = ["Out of money: account 'ada' may use $0.000001 a month", "does not cover"];
    ground.tenfold(&run).expect(1, &said);
    assert_eq!(state(&ground), "parked");
    ground.tenfold(&["log", "1"]).expect(0, &["parked until its account has $0.000"]);

    // It is not begun in vain, and what is too little wakes nobody.
    let start = ground.tenfold(&["start", "--json"]).json();
    assert_eq!((&start["begun"], &start["end"]), (&json!(0), &json!("out-of-money")), "{start}");
    ground
        .tenfold(&["account", "give", "ada", LITTLE])
        .expect(0, &["left, for when limits here are used up"]);
    assert_eq!(state(&ground), "parked");

    ground.tenfold(&["account", "give", "ada", "5"]).expect(0, &[]);
    assert_eq!(state(&ground), "queued");
    let start = ground.tenfold(&["start", "--json"]).json();
    assert_eq!((&start["verified"], &start["end"]), (&json!(1), &json!("done")), "{start}");
    assert_eq!(state(&ground), "to-review");

    // It is in all accounts above, and in none of the others.
    // The scripted model may answer in less time than its electricity is counted by.
    let paid = spent(&ground, "ada");
    assert!(paid["tokens"].as_u64() > Some(0) && paid["requests"].as_u64() > Some(0), "{paid}");
    for account in ["lab", "default"] {
        assert_eq!(spent(&ground, account), paid);
    }
    let by = ["ledger", "--by", "account", "--by", "task", "--json"];
    let ledger = ground.tenfold(&by).json();
    let row = &ledger[0];
    assert_eq!((&row["account"], &row["task"]), (&json!("lab/ada"), &json!(1)), "{ledger}");
    assert_eq!(row["spent"], paid);
    let csv = ground.tenfold(&["ledger", "--by", "model", "--csv"]).out;
    assert!(
        csv.starts_with("model,nano_usd,tokens,requests,energy_mj,energy_is_estimate\n"),
        "{csv}"
    );
    let history = ["opened: person 'ada'", "may use $0.000001 a month", "$5.00 given to lab/ada"];
    ground.tenfold(&["account", "history", "ada"]).expect(0, &history);
    ground.tenfold(&["store", "check"]).expect(0, &[]);
}

#[test]
fn a_daemon_goes_on_by_itself_with_what_there_is_money_for() {
    let ground = Ground::new();
    ground.tenfold(&["account", "limit", "default", LITTLE, "--per", "week"]).expect(0, &[]);
    let mut daemon = ground.command(&["daemon"]);
    let daemon = daemon.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    wait_for("the engine", || ground.path("data").join("engine.sock").exists());
    ground.tenfold(&["add", "median is wrong", "--check", CHECK]).expect(0, &[]);
    wait_for("it to be parked", || state(&ground) == "parked");
    ground.tenfold(&["account", "limit", "default", "5", "--per", "week"]).expect(0, &[]);
    wait_for("its proposal", || state(&ground) == "to-review");
    assert_eq!(interrupt(daemon).code, Some(130));
    ground.expect_all_ended();
}

#[test]
fn an_account_asks_only_the_models_that_it_may() {
    let ground = Ground::new();
    let add = ["account", "add", "ada", "--models", "other-*,third"];
    ground.tenfold(&add).expect(0, &["other-*, third"]);
    let run = ["run", "median is wrong", "--check", CHECK, "--account", "ada"];
    ground.tenfold(&run).expect(9, &["account 'ada' may not ask the model"]);
    ground.tenfold(&["account", "limit", "ada", "--any-model"]).expect(0, &[]);
    ground.tenfold(&["continue", "1"]).expect(0, &["to review"]);
}

#[test]
fn what_makes_no_sense_is_refused_and_changes_nothing() {
    let ground = Ground::new();
    ground.tenfold(&["account", "add", "ada"]).expect(0, &[]);
    for (words, code, said) in [
        (&["add", "ada"][..], 6, "there is an account of that name"),
        (&["add", "a/b"], 6, "a name has no slash"),
        (&["add", "x", "--under", "nobody"], 4, "there is no account 'nobody'"),
        (&["add", "x", "--limit", "5 apples"], 2, "'5 apples' is not an amount"),
        (&["limit", "ada", "5", "--carry"], 2, "--per"),
        (&["limit", "ada", "--none"], 2, "has no such limit"),
        (&["give", "ada", "-3"], 2, "-3"),
        (&["give", "ada", "1", "--from", "ada"], 6, "can't give to itself"),
        (&["show", "bob"], 4, "`tenfold account add` opens one"),
        (&["revoke", "7"], 6, "there is no access token 7"),
    ] {
        ground.tenfold(&[&["account"], words].concat()).expect(code, &[said]);
    }
    let run = ["run", "x", "--check", CHECK, "--account", "bob"];
    ground.tenfold(&run).expect(4, &["there is no account 'bob'"]);
    let listed = ground.tenfold(&["account", "list", "--json"]).json();
    assert_eq!(listed.as_array().unwrap().len(), 2, "{listed}");
    let one = ["account", "list", "--json", "--limit", "1"];
    assert_eq!(ground.tenfold(&one).json(), json!([listed[0]]));
    ground.tenfold(&one).expect(0, &["1 more accounts", "--after '#1'"]);
    let behind = ground.tenfold(&[&one[..], &["--after", "#1"]].concat()).json();
    assert_eq!(behind, json!([listed[1]]));
    ground.tenfold(&["ledger", "--account", "bob"]).expect(4, &["there is no account 'bob'"]);
    assert!(ground.tenfold(&["account", "history", "ada"]).out.lines().count() == 1);
}

#[test]
fn a_clock_that_was_ahead_is_put_right_by_who_says_so() {
    let ground = Ground::new();
    ground.tenfold(&["account", "add", "ada", "--limit", "5", "--per", "day"]).expect(0, &[]);
    // As if something had been decided while the clock was years ahead.
    let given = LedgerEvent::Given {
        from: None,
        to: AccountId::DEFAULT,
        amount: Quantity::Requests(1),
        at: Timestamp(40 * 365 * 86_400_000 + Timestamp::from(SystemTime::now()).0),
        gifts: Vec::new(),
        by: String::new(),
    };
    let store = Store::open(&ground.path("data/tenfold.db")).unwrap();
    store.append(vec![Fact::Ledger { event: given }]).unwrap();
    drop(store);
    let doctor = || ground.tenfold(&["doctor"]).out;
    let said = "`tenfold account put-clock-right`";
    assert!(doctor().contains(said), "{}", doctor());
    let renews = || {
        let shown = ground.tenfold(&["account", "show", "ada", "--json"]).json();
        shown["allowances"][0]["renews_at_ms"].as_u64().unwrap()
    };
    let ahead = renews();
    let put = ["account", "put-clock-right"];
    ground.tenfold(&put).expect(0, &["go by this machine's clock again"]);
    assert!(renews() + 39 * 365 * 86_400_000 < ahead, "it begins anew in its time again");
    assert!(!doctor().contains(said), "{}", doctor());
    ground.tenfold(&put).expect(6, &["there is no clock to put right"]);
}

#[test]
fn an_access_token_is_said_once_and_is_nowhere_in_the_records() {
    let ground = Ground::new();
    let made = ["account", "token", "default", "--label", "ci", "--expires", "30d", "--json"];
    let secret = ground.tenfold(&made).json()["secret"].as_str().unwrap().to_owned();
    assert!(secret.starts_with("tf-") && secret.len() == 67, "{secret}");
    for file in std::fs::read_dir(ground.path("data")).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap_or_default();
        let is_there = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert!(!is_there);
    }
    ground.tenfold(&["account", "tokens"]).expect(0, &["until", "ci"]);
    ground.tenfold(&["account", "revoke", "1"]).expect(0, &["holds no longer"]);
    ground.tenfold(&["account", "tokens"]).expect(0, &["revoked"]);
}

#[test]
fn an_access_token_is_for_what_was_said_and_no_more() {
    let ground = Ground::new();
    ground.tenfold(&["account", "add", "ada"]).expect(0, &[]);
    let made = |args: &[&str]| {
        let made = ground.tenfold(&[&["account", "token"], args, &["--json"]].concat()).json();
        made["secret"].as_str().unwrap().to_owned()
    };
    let usual = made(&["default"]);
    let counts = made(&["default", "--scope", "metrics"]);
    let looks = made(&["ada", "--scope", "look"]);
    let metrics = ["account", "token", "ada", "--scope", "ask,metrics"];
    ground.tenfold(&metrics).expect(6, &["metrics are of all accounts"]);
    ground.tenfold(&["account", "tokens"]).expect(0, &["ask, look", "metrics"]);
    let listed = ground.tenfold(&["account", "tokens", "--json"]).json();
    assert_eq!(listed[2]["scopes"], json!(["look"]), "{listed}");

    let at_work = begun(ground.command(&GATEWAY));
    let answers = |secret: &str| {
        let read = |path| get(&at_work, secret, path);
        (read("/metrics"), read("/v1/models"), chat(&at_work, secret, "tenfold/cheapest").0)
    };
    assert_eq!(answers(&usual), (403, 200, 200));
    assert_eq!(answers(&counts), (200, 403, 403));
    assert_eq!(answers(&looks), (403, 200, 403));
    assert_eq!(interrupt(at_work.child).code, Some(130));
}

#[test]
fn a_bill_above_what_was_set_aside_cuts_off_all_that_the_account_pays_for() {
    let ground = Ground::new();
    let (never, soon) = (Gate::new(), Gate::new());
    let gates = (never.clone(), soon.clone());
    let lies = Used { prompt: 100_000_000, ..Used::default() };
    let server = HttpModel::reacting(move |request| {
        let looks = Reply::calls([("list", json!({ "path": "." }))]);
        match request.text().contains("median is off") {
            true => looks.through(&gates.0),
            false => looks.using(lies).through(&gates.1),
        }
    });
    connect(&ground, &server, "openai", &PRICES).expect(0, &[]);
    ground.tenfold(&["account", "add", "ada", "--limit", "20"]).expect(0, &[]);
    for text in ["median is off", "median is wrong"] {
        let add = ["add", text, "--check", CHECK, "--model", "far", "--account", "ada"];
        let mut add = ground.command(&[&add[..], &["--budget", "5"]].concat());
        Said::of(add.env("FAR_KEY", KEY).output().unwrap()).expect(0, &[]);
    }
    let mut start = ground.command(&["start", "--jobs", "2", "--json"]);
    start.env("FAR_KEY", KEY).stdout(Stdio::piped()).stderr(Stdio::piped());
    let start = start.spawn().unwrap();
    wait_for("both to be asked", || server.requests().len() == 2);
    soon.open();
    let said = Said::of(start.wait_with_output().unwrap());
    assert_eq!(said.json()["end"], "out-of-money", "{}{}", said.out, said.err);
    // The one was never answered, and ended all the same.
    for task in ["1", "2"] {
        let shown = ground.tenfold(&["show", task, "--json"]).json();
        assert_eq!((&shown["state"], &shown["outcome"]), (&json!("parked"), &json!("limit-money")));
    }
    ground.tenfold(&["log", "1"]).expect(0, &["A bill was higher than what was set aside"]);
    assert!(nano_usd(&ground, "ada", "spent") > 300_000_000_000, "it is booked in full");
    never.open();
}

#[test]
fn a_programs_bill_above_what_was_leased_cuts_off_the_tasks_too() {
    let ground = Ground::new();
    let never = Gate::new();
    let gate = never.clone();
    let more = Used { prompt: 1_000_000, ..Used::default() };
    let server = HttpModel::reacting(move |request| match request.text().contains("median") {
        true => Reply::says("late").through(&gate),
        false => Reply::says("dear").using(more),
    });
    connect(&ground, &server, "openai", &PRICES).expect(0, &[]);
    ground.tenfold(&["account", "add", "ada", "--limit", "2"]).expect(0, &[]);
    let secret = token(&ground, "ada");
    let mut gateway = ground.command(&GATEWAY);
    gateway.env("FAR_KEY", KEY);
    let at_work = begun(gateway);
    let run = ["run", "median is wrong", "--check", CHECK, "--model", "far", "--account", "ada"];
    let mut run = ground.command(&run);
    let run = run.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    wait_for("the task to be asked", || server.requests().len() == 1);
    assert_eq!(chat(&at_work, &secret, "far").0, 200);
    // It is never answered, and ends all the same.
    Said::of(run.wait_with_output().unwrap()).expect(1, &[]);
    let shown = ground.tenfold(&["show", "1", "--json"]).json();
    assert_eq!((&shown["state"], &shown["outcome"]), (&json!("parked"), &json!("limit-money")));
    assert_eq!(chat(&at_work, &secret, "far").0, 429);
    assert_eq!(interrupt(at_work.child).code, Some(130));
    assert!(nano_usd(&ground, "ada", "spent") > 3_000_000_000, "it is booked in full");
    never.open();
}

#[test]
fn accounts_are_renamed_moved_and_closed() {
    let ground = Ground::new();
    let said = |words: &[&str]| ground.tenfold(&[&["account"], words].concat());
    said(&["add", "lab", "--kind", "team", "--limit", LITTLE]).expect(0, &[]);
    said(&["add", "ada"]).expect(0, &["ada (person, #3)"]);
    said(&["rename", "ada", "countess"]).expect(0, &["countess (person, #3)"]);
    said(&["move", "countess", "--under", "lab"]).expect(0, &["lab/countess (person, #3)"]);
    said(&["move", "lab", "--under", "countess"]).expect(6, &["is itself or below it"]);
    let run = ["run", "median is wrong", "--check", CHECK, "--account", "countess"];
    let short = "Out of money: account 'lab' may use $0.000001 in all";
    ground.tenfold(&run).expect(1, &[short]);
    said(&["close", "lab"]).expect(0, &["closed"]);
    said(&["token", "countess"]).expect(6, &["account 'lab' was closed", "name another"]);
    said(&["close", "default"]).expect(6, &["is above all others"]);
    said(&["history", "countess"])
        .expect(0, &["'ada' is now called 'countess'", "countess moved below lab"]);
    said(&["history", "lab"]).expect(0, &["closed"]);
    ground.tenfold(&["store", "check"]).expect(0, &[]);
}
